//! How long connections live, how many an address may have, and that all of it is counted.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use weft_ingress::{Config, Cut, Limits, Refusal, RouteGuard, Stats};
use weft_testkit::until;

use crate::support::{Server, frames, get, ok, read, read_to_end, target, text, within};

const SOON: Duration = Duration::from_millis(50);
const NEVER: Duration = Duration::from_secs(3600);

async fn serve(limits: Limits) -> (Server, RouteGuard, Arc<Stats>) {
    let stats = Arc::new(Stats::default());
    let config = Config {
        limits,
        stats: Arc::clone(&stats),
        ..Config::default()
    };
    let hello = target(|_| async { ok(text("hello")) });
    let (server, route) = Server::with_config(hello, config).await;
    (server, route, stats)
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// A connection that has had one answer.
async fn served(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        assert_ne!(within(stream.read_buf(&mut answer)).await.unwrap(), 0);
    }
    stream
}

#[tokio::test]
async fn the_idle_time_is_not_the_time_for_a_head() {
    let limits = Limits {
        header_read_timeout: SOON,
        idle_timeout: NEVER,
        ..Limits::default()
    };
    let (server, _route, stats) = serve(limits).await;
    let mut kept = served(&server).await;
    // A silent connection lasts as long as the header timeout, and is younger than the kept one.
    let mut silent = TcpStream::connect(server.addr).await.unwrap();
    assert_eq!(read_to_end(&mut silent).await, "");
    kept.write_all(REQUEST).await.unwrap();
    let mut answer = [0; 12];
    within(kept.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(stats.cut(Cut::HeaderTimeout), 1);
    assert_eq!(stats.cut(Cut::Idle), 0);
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_the_idle_time() {
    let limits = Limits {
        idle_timeout: SOON,
        ..Limits::default()
    };
    let (server, _route, stats) = serve(limits).await;
    assert_eq!(read_to_end(&mut served(&server).await).await, "");
    let mut client = server.h2().await;
    let response = within(client.send_request(get("http://a/"))).await.unwrap();
    assert_eq!(read(response).await.0, StatusCode::OK);
    until(|| client.is_closed()).await;
    assert_eq!(stats.cut(Cut::Idle), 2);
    assert_eq!(stats.cut(Cut::HeaderTimeout), 0);
}

#[tokio::test]
async fn a_second_head_has_as_long_as_the_first() {
    let limits = Limits {
        header_read_timeout: SOON,
        idle_timeout: NEVER,
        ..Limits::default()
    };
    let (server, _route, stats) = serve(limits).await;
    let mut stream = served(&server).await;
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(read_to_end(&mut stream).await, "");
    assert_eq!(stats.cut(Cut::HeaderTimeout), 1);
}

#[tokio::test]
async fn http2_without_a_request_is_told_to_go_away_after_the_header_time() {
    let limits = Limits {
        header_read_timeout: SOON,
        ..Limits::default()
    };
    let (server, _route, stats) = serve(limits).await;
    let mut stream = frames::connect(&server, &[]).await;
    assert_eq!(frames::goodbye(&mut stream).await, Some(0));
    assert_eq!(stats.cut(Cut::HeaderTimeout), 1);
}

#[tokio::test]
async fn an_address_has_only_so_many_connections() {
    let limits = Limits {
        max_connections_per_peer: 2,
        ..Limits::default()
    };
    let (server, _route, stats) = serve(limits).await;
    let (first, _second) = (served(&server).await, served(&server).await);
    let mut third = TcpStream::connect(server.addr).await.unwrap();
    assert_eq!(read_to_end(&mut third).await, "");
    assert_eq!(stats.refused(Refusal::PeerLimit), 1);
    drop(first);
    until(|| stats.open() == 1).await;
    served(&server).await;
}

/// Other systems have only one address of their own without being told.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_address_at_its_limit_does_not_hinder_another() {
    let limits = Limits {
        max_connections_per_peer: 1,
        ..Limits::default()
    };
    let (server, _route, _stats) = serve(limits).await;
    let _first = served(&server).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(server.addr).await.unwrap();
    other.write_all(REQUEST).await.unwrap();
    let mut answer = [0; 12];
    within(other.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn connections_are_counted_while_they_are_open() {
    let (server, _route, stats) = serve(Limits::default()).await;
    let (first, second) = (served(&server).await, served(&server).await);
    assert_eq!((stats.open(), stats.accepted()), (2, 2));
    drop((first, second));
    until(|| stats.open() == 0).await;
    assert_eq!(stats.accepted(), 2);
    assert_eq!(stats.accept_errors(), 0);
}

#[tokio::test]
async fn a_connection_whose_other_half_is_closed_gives_its_place_back() {
    let (server, _route, stats) = serve(Limits::default()).await;
    for bytes in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        read_to_end(&mut stream).await;
    }
    until(|| stats.open() == 0 && stats.accepted() == 3).await;
}

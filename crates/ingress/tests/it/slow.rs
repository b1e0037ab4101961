//! Clients that are slow or silent delay nobody, and do not stay for ever.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use weft_ingress::{Config, Limits};

use crate::support::{Server, get, ok, read, read_to_end, target, text, within};

fn config(max_connections: usize, header_read_timeout: Duration) -> Config {
    let limits = Limits {
        max_connections,
        header_read_timeout,
        idle_timeout: header_read_timeout,
        ..Limits::default()
    };
    Config {
        limits,
        ..Config::default()
    }
}

async fn server(config: Config) -> (Server, weft_ingress::RouteGuard) {
    Server::with_config(target(|_| async { ok(text("hello")) }), config).await
}

/// What a client may stop after: nothing, the start of HTTP/2's greeting, that greeting, part of a head.
const UNFINISHED: [&str; 4] = [
    "",
    "P",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\nx-slow: ",
];

async fn unfinished(server: &Server, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn clients_that_send_nothing_or_half_a_head_delay_no_other() {
    let (server, _route) = server(Config::default()).await;
    let mut slow = Vec::new();
    for bytes in UNFINISHED.repeat(5) {
        slow.push(unfinished(&server, bytes).await);
    }
    let response = within(server.h1().await.send_request(get("/")))
        .await
        .unwrap();
    assert_eq!(read(response).await.0, StatusCode::OK);
    let response = within(server.h2().await.send_request(get("http://a/")))
        .await
        .unwrap();
    assert_eq!(read(response).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed_after_the_header_timeout() {
    let (server, _route) = server(config(100, Duration::from_millis(50))).await;
    for bytes in UNFINISHED {
        let mut stream = unfinished(&server, bytes).await;
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains("200 OK"), "after {bytes:?}: {answer}");
    }
}

#[tokio::test]
async fn a_kept_alive_connection_is_closed_when_no_request_follows() {
    let (server, _route) = server(config(100, Duration::from_millis(50))).await;
    let mut stream = unfinished(&server, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
}

#[tokio::test]
async fn a_silent_client_gives_its_place_back() {
    let (server, _route) = server(config(1, Duration::from_millis(50))).await;
    let _silent = unfinished(&server, "").await;
    let response = within(server.h1().await.send_request(get("/")))
        .await
        .unwrap();
    assert_eq!(read(response).await.1, "hello");
}

#[tokio::test]
async fn a_request_that_takes_longer_than_the_header_timeout_is_left_alone() {
    let gate = Arc::new(Semaphore::new(0));
    let opener = Arc::clone(&gate);
    let slow = target(move |_| {
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.unwrap().forget();
            ok(text("at last"))
        }
    });
    let (server, _route) = Server::with_config(slow, config(10, Duration::from_millis(20))).await;
    let (mut h1, mut h2) = (server.h1().await, server.h2().await);
    let requests = [
        tokio::spawn(h1.send_request(get("/"))),
        tokio::spawn(h2.send_request(get("http://a/"))),
    ];
    for _ in 0..5 {
        // Each silent connection lasts as long as the header timeout, and is younger than the requests.
        read_to_end(&mut unfinished(&server, "").await).await;
    }
    opener.add_permits(2);
    for request in requests {
        let response = within(request).await.unwrap().unwrap();
        assert_eq!(read(response).await.1, "at last");
    }
}

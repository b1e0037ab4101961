//! Clients that send or read as little as they can.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use weft_ingress::{Cut, Limits, Tls};
use weft_testkit::until;

use super::Scene;
use crate::support::{certificates::Authority, frames, lines, neighbour::Neighbour, within};

/// A head that never ends, one byte after the other, until the server has had enough.
async fn trickle(mut stream: TcpStream) {
    let head = b"GET / HTTP/1.1\r\nhost: a\r\nx-slow: ";
    let forever = std::iter::repeat(&b'x');
    for byte in head.iter().chain(forever) {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn heads_that_come_byte_by_byte_are_cut_and_nobody_waits_for_them() {
    const MANY: usize = 50;
    let scene = Scene::with(Limits {
        header_read_timeout: Duration::from_millis(200),
        idle_timeout: Duration::from_secs(3600),
        ..Limits::default()
    })
    .await;
    let neighbour = Neighbour::beside(&scene.server).await;
    let mut slow = JoinSet::new();
    for _ in 0..MANY {
        let stream = TcpStream::connect(scene.server.addr).await.unwrap();
        slow.spawn(trickle(stream));
    }
    neighbour.more().await;
    within(slow.join_all()).await;
    assert_eq!(scene.stats.cut(Cut::HeaderTimeout), MANY as u64);
    neighbour.was_served().await;
}

fn impatient() -> Limits {
    Limits {
        write_stall_timeout: Duration::from_millis(200),
        ..Limits::default()
    }
}

#[tokio::test]
async fn an_http1_client_that_never_reads_loses_its_connection_and_its_request() {
    let mut scene = Scene::with(impatient()).await;
    let neighbour = Neighbour::beside(&scene.server).await;
    let mut lines = lines::of("never-reads");
    let mut stream = TcpStream::connect(scene.server.addr).await.unwrap();
    stream
        .write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\nx-request-id: never-reads\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(within(scene.events.recv()).await, Some("called"));
    assert_eq!(within(scene.events.recv()).await, Some("dropped"));
    until(|| scene.stats.cut(Cut::WriteStall) == 1).await;
    let line = lines.next().await;
    assert_eq!(
        (&*line["status"], &*line["code"]),
        ("200", "client-stalled"),
        "the log does not say that the client left"
    );
    neighbour.was_served().await;
    drop(stream);
}

#[tokio::test]
async fn a_client_that_never_reads_over_tls_loses_its_connection_and_its_request() {
    let authority = Authority::new();
    let files = authority.tls_files(&["a.example"]);
    let tls = Tls::load(files, Arc::default()).await.unwrap();
    let mut scene = Scene::over(impatient(), Some(tls)).await;
    let client = authority.client();
    let connection = client.connect(scene.server.addr, "a.example");
    let mut stream = connection.await.unwrap();
    stream
        .write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(within(scene.events.recv()).await, Some("called"));
    assert_eq!(within(scene.events.recv()).await, Some("dropped"));
    until(|| scene.stats.cut(Cut::WriteStall) == 1).await;
    assert!(client.get(scene.server.addr, "a.example").await.is_some());
}

#[tokio::test]
async fn an_http2_client_that_never_reads_loses_its_connection_and_its_requests() {
    const INITIAL_WINDOW_SIZE: u16 = 4;
    const MAX: u32 = i32::MAX.unsigned_abs();
    let mut scene = Scene::with(impatient()).await;
    let neighbour = Neighbour::beside(&scene.server).await;
    // Windows as large as they go: it is the socket that does not take more, not HTTP/2.
    let mut stream = frames::connect(&scene.server, &[(INITIAL_WINDOW_SIZE, MAX)]).await;
    let more = (MAX - 65_535).to_be_bytes();
    let mut path = vec![0x82, 0x86, 0x04, 8];
    path.extend(b"/endless");
    path.extend([0x01, 1, b'a']);
    let bytes = [
        frames::frame(frames::WINDOW_UPDATE, 0, 0, &more),
        frames::frame(
            frames::HEADERS,
            frames::END_HEADERS | frames::END_STREAM,
            1,
            &path,
        ),
    ];
    stream.write_all(&bytes.concat()).await.unwrap();
    assert_eq!(within(scene.events.recv()).await, Some("called"));
    assert_eq!(within(scene.events.recv()).await, Some("dropped"));
    until(|| scene.stats.cut(Cut::WriteStall) == 1).await;
    neighbour.was_served().await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_but_steadily_is_left_alone() {
    let stall = Duration::from_millis(500);
    let mut scene = Scene::with(Limits {
        write_stall_timeout: stall,
        ..Limits::default()
    })
    .await;
    let mut stream = TcpStream::connect(scene.server.addr).await.unwrap();
    stream
        .write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(within(scene.events.recv()).await, Some("called"));
    let start = Instant::now();
    let mut buffer = vec![0; 1024 * 1024];
    while start.elapsed() < stall * 3 {
        // Enough at once that the kernels tell each other about the room.
        within(stream.read_exact(&mut buffer)).await.unwrap();
        sleep(stall / 10).await;
    }
    assert_eq!(scene.stats.cut(Cut::WriteStall), 0);
    assert!(scene.events.try_recv().is_err(), "the response goes on");
}

//! A client that leaves cancels its request: the target's future, or the response's body, is dropped.

use std::sync::Arc;

use http::Request;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use weft_ingress::{Body, Target};

use crate::support::{DropSignal, Server, chunk, fed_body, get_with_id, lines, ok, target, within};

/// A target that never answers, and what happens to its futures.
fn hangs() -> (Arc<dyn Target>, mpsc::UnboundedReceiver<&'static str>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let target = target(move |_: Request<Body>| {
        let sender = sender.clone();
        async move {
            sender.send("called").unwrap();
            let _signal = DropSignal(sender);
            std::future::pending().await
        }
    });
    (target, receiver)
}

#[tokio::test]
async fn an_http1_client_that_leaves_cancels_the_target() {
    let (target, mut events) = hangs();
    let (server, _route) = Server::with(target).await;
    let mut lines = lines::of("gone-h1");
    let mut client = TcpStream::connect(server.addr).await.unwrap();
    client
        .write_all(b"GET /x?secret HTTP/1.1\r\nhost: a\r\nx-request-id: gone-h1\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(within(events.recv()).await, Some("called"));
    drop(client);
    assert_eq!(within(events.recv()).await, Some("dropped"));
    let line = lines.next().await;
    assert_eq!(line["status"], "499");
    assert_eq!(line["blame"], "network");
    assert_eq!(line["detail"], "the client left before the response");
    assert!(!lines.has_more());
}

#[tokio::test]
async fn an_http2_client_that_resets_its_stream_cancels_the_target() {
    let (target, mut events) = hangs();
    let (server, _route) = Server::with(target).await;
    let mut client = server.h2().await;
    let mut lines = lines::of("gone-h2");
    let request = get_with_id("http://a/", "gone-h2");
    let response = tokio::spawn(client.send_request(request));
    assert_eq!(within(events.recv()).await, Some("called"));
    response.abort();
    assert_eq!(within(events.recv()).await, Some("dropped"));
    assert_eq!(lines.next().await["status"], "499");
}

#[tokio::test]
async fn a_client_that_leaves_during_the_body_drops_the_body() {
    let (feed, body) = fed_body();
    let body = std::sync::Mutex::new(Some(body));
    let answer = target(move |_: Request<Body>| {
        let body = body.lock().unwrap().take().unwrap();
        async { ok(body) }
    });
    let (server, _route) = Server::with(answer).await;
    let mut client = server.h1().await;
    let mut lines = lines::of("gone-body");
    let request = get_with_id("/", "gone-body");
    feed.send(Ok("first".into())).unwrap();
    let mut body = within(client.send_request(request))
        .await
        .unwrap()
        .into_body();
    assert_eq!(chunk(&mut body).await, "first");
    drop((body, client));
    within(feed.closed()).await;
    let line = lines.next().await;
    assert_eq!(line["status"], "200");
    assert_eq!(line["bytes"], "5");
    assert_eq!(line["detail"], "the client left during the response's body");
}

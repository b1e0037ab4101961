//! The end of a server: what is in flight finishes or is cut, and nothing new comes in.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use weft_ingress::{Body, Config, Drained, Limits, Target};

use crate::support::{DropSignal, Server, get, get_with_id, lines, ok, read, target, text, within};

/// A target that answers when it is let.
fn gated() -> (
    Arc<dyn Target>,
    mpsc::UnboundedReceiver<&'static str>,
    Arc<Semaphore>,
) {
    let (sender, events) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    let opener = Arc::clone(&gate);
    let target = target(move |_: Request<Body>| {
        let (sender, gate) = (sender.clone(), Arc::clone(&gate));
        async move {
            sender.send("called").unwrap();
            let _signal = DropSignal(sender);
            gate.acquire().await.unwrap().forget();
            ok(text("finished"))
        }
    });
    (target, events, opener)
}

fn drain_limit(drain_timeout: Duration) -> Config {
    let limits = Limits {
        drain_timeout,
        ..Limits::default()
    };
    Config {
        limits,
        ..Config::default()
    }
}

async fn refuses_connections(server: &Server) {
    within(async {
        // A connection that the kernel took just before the listener closed gets through this; the next ones do not.
        while TcpStream::connect(server.addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_drain_finishes_what_is_in_flight_and_refuses_new_connections() {
    let (target, mut events, gate) = gated();
    let (server, _route) = Server::with(target).await;
    let (mut h1, mut h2, mut idle) = (server.h1().await, server.h2().await, server.h1().await);
    let first = tokio::spawn(h1.send_request(get("/")));
    let second = tokio::spawn(h2.send_request(get("http://a/")));
    for _ in 0..2 {
        assert_eq!(within(events.recv()).await, Some("called"));
    }
    server.shutdown.cancel();
    refuses_connections(&server).await;
    while within(idle.ready()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    gate.add_permits(2);
    for response in [first, second] {
        let response = within(response).await.unwrap().unwrap();
        assert_eq!(
            read(response).await,
            (StatusCode::OK, "finished".to_owned())
        );
    }
    assert_eq!(server.drained().await, Drained::default());
}

#[tokio::test]
async fn a_drain_cuts_what_does_not_finish_in_time() {
    let (target, mut events, _gate) = gated();
    let (server, _route) =
        Server::with_config(target, drain_limit(Duration::from_millis(50))).await;
    let (mut h1, mut h2) = (server.h1().await, server.h2().await);
    let mut lines = ["cut-h1", "cut-h2"].map(lines::of);
    let first = tokio::spawn(h1.send_request(get_with_id("/", "cut-h1")));
    let second = tokio::spawn(h2.send_request(get_with_id("http://a/", "cut-h2")));
    for _ in 0..2 {
        assert_eq!(within(events.recv()).await, Some("called"));
    }
    server.shutdown.cancel();
    let drained = server.drained().await;
    assert_eq!(
        drained,
        Drained {
            cut_requests: 2,
            cut_connections: 2
        }
    );
    for lines in &mut lines {
        let line = lines.next().await;
        assert_eq!(line["status"], "503");
        assert_eq!(line["blame"], "host");
        assert_eq!(line["detail"], "cut when the drain limit passed");
    }
    for _ in 0..2 {
        assert_eq!(within(events.recv()).await, Some("dropped"));
    }
    assert!(within(first).await.unwrap().is_err());
    assert!(within(second).await.unwrap().is_err());
}

#[tokio::test]
async fn an_idle_server_drains_at_once() {
    let (target, _events, _gate) = gated();
    let (server, _route) =
        Server::with_config(target, drain_limit(Duration::from_secs(3600))).await;
    let _silent = TcpStream::connect(server.addr).await.unwrap();
    let _idle = (server.h1().await, server.h2().await);
    server.shutdown.cancel();
    assert_eq!(server.drained().await, Drained::default());
}

#[tokio::test]
async fn dropping_the_server_cuts_everything() {
    let (target, mut events, _gate) = gated();
    let (server, _route) = Server::with(target).await;
    let (mut h1, mut h2) = (server.h1().await, server.h2().await);
    let _requests = (
        tokio::spawn(h1.send_request(get("/"))),
        tokio::spawn(h2.send_request(get("http://a/"))),
    );
    for _ in 0..2 {
        assert_eq!(within(events.recv()).await, Some("called"));
    }
    drop(server);
    for _ in 0..2 {
        assert_eq!(within(events.recv()).await, Some("dropped"));
    }
}

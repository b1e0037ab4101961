//! The well-behaved client beside a hostile one: every request of it must succeed, all the time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use weft_testkit::until;

use super::{Server, get, read, within};

/// What the neighbour asks for often enough to notice a pause.
const PACE: Duration = Duration::from_millis(1);
/// At least this many requests of each protocol are made while the hostile client is there.
const ENOUGH: u64 = 20;

/// Requests over HTTP/1.1, HTTP/2, and a new connection each time, until it is asked how it went.
pub(crate) struct Neighbour {
    served: [Arc<AtomicU64>; 3],
    tasks: [JoinHandle<()>; 3],
}

impl Neighbour {
    /// Begins. Its workload has to answer `GET /` with `hello`.
    pub(crate) async fn beside(server: &Server) -> Self {
        Self::at(server.addr).await
    }

    pub(crate) async fn at(addr: SocketAddr) -> Self {
        let served: [Arc<AtomicU64>; 3] = Default::default();
        let [h1, h2, fresh] = served.clone();
        let tasks = [
            tokio::spawn(over_http1(addr, h1)),
            tokio::spawn(over_http2(addr, h2)),
            tokio::spawn(over_new_connections(addr, fresh)),
        ];
        let neighbour = Self { served, tasks };
        neighbour.more().await;
        neighbour
    }

    /// Waits until a few more requests of each kind were served. Fails the test if one was not.
    pub(crate) async fn more(&self) {
        for (served, task) in self.served.iter().zip(&self.tasks) {
            let goal = served.load(Ordering::Relaxed) + ENOUGH;
            until(|| task.is_finished() || served.load(Ordering::Relaxed) >= goal).await;
            assert!(!task.is_finished(), "a request of the neighbour failed");
        }
    }

    /// The end of the test: the neighbour was and is served.
    pub(crate) async fn was_served(self) {
        self.more().await;
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn over_http1(addr: SocketAddr, served: Arc<AtomicU64>) {
    let mut client = h1(addr).await;
    loop {
        within(client.ready()).await.unwrap();
        let response = within(client.send_request(get("/"))).await.unwrap();
        expect_hello(&read(response).await);
        pause_after(&served).await;
    }
}

async fn over_http2(addr: SocketAddr, served: Arc<AtomicU64>) {
    let io = TokioIo::new(TcpStream::connect(addr).await.unwrap());
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    loop {
        let response = within(client.send_request(get("http://a/"))).await.unwrap();
        expect_hello(&read(response).await);
        pause_after(&served).await;
    }
}

async fn over_new_connections(addr: SocketAddr, served: Arc<AtomicU64>) {
    loop {
        let response = within(h1(addr).await.send_request(get("/"))).await.unwrap();
        expect_hello(&read(response).await);
        pause_after(&served).await;
    }
}

async fn h1(addr: SocketAddr) -> http1::SendRequest<weft_ingress::Body> {
    let stream = within(TcpStream::connect(addr)).await.unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn expect_hello((status, body): &(StatusCode, String)) {
    assert_eq!((*status, body.as_str()), (StatusCode::OK, "hello"));
}

async fn pause_after(served: &AtomicU64) {
    served.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(PACE).await;
}

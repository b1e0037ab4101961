//! The page of another process: whether it is there, and what is sent to it. What is sent waits in a short queue; what
//! finds no room there is lost, since nobody may wait for a page.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use prost::Message;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::intake::MESSAGE_MAX;
use crate::store::workloads::Report;

/// How long the other one may take. It answers from memory.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer.
const ANSWER_MAX: usize = 1 << 20;
/// Messages that wait. A batch of spans is one.
const WAITING_MAX: usize = 32;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Puts messages into the queue.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    addr: SocketAddr,
    queue: mpsc::Sender<(&'static str, Bytes)>,
}

/// What waits to be sent.
#[derive(Debug)]
pub(super) struct Queue {
    addr: SocketAddr,
    waiting: mpsc::Receiver<(&'static str, Bytes)>,
}

/// A way to the viewer at an address.
pub(super) fn channel(addr: SocketAddr) -> (Sender, Queue) {
    let (queue, waiting) = mpsc::channel(WAITING_MAX);
    (Sender { addr, queue }, Queue { addr, waiting })
}

impl Sender {
    /// Has a message sent, if there is room for it.
    pub(super) fn send(&self, path: &'static str, message: &impl Message) {
        let Ok(place) = self.queue.try_reserve() else {
            return;
        };
        if message.encoded_len() <= MESSAGE_MAX {
            place.send((path, message.encode_to_vec().into()));
        }
    }

    /// Tells of workloads. False if nobody takes it.
    pub(super) async fn report(&self, report: &Report) -> bool {
        // Strings, numbers and lists of them always serialise.
        let body = serde_json::to_vec(report).unwrap_or_default();
        let sent = ask(
            self.addr,
            Method::POST,
            "/api/workloads",
            "application/json",
            body.into(),
        );
        sent.await.is_ok()
    }
}

impl Queue {
    /// Sends what comes, one after the other, until nothing can come any more.
    pub(super) async fn send_all(mut self) {
        while let Some((path, body)) = self.waiting.recv().await {
            let sent = ask(
                self.addr,
                Method::POST,
                path,
                "application/x-protobuf",
                body,
            );
            if let Err(error) = sent.await {
                tracing::debug!(%error, "the viewer of another process did not take a message");
            }
        }
    }
}

/// Whether a viewer listens at an address. One that is just starting has its port already and answers in a moment.
pub(super) async fn is_viewer(addr: SocketAddr) -> bool {
    let said = ask(addr, Method::GET, "/api/state", "", Bytes::new()).await;
    let said: Option<Value> = said
        .ok()
        .and_then(|said| serde_json::from_slice(&said).ok());
    said.is_some_and(|said| said.get("viewer").is_some_and(|viewer| viewer == "weft"))
}

async fn ask(
    addr: SocketAddr,
    method: Method,
    path: &str,
    content_type: &str,
    body: Bytes,
) -> Result<Bytes, BoxError> {
    let answer = async {
        let stream = TcpStream::connect(addr).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", addr.to_string())
            .header("content-type", content_type)
            .body(Full::new(body))?;
        let exchange = async {
            let answer = sender.send_request(request).await?;
            if !answer.status().is_success() {
                return Err(BoxError::from(format!("answered {}", answer.status())));
            }
            let body = Limited::new(answer.into_body(), ANSWER_MAX)
                .collect()
                .await?;
            Ok(body.to_bytes())
        };
        tokio::select! {
            answer = exchange => answer,
            _ = connection => Err("the connection ended".into()),
        }
    };
    timeout(PATIENCE, answer).await?
}

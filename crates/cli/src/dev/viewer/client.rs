//! Sends to a viewer that another process serves. What there is no room for, or that nobody takes, is lost: nothing here
//! may wait for it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use weft_viewer::Report;

/// How long the other one may take. It answers from memory.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer.
const ANSWER_MAX: usize = 1 << 20;
/// Sends to one viewer.
#[derive(Clone, Debug)]
pub(super) struct Client {
    addr: SocketAddr,
}

impl Client {
    pub(super) fn start(addr: SocketAddr) -> Self {
        Self { addr }
    }

    /// Tells of workloads. False if nobody takes it.
    pub(super) async fn report(&self, report: &Report) -> bool {
        let Ok(body) = serde_json::to_vec(report) else {
            return true;
        };
        let sent = ask(self.addr, Method::POST, "/api/workloads", "application/json", body).await;
        sent.is_ok()
    }
}

/// Whether a viewer listens at an address. One that is just starting has its port already and answers in a moment.
pub(super) async fn is_viewer(addr: SocketAddr) -> bool {
    let said = ask(addr, Method::GET, "/api/state", "", Vec::new()).await;
    let said = said.ok().and_then(|said| serde_json::from_slice(&said).ok());
    said.is_some_and(|said: serde_json::Value| said.get("viewer").is_some_and(|it| it == "weft"))
}

async fn ask(
    addr: SocketAddr,
    method: Method,
    path: &str,
    content_type: &str,
    body: Vec<u8>,
) -> anyhow::Result<Bytes> {
    timeout(PATIENCE, async {
        let stream = TcpStream::connect(addr).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", addr.to_string())
            .header("content-type", content_type)
            .body(Full::new(Bytes::from(body)))?;
        let answer = sender.send_request(request).await?;
        ensure!(answer.status().is_success(), "answered {}", answer.status());
        let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
        body.map(http_body_util::Collected::to_bytes)
            .map_err(|error| anyhow::anyhow!(error))
    })
    .await
    .context("no answer in time")?
}

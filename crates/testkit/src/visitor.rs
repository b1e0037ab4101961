//! A client that keeps its connection, and takes whatever a hostile guest may answer.

use std::net::SocketAddr;
use std::time::Duration;

use crate::client::{Body, BoxError, Reply, get};
use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long an answer may take. Longer than any time limit in these tests; a host that needs it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// There was no answer, or no end of it, within [`PATIENCE`].
#[derive(Debug)]
pub struct OutOfPatience;

impl std::fmt::Display for OutOfPatience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no answer within {} seconds", PATIENCE.as_secs())
    }
}

impl std::error::Error for OutOfPatience {}

/// One client of one host name.
pub struct Visitor {
    addr: SocketAddr,
    host: HeaderValue,
    connection: Option<SendRequest<Body>>,
}

impl Visitor {
    /// A client without a connection yet.
    pub fn new(addr: SocketAddr, host: &str) -> Self {
        Self {
            addr,
            host: HeaderValue::from_str(host).expect("a host name fits into a header"),
            connection: None,
        }
    }

    /// Closes the connection; the next request opens another.
    pub fn hang_up(&mut self) {
        self.connection = None;
    }

    /// A GET, read to its end.
    pub async fn get(&mut self, path: &str) -> Result<Reply, BoxError> {
        self.ask(get(path)).await
    }

    /// A request, read to the end of its answer.
    pub async fn ask(&mut self, request: Request<Body>) -> Result<Reply, BoxError> {
        let exchange = async {
            let (head, body) = self.send(request).await?.into_parts();
            let bytes: Bytes = body.collect().await?.to_bytes();
            Ok(Reply {
                status: head.status.as_u16(),
                headers: head.headers,
                text: String::from_utf8_lossy(&bytes).into_owned(),
            })
        };
        let reply = tokio::time::timeout(PATIENCE, exchange)
            .await
            .unwrap_or_else(|_| Err(OutOfPatience.into()));
        if reply.is_err() {
            self.hang_up();
        }
        reply
    }

    /// Sends a request; the answer as soon as its head is there.
    pub async fn send(
        &mut self,
        mut request: Request<Body>,
    ) -> Result<http::Response<Incoming>, BoxError> {
        let headers = request.headers_mut();
        headers.insert(http::header::HOST, self.host.clone());
        let mut connection = match self.still_open().await {
            Some(kept) => kept,
            None => self.connect().await?,
        };
        let response = connection.send_request(request).await?;
        self.connection = Some(connection);
        Ok(response)
    }

    async fn still_open(&mut self) -> Option<SendRequest<Body>> {
        let mut kept = self.connection.take()?;
        kept.ready().await.is_ok().then_some(kept)
    }

    async fn connect(&self) -> Result<SendRequest<Body>, BoxError> {
        let stream = TcpStream::connect(self.addr).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::Builder::new()
            .max_headers(100_000)
            .max_buf_size(64 << 20)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

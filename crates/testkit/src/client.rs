//! HTTP requests of a test: one connection each, bodies that are fed and read piece by piece.

use std::net::SocketAddr;

use bytes::Bytes;
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body as HttpBody, Frame};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::within;

/// What the body of a request or response can fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// Why there is no response, in words.
pub type Failed = hyper::Error;

/// Sends requests to one server, under one host name.
#[derive(Clone, Debug)]
pub struct Client {
    addr: SocketAddr,
    host: String,
}

/// A response that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

/// A response whose head has arrived.
pub struct Incoming<B> {
    /// Status and headers.
    pub head: http::response::Parts,
    body: B,
}

/// The sending end of a request's body. Dropping it ends the body.
pub struct Feed(mpsc::Sender<Result<Bytes, BoxError>>);

impl Client {
    /// A client that names the server by its address.
    pub fn new(addr: SocketAddr) -> Self {
        Self {
            addr,
            host: addr.to_string(),
        }
    }

    /// The same, but the requests are for this host name.
    #[must_use]
    pub fn host(mut self, name: &str) -> Self {
        name.clone_into(&mut self.host);
        self
    }

    /// A GET, read to the end of the response.
    pub async fn get(&self, path: &str) -> Result<Reply, Failed> {
        self.send(get(path)).await?.reply().await
    }

    /// A POST, read to the end of the response.
    pub async fn post(&self, path: &str, text: &str) -> Result<Reply, Failed> {
        let text = full(text.to_owned());
        self.send(post(path, text)).await?.reply().await
    }

    /// Sends a request and gives the response as soon as its head is there.
    pub async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<Incoming<hyper::body::Incoming>, Failed> {
        let host = self.host.parse().expect("a host name fits into a header");
        request
            .headers_mut()
            .entry(http::header::HOST)
            .or_insert(host);
        let stream = within(TcpStream::connect(self.addr))
            .await
            .expect("the server accepts connections");
        let (mut sender, connection) =
            within(hyper::client::conn::http1::handshake(TokioIo::new(stream))).await?;
        tokio::spawn(connection);
        within(sender.send_request(request))
            .await
            .map(Incoming::new)
    }
}

impl<B> Incoming<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    /// Takes a response.
    pub fn new(response: Response<B>) -> Self {
        let (head, body) = response.into_parts();
        Self { head, body }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The next piece of the body; none at its end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, B::Error> {
        loop {
            match within(self.body.frame()).await {
                None => return Ok(None),
                Some(frame) => match frame?.into_data() {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => return Ok(Some(bytes)),
                    Err(_) => {}
                },
            }
        }
    }

    /// The next `count` bytes of the body, however they are cut; fewer at its end.
    pub async fn exactly(&mut self, count: usize) -> Result<String, B::Error> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            match self.piece().await? {
                Some(piece) => bytes.extend_from_slice(&piece),
                None => break,
            }
        }
        Ok(text(&bytes))
    }

    /// Reads the rest.
    pub async fn reply(mut self) -> Result<Reply, B::Error> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(Reply {
            status: self.head.status.as_u16(),
            headers: self.head.headers,
            text: text(&bytes),
        })
    }
}

impl Feed {
    /// Sends a piece. It waits until the one before the last has been taken.
    pub async fn send(&mut self, piece: &str) {
        let piece = Bytes::from(piece.to_owned());
        within(self.0.send(Ok(piece)))
            .await
            .expect("the other end still reads the body");
    }

    /// Breaks the body off, as a connection does that is cut.
    pub async fn fail(mut self) {
        let cut = Err("the connection was cut".into());
        within(self.0.send(cut))
            .await
            .expect("the other end still reads the body");
    }
}

/// A GET without a body.
pub fn get(path: &str) -> Request<Body> {
    Request::get(path)
        .body(full(Bytes::new()))
        .expect("a valid target")
}

/// A POST.
pub fn post(path: &str, body: Body) -> Request<Body> {
    Request::post(path).body(body).expect("a valid target")
}

/// A body that is there as a whole.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A body that the test feeds.
pub fn fed() -> (Feed, Body) {
    let (sender, receiver) = mpsc::channel(0);
    let frames = receiver.map(|piece: Result<Bytes, BoxError>| piece.map(Frame::data));
    (Feed(sender), StreamBody::new(frames).boxed_unsync())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

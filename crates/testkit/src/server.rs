//! An HTTP server for guests to reach out to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::until;

/// A server on a free port of this machine. Dropping it closes the port.
///
/// A request with a body gets the body back while it arrives, another one `METHOD TARGET`; `/headers` gets its headers, a
/// line each. `/never` is not answered.
pub struct EchoServer {
    /// Where it listens.
    pub addr: SocketAddr,
    seen: Arc<Seen>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    connections: AtomicUsize,
    open: AtomicUsize,
}

/// Counts a connection for as long as it is open.
struct Open(Arc<Seen>);

impl EchoServer {
    /// Starts a server.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("this machine has a free port");
        let addr = listener.local_addr().expect("a listener has an address");
        let seen = Arc::new(Seen::default());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&seen)));
        Self {
            addr,
            seen,
            accepting,
        }
    }

    /// What a guest calls a path of it: the loopback of the machine has a name of its own there.
    pub fn url(&self, path: &str) -> String {
        format!("http://host.weft.internal:{}{path}", self.addr.port())
    }

    /// Its port, as an entry of `allowedHostLoopbackPorts`.
    pub fn port(&self) -> String {
        self.addr.port().to_string()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many requests have arrived.
    pub async fn requested(&self, times: usize) {
        until(|| self.seen.requests.load(Ordering::SeqCst) >= times).await;
    }

    /// Waits until every connection is closed.
    pub async fn deserted(&self) {
        until(|| self.seen.open.load(Ordering::SeqCst) == 0).await;
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Open {
    fn new(seen: &Arc<Seen>) -> Self {
        seen.connections.fetch_add(1, Ordering::SeqCst);
        seen.open.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(seen))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, seen: Arc<Seen>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Open::new(&seen)));
    }
}

async fn serve(stream: TcpStream, open: Open) {
    let answer = service_fn(|request: Request<Incoming>| {
        open.0.requests.fetch_add(1, Ordering::SeqCst);
        echo(request)
    });
    // A client that leaves early is part of some tests.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn echo(
    request: Request<Incoming>,
) -> Result<Response<UnsyncBoxBody<Bytes, hyper::Error>>, hyper::Error> {
    if request.uri().path() == "/never" {
        // Only a server that reads on hears that its client has left in the middle of a body.
        request.into_body().collect().await?;
        return std::future::pending().await;
    }
    let line = match request.uri().path() {
        "/headers" => headers(request.headers()),
        _ => format!("{} {}", request.method(), request.uri()),
    };
    let body = if request.body().is_end_stream() {
        Full::from(line)
            .map_err(|never| match never {})
            .boxed_unsync()
    } else {
        request.into_body().boxed_unsync()
    };
    Ok(Response::new(body))
}

fn headers(headers: &http::HeaderMap) -> String {
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    headers.iter().map(line).collect()
}

//! What the tests share: servers on a free port, clients, targets out of closures.

pub(crate) mod certificates;
pub(crate) mod child;
pub(crate) mod frames;
pub(crate) mod lines;
pub(crate) mod neighbour;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use weft_ingress::{
    Body, BoxError, Config, Drained, Fault, RouteGuard, RoutePattern, Routes, Target, listen, serve,
};

pub(crate) type Answer = Result<Response<Body>, Fault>;

/// A target that is a function.
pub(crate) struct Fake<F> {
    name: &'static str,
    answer: F,
}

impl<F, A> Target for Fake<F>
where
    F: Fn(Request<Body>) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    fn name(&self) -> &str {
        self.name
    }

    fn call(&self, request: Request<Body>) -> BoxFuture<'_, Answer> {
        Box::pin((self.answer)(request))
    }
}

/// A target named `t/w` that answers with `answer`.
pub(crate) fn target<F, A>(answer: F) -> Arc<dyn Target>
where
    F: Fn(Request<Body>) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    Arc::new(Fake {
        name: "t/w",
        answer,
    })
}

/// A server on a free port of this machine. Dropping it cuts everything.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) routes: Routes,
    pub(crate) shutdown: CancellationToken,
    task: JoinHandle<Drained>,
}

impl Server {
    pub(crate) async fn start(config: Config) -> Self {
        lines::install();
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = listener.local_addr().unwrap();
        let routes = Routes::new();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(listener, routes.clone(), config, shutdown.clone()));
        Self {
            addr,
            routes,
            shutdown,
            task,
        }
    }

    /// A server that sends every host name to one target.
    pub(crate) async fn with(target: Arc<dyn Target>) -> (Self, RouteGuard) {
        Self::with_config(target, Config::default()).await
    }

    pub(crate) async fn with_config(target: Arc<dyn Target>, config: Config) -> (Self, RouteGuard) {
        let server = Self::start(config).await;
        let guard = server.publish(&["*"], target);
        (server, guard)
    }

    pub(crate) fn publish(&self, hosts: &[&str], target: Arc<dyn Target>) -> RouteGuard {
        let patterns = hosts.iter().map(|host| route(host)).collect();
        let (tenant, workload) = ("t".parse().unwrap(), "w".parse().unwrap());
        self.routes
            .publish(tenant, workload, patterns, target)
            .unwrap()
    }

    /// Waits for the drain to end.
    pub(crate) async fn drained(mut self) -> Drained {
        within(&mut self.task).await.unwrap()
    }

    pub(crate) async fn h1(&self) -> http1::SendRequest<Body> {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    pub(crate) async fn h2(&self) -> http2::SendRequest<Body> {
        self.h2_with(&http2::Builder::new(TokioExecutor::new()))
            .await
    }

    /// An HTTP/2 client with settings of its own.
    pub(crate) async fn h2_with(
        &self,
        builder: &http2::Builder<TokioExecutor>,
    ) -> http2::SendRequest<Body> {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    /// Sends bytes on a connection of their own and reads until the server closes it.
    pub(crate) async fn raw(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A route as people write it: `example.com/api`.
pub(crate) fn route(text: &str) -> RoutePattern {
    let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
    let path = if path.is_empty() { "/" } else { path };
    RoutePattern {
        host: host.parse().unwrap(),
        path: path.parse().unwrap(),
    }
}

/// What a peer sent until it closed the connection, in whichever way.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset after the last byte loses nothing that was read.
    let _ = within(stream.read_to_end(&mut bytes)).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Fails a test that would otherwise hang.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future)
        .await
        .expect("this should have happened long ago")
}

pub(crate) fn empty() -> Body {
    text("")
}

pub(crate) fn text(text: impl Into<Bytes>) -> Body {
    Full::new(text.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

pub(crate) fn ok(body: Body) -> Answer {
    Ok(Response::new(body))
}

/// What a test feeds a body with.
pub(crate) type Feed = mpsc::UnboundedSender<Result<Bytes, BoxError>>;

/// A body that a test feeds frame by frame.
pub(crate) fn fed_body() -> (Feed, Body) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<Result<Bytes, BoxError>>();
    let frames = futures::stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let frames = futures::StreamExt::map(frames, |chunk| chunk.map(Frame::data));
    (sender, StreamBody::new(frames).boxed_unsync())
}

/// A request for `test.example`, unless the URI names another host as HTTP/2 needs it.
pub(crate) fn get(uri: &str) -> Request<Body> {
    let request = Request::get(uri);
    let request = match uri.starts_with('/') {
        true => request.header("host", "test.example"),
        false => request,
    };
    request.body(empty()).unwrap()
}

/// The same, with an id to find its log line by.
pub(crate) fn get_with_id(uri: &str, id: &str) -> Request<Body> {
    let mut request = get(uri);
    request
        .headers_mut()
        .insert("x-request-id", id.parse().unwrap());
    request
}

pub(crate) async fn read(response: Response<Incoming>) -> (StatusCode, String) {
    let status = response.status();
    let bytes = within(response.into_body().collect())
        .await
        .unwrap()
        .to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// The next chunk of a body.
pub(crate) async fn chunk(body: &mut Incoming) -> Bytes {
    within(body.frame())
        .await
        .unwrap()
        .unwrap()
        .into_data()
        .unwrap()
}

/// Tells a test when it is dropped.
pub(crate) struct DropSignal(pub(crate) mpsc::UnboundedSender<&'static str>);

impl Drop for DropSignal {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

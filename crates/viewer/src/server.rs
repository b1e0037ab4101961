//! The listener: HTTP/1.1 and HTTP/2 on one port, told apart by their first bytes. The page, what it asks for, and OTLP.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};

use crate::intake::{self, Intake};
use crate::store::Store;
use crate::{api, guard, page};

/// Connections that are open at once. Others wait.
const CONNECTIONS_MAX: usize = 128;
/// From the first byte of a request to the end of its head, and from the opening of a connection to its first request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// From the head of a request to the end of its body.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(20);
/// Requests at once on one connection of HTTP/2.
const STREAMS_MAX: u32 = 64;
/// How long to leave the listener alone after it could not accept a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The page runs its own scripts alone, asks this server alone, and can make no markup of text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// An answer of any of our modules.
pub(crate) type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Why there is no viewer at an address.
#[derive(Debug)]
pub enum Refused {
    /// Others could reach it, and it shows everything.
    NotLoopback(SocketAddr),
    /// What the system says.
    Listen(SocketAddr, io::Error),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotLoopback(addr) => write!(
                f,
                "the viewer shows everything to whoever reaches it, so {addr} has to be an address of the loopback, as 127.0.0.1:4318"
            ),
            Self::Listen(addr, why) => write!(f, "the viewer cannot listen on {addr}: {why}"),
        }
    }
}

impl std::error::Error for Refused {}

/// A listener that is open and not served yet.
#[derive(Debug)]
pub struct Viewer {
    listener: std::net::TcpListener,
    /// Where it listens.
    pub addr: SocketAddr,
}

impl Viewer {
    /// Opens the listener.
    ///
    /// # Errors
    /// When the address is not of the loopback, or nothing can listen there.
    pub fn open(addr: SocketAddr) -> Result<Self, Refused> {
        if !addr.ip().is_loopback() {
            return Err(Refused::NotLoopback(addr));
        }
        let failed = |error| Refused::Listen(addr, error);
        let listener = std::net::TcpListener::bind(addr).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, addr })
    }
}

/// Serves a viewer until this is dropped. Has to be polled within a tokio runtime.
///
/// # Errors
/// When the runtime cannot take the listener.
pub async fn serve(viewer: Viewer, store: Arc<Store>) -> io::Result<()> {
    let listener = TcpListener::from_std(viewer.listener)?;
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let intake = Arc::new(Intake::default());
    // Dropped with this future, and all connections with it.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return Ok(());
        };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let (store, intake) = (Arc::clone(&store), Arc::clone(&intake));
                connections.spawn(async move {
                    connection(stream, store, intake).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the viewer cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, store: Arc<Store>, intake: Arc<Intake>) {
    // Small answers, and events, go out at once.
    let _ = stream.set_nodelay(true);
    let heard = Arc::new(Notify::new());
    let first = Arc::clone(&heard);
    let service = service_fn(move |request: Request<Incoming>| {
        heard.notify_one();
        let (store, intake) = (Arc::clone(&store), Arc::clone(&intake));
        async move { Ok::<_, Infallible>(answer(&store, &intake, request).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(64 << 10)
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(64 << 10);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    // The time limits of HTTP begin when its version is known; who never says a word has this one.
    let silence = async {
        if timeout(HEADER_TIMEOUT, first.notified()).await.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = serving => {
            if let Err(error) = served {
                tracing::debug!(%error, "a connection to the viewer failed");
            }
        }
        () = silence => tracing::debug!("a connection to the viewer has sent no request"),
    }
}

/// The answer to one request.
async fn answer(store: &Arc<Store>, intake: &Intake, request: Request<Incoming>) -> Answer {
    let mut answer = match guard::check(&request) {
        Err(refusal) => words(StatusCode::FORBIDDEN, refusal),
        Ok(()) => route(store, intake, request).await,
    };
    let headers = answer.headers_mut();
    let own = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in own {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

async fn route(store: &Arc<Store>, intake: &Intake, request: Request<Incoming>) -> Answer {
    let path = request.uri().path();
    if let Some(signal) = intake::route(request.method(), path) {
        return intake.answer(store, request, signal).await;
    }
    if path.starts_with("/api/") {
        return api::answer(store, intake, request).await;
    }
    let Some((content_type, text)) = page::file(path) else {
        return words(StatusCode::NOT_FOUND, "there is no such page");
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return not_allowed("GET, HEAD");
    }
    let mut response = Response::new(full(text));
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// A body that is there as a whole.
pub(crate) fn full(bytes: impl Into<Bytes>) -> UnsyncBoxBody<Bytes, Infallible> {
    Full::new(bytes.into()).boxed_unsync()
}

/// A refusal, in words for a person.
pub(crate) fn words(status: StatusCode, words: &str) -> Answer {
    let mut response = Response::new(full(format!("{words}\n")));
    *response.status_mut() = status;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

/// Another method would be answered.
pub(crate) fn not_allowed(methods: &'static str) -> Answer {
    let mut response = words(
        StatusCode::METHOD_NOT_ALLOWED,
        "this method means nothing here",
    );
    let methods = HeaderValue::from_static(methods);
    response.headers_mut().insert(ALLOW, methods);
    response
}

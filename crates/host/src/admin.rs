//! The admin listener: health, metrics and what runs, for those who operate the host.
//!
//! It is served by the control runtime, so that it answers whatever guests do. Each connection takes one request and a
//! bounded time; when there are too many, the oldest goes, so that slow clients cannot keep others out.

mod answer;
mod metrics;
mod process;
mod workloads;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

pub(crate) use self::answer::Pages;
use crate::control::Control;
use crate::registry::Registry;

/// Connections that are open at once.
const CONNECTIONS_MAX: usize = 64;
/// From the first byte of a request to the end of its head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// A whole connection, with its one request.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of a request's head.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// How long to leave the listener alone after it could not accept a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why there is no admin listener.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr} for health and metrics: {source}")]
pub struct AdminError {
    /// Where it should have been.
    pub addr: SocketAddr,
    /// What the system says.
    pub source: io::Error,
}

/// What runs, for those who are in this process.
pub(crate) fn workloads(registry: &Registry) -> Vec<serde_json::Value> {
    workloads::list(registry, None).values()
}

/// Opens the listener and serves it until the control runtime ends. Gives the address, whose port the system may have
/// chosen.
pub(crate) fn open(
    addr: SocketAddr,
    pages: Pages,
    control: &Control,
) -> Result<SocketAddr, AdminError> {
    let failed = |source| AdminError { addr, source };
    let listener = std::net::TcpListener::bind(addr).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let listener = {
        let _entered = control.enter();
        TcpListener::from_std(listener).map_err(failed)?
    };
    control.spawn(accept(listener, Arc::new(pages)));
    Ok(bound)
}

async fn accept(listener: TcpListener, pages: Arc<Pages>) {
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the admin listener cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        open.retain(|connection| !connection.is_finished());
        if open.len() >= CONNECTIONS_MAX
            && let Some(oldest) = open.pop_front()
        {
            oldest.abort();
        }
        let connection = tokio::spawn(serve(stream, Arc::clone(&pages)));
        open.push_back(connection.abort_handle());
    }
}

async fn serve(stream: TcpStream, pages: Arc<Pages>) {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = pages.answer(request.method(), request.uri());
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an admin connection failed"),
        Err(_) => tracing::debug!("an admin connection took too long"),
    }
}

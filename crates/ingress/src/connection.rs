//! One connection: HTTP/1.1 with keep-alive or HTTP/2 with prior knowledge, told apart by its first bytes.
//!
//! Generic over the byte stream, so that TLS can come in front of it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep};

use crate::activity::Activity;
use crate::drain::Lifeline;
use crate::limits::Limits;
use crate::linger::Lingering;
use crate::request::Handler;
use crate::stall::cut_when_stalled;

/// How long an idle peer may take at most to let a closing connection end: to read what is still buffered, and to answer
/// HTTP/2's closing ping.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// What all connections of one server share.
pub(crate) struct Protocol {
    builder: auto::Builder<Streams>,
    handler: Handler,
    lifeline: Arc<Lifeline>,
    patience: Duration,
    close_grace: Duration,
}

impl Protocol {
    /// Sets HTTP up with `limits`.
    pub(crate) fn new(limits: &Limits, handler: Handler, lifeline: Arc<Lifeline>) -> Self {
        let mut builder = auto::Builder::new(Streams {
            lifeline: Arc::clone(&lifeline),
            stall: limits.write_stall_timeout,
        });
        let header_bytes = limits.max_header_bytes.max(Limits::MIN_HEADER_BYTES);
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_read_timeout)
            .max_buf_size(header_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
            .max_concurrent_streams(limits.max_streams)
            .max_send_buf_size(limits.max_stream_send_bytes)
            .keep_alive_interval(limits.ping_interval)
            .keep_alive_timeout(limits.ping_interval);
        Self {
            builder,
            handler,
            lifeline,
            patience: limits.header_read_timeout,
            close_grace: limits.header_read_timeout.min(CLOSE_GRACE),
        }
    }

    /// Serves one connection to its end: the peer closes it, is idle for too long, or the server stops.
    pub(crate) async fn run<I>(self: Arc<Self>, io: I, peer: SocketAddr)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::new(Activity::default());
        let service = service_fn(|request| {
            let active = activity.enter();
            let protocol = Arc::clone(&self);
            async move { Ok::<_, Infallible>(protocol.handler.handle(active, peer, request).await) }
        });
        let io = TokioIo::new(Lingering::new(io));
        let mut connection = pin!(self.builder.serve_connection(io, service));
        let mut stopped = pin!(self.lifeline.stopped());
        let mut tick = pin!(sleep(self.patience));
        let mut closing = false;
        let mut before = (0, 0);
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%peer, error = error.as_ref(), "connection failed");
                    }
                    return;
                }
                () = stopped.as_mut(), if !closing => {
                    closing = true;
                    tick.as_mut().reset(Instant::now() + self.close_grace);
                    connection.as_mut().graceful_shutdown();
                }
                () = tick.as_mut() => {
                    let now = (activity.started(), activity.in_flight());
                    let idle = now == before && activity.in_flight() == 0;
                    before = now;
                    if idle && closing {
                        tracing::debug!(%peer, "connection cut: its peer does not let it end");
                        return;
                    }
                    if idle {
                        tracing::debug!(%peer, "connection closed: it was idle");
                        closing = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    let pause = if closing { self.close_grace } else { self.patience };
                    tick.as_mut().reset(Instant::now() + pause);
                }
            }
        }
    }
}

/// Runs the requests of HTTP/2 connections, so that a drain waits for them and can cut them, and a client that does not
/// read one of its responses loses that one.
#[derive(Clone)]
pub(crate) struct Streams {
    lifeline: Arc<Lifeline>,
    stall: Duration,
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.lifeline
            .spawn_stream(cut_when_stalled(stream, self.stall));
    }
}

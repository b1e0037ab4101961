//! One connection: HTTP/1.1 with keep-alive or HTTP/2, told apart by its first bytes, until its peer closes it, is
//! overdue, misbehaves, or the server stops.
//!
//! Generic over the byte stream: a socket, or TLS on one.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::uri::Scheme;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep};

use crate::activity::Activity;
use crate::drain::Lifeline;
use crate::limits::Limits;
use crate::linger::Lingering;
use crate::observed::Observed;
use crate::patience::{Facts, Patience};
use crate::request::Handler;
use crate::socket::Pulse;
use crate::stall::cut_when_stalled;
use crate::stats::{Cut, Stats};

/// How long an idle peer may take at most to let a closing connection end: to read what is still buffered, and to answer
/// HTTP/2's closing ping.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// What hyper takes as the number of headers when it is not told one; it then needs no allocation for each request.
const HEADERS_INLINE: usize = 100;

/// What all connections of one server share.
pub(crate) struct Protocol {
    builder: auto::Builder<Streams>,
    handler: Handler,
    lifeline: Arc<Lifeline>,
    stats: Arc<Stats>,
    limits: Limits,
    close_grace: Duration,
}

/// Whom a connection belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    /// Where the connection comes from: its socket, or what a PROXY header said.
    pub peer: SocketAddr,
    /// Whether it came over TLS.
    pub secure: bool,
}

/// What the requests of one connection leave behind.
#[derive(Debug, Default)]
struct Ledger {
    activity: Arc<Activity>,
    /// Requests that were reset before they had a response.
    resets: AtomicU64,
    http2: AtomicBool,
}

/// What a connection's task has to act on.
enum Event {
    Ended(Result<(), Box<dyn Error + Send + Sync>>),
    Stop,
    Overdue(Cut),
}

impl Protocol {
    /// Sets HTTP up with `limits`.
    pub(crate) fn new(
        limits: &Limits,
        handler: Handler,
        lifeline: Arc<Lifeline>,
        stats: Arc<Stats>,
    ) -> Self {
        Self {
            builder: builder(
                limits,
                Streams {
                    lifeline: Arc::clone(&lifeline),
                    stall: limits.write_stall_timeout,
                },
            ),
            handler,
            lifeline,
            stats,
            limits: *limits,
            close_grace: limits.header_read_timeout.min(CLOSE_GRACE),
        }
    }

    /// Serves one connection to its end.
    pub(crate) async fn run<I>(self: Arc<Self>, io: I, pulse: Arc<Pulse>, client: Client)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let peer = client.peer;
        let ledger = Arc::new(Ledger::default());
        let service = service_fn(|request| self.answer(&ledger, &pulse, client, request));
        let io = TokioIo::new(Lingering::new(io));
        let mut connection = pin!(self.builder.serve_connection(io, service));
        let mut stopped = pin!(self.lifeline.stopped());
        let mut patience = Patience::new(&self.limits, Instant::now());
        let mut alarm = pin!(sleep(self.limits.header_read_timeout));
        loop {
            let event = poll_fn(|cx| {
                if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                    return Poll::Ready(Event::Ended(ended));
                }
                if !patience.is_closing() && stopped.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Event::Stop);
                }
                if ledger.too_many_resets(self.limits.max_resets) {
                    return Poll::Ready(Event::Overdue(Cut::Resets));
                }
                let deadline = patience.deadline(Instant::now(), ledger.facts(&pulse));
                let Some((deadline, why)) = deadline else {
                    return Poll::Pending;
                };
                ready!(ring(alarm.as_mut(), cx, deadline));
                Poll::Ready(Event::Overdue(why))
            });
            match event.await {
                Event::Ended(ended) => return self.ended(peer, &pulse, ended),
                Event::Overdue(Cut::Resets) => {
                    self.stats.count_cut(Cut::Resets);
                    tracing::debug!(%peer, "connection cut: its client resets its requests");
                    return;
                }
                Event::Overdue(_) if patience.is_closing() => {
                    tracing::debug!(%peer, "connection cut: its peer does not let it end");
                    return;
                }
                Event::Overdue(why) => {
                    self.stats.count_cut(why);
                    tracing::debug!(%peer, why = why.as_str(), "connection closed: no request came");
                }
                Event::Stop => {}
            }
            patience.close(Instant::now(), self.close_grace);
            connection.as_mut().graceful_shutdown();
        }
    }

    /// Answers one request of a connection. The request counts from this call on, not from the first poll: HTTP/2 may
    /// drop the future before that.
    fn answer(
        self: &Arc<Self>,
        ledger: &Arc<Ledger>,
        pulse: &Arc<Pulse>,
        client: Client,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Observed>, Infallible>> + use<> {
        if request.version() == Version::HTTP_2 {
            ledger.http2.store(true, Ordering::Relaxed);
        }
        if client.secure {
            request.extensions_mut().insert(Scheme::HTTPS);
        }
        let active = ledger.activity.enter();
        let unanswered = Unanswered(Some(Arc::clone(ledger)));
        let protocol = Arc::clone(self);
        let pulse = Arc::clone(pulse);
        async move {
            let answer = protocol.handler.handle(active, pulse, client.peer, request);
            let response = answer.await;
            unanswered.answered();
            Ok(response)
        }
    }

    fn ended(
        &self,
        peer: SocketAddr,
        pulse: &Pulse,
        ended: Result<(), Box<dyn Error + Send + Sync>>,
    ) {
        if pulse.stalled() {
            self.stats.count_cut(Cut::WriteStall);
        }
        if let Err(error) = ended {
            tracing::debug!(%peer, error = error.as_ref(), "connection failed");
        }
    }
}

impl Ledger {
    fn facts(&self, pulse: &Pulse) -> Facts {
        Facts {
            started: self.activity.started(),
            in_flight: self.activity.in_flight(),
            heard: pulse.heard(),
            http2: self.http2.load(Ordering::Relaxed),
        }
    }

    /// Whether its client starts requests for no other reason than to make work. One that gives up on a slow target
    /// also has answers at other times.
    fn too_many_resets(&self, max: u64) -> bool {
        let resets = self.resets.load(Ordering::Relaxed);
        resets > max && resets > self.activity.started() / 2
    }
}

/// A request without a response; it counts as reset if it ends like that.
struct Unanswered(Option<Arc<Ledger>>);

impl Unanswered {
    fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(ledger) = &self.0 {
            ledger.resets.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Waits for `deadline`. The timer is moved only when it would ring too late, and looks again when it rings too early:
/// deadlines mostly move into the future, once for each request.
fn ring(mut alarm: Pin<&mut Sleep>, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
    if alarm.is_elapsed() || deadline < alarm.deadline() {
        alarm.as_mut().reset(deadline);
    }
    loop {
        ready!(alarm.as_mut().poll(cx));
        if deadline <= Instant::now() {
            return Poll::Ready(());
        }
        alarm.as_mut().reset(deadline);
    }
}

/// Sets hyper up.
///
/// Its own time limit for heads is left off: it would start again for each request and cannot be told apart from the
/// time without one. `Patience` keeps both. What is not set here and matters: a chunk's extensions and an HTTP/1 body's
/// trailers are limited to 16 KiB by hyper; HTTP/2's CONTINUATION frames, small DATA frames and unread answers to PING
/// and SETTINGS by h2.
fn builder(limits: &Limits, streams: Streams) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(streams);
    let header_bytes = limits.max_header_bytes.max(Limits::MIN_HEADER_BYTES);
    let mut http1 = builder.http1();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(header_bytes);
    if limits.max_headers != HEADERS_INLINE {
        http1.max_headers(limits.max_headers);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.max_streams)
        .max_pending_accept_reset_streams(Limits::MAX_PENDING_RESETS)
        .max_local_error_reset_streams(Limits::MAX_PROVOKED_RESETS)
        .initial_stream_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes)
        .max_send_buf_size(limits.max_stream_send_bytes)
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_interval);
    builder
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

//! One log line per request. A [`Record`] travels with its request, into the response's body, and writes the line when
//! it is dropped: after the last byte, or wherever the request was lost.

use std::any::Any;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body::{Body as _, Frame, SizeHint};
use tracing::{Level, Span};
use weft_api::fault::Blame;

use crate::activity::Active;
use crate::drain::Lifeline;
use crate::routes::Lease;
use crate::target::{Body, BoxError, Fault};

/// The client left before it had a response: nginx's number, seen in logs only.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What the log will say about a request.
pub(crate) struct Record {
    lifeline: Arc<Lifeline>,
    span: Span,
    start: Instant,
    peer: SocketAddr,
    method: Method,
    uri: Uri,
    request_id: HeaderValue,
    host: Option<Authority>,
    /// The target, kept busy until the response has gone out.
    lease: Option<Lease>,
    progress: Progress,
    status: StatusCode,
    bytes: u64,
    failure: Option<(Blame, String)>,
    _active: (Active, Active),
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// No response yet.
    Waiting,
    /// The head of the response is out.
    Streaming,
    /// Nothing more will happen, well or badly.
    Ended,
}

impl Record {
    /// Starts the clock. `connection` counts the request on its connection.
    pub(crate) fn open<B>(
        lifeline: &Arc<Lifeline>,
        connection: Active,
        peer: SocketAddr,
        request: &Request<B>,
        request_id: HeaderValue,
    ) -> Self {
        let id = request_id.to_str().unwrap_or_default();
        Self {
            lifeline: Arc::clone(lifeline),
            span: tracing::info_span!("request", request_id = id),
            start: Instant::now(),
            peer,
            method: request.method().clone(),
            uri: request.uri().clone(),
            request_id,
            host: None,
            lease: None,
            progress: Progress::Waiting,
            status: StatusCode::OK,
            bytes: 0,
            failure: None,
            _active: (connection, lifeline.requests().enter()),
        }
    }

    /// The span that everything about this request runs in.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The request's id.
    pub(crate) fn request_id(&self) -> &HeaderValue {
        &self.request_id
    }

    /// Notes which host was asked for.
    pub(crate) fn asked_for(&mut self, host: Authority) {
        self.host = Some(host);
    }

    /// Notes who answers.
    pub(crate) fn answered_by(&mut self, lease: Lease) {
        self.lease = Some(lease);
    }

    /// Notes why the response is an error.
    pub(crate) fn failed(&mut self, fault: &Fault) {
        self.failure = Some((fault.blame, fault.detail.clone()));
    }

    /// The head is about to go out; the record goes on with the body.
    pub(crate) fn follow(
        mut self,
        status: StatusCode,
        headers: &HeaderMap,
        body: Option<Body>,
    ) -> Observed {
        self.status = status;
        self.progress = Progress::Streaming;
        let announced = headers.get(CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
        let known = body.as_ref().and_then(|body| body.size_hint().exact());
        let mut observed = Observed {
            length: announced.or(known),
            body,
            record: self,
        };
        observed.note_end();
        observed
    }

    fn lost(&mut self) {
        let before = self.progress == Progress::Waiting;
        let (status, blame, detail) = match (self.lifeline.is_cut(), before) {
            (true, _) => (503, Blame::Host, "cut when the drain limit passed"),
            (false, true) => (
                CLIENT_CLOSED_REQUEST,
                Blame::Network,
                "the client left before the response",
            ),
            (false, false) => (
                CLIENT_CLOSED_REQUEST,
                Blame::Network,
                "the client left during the response's body",
            ),
        };
        if before {
            self.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        }
        self.failure = Some((blame, detail.to_owned()));
    }

    fn write(&self) {
        let (blame, detail) = match &self.failure {
            Some((blame, detail)) => (Some(*blame), Some(detail.as_str())),
            None => (None, None),
        };
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    parent: &self.span,
                    $level,
                    method = %self.method,
                    host = self.host.as_ref().map(Authority::as_str),
                    path = self.uri.path(),
                    status = self.status.as_u16(),
                    latency_ms = millis(self.start.elapsed()),
                    bytes = self.bytes,
                    request_id = self.request_id.to_str().unwrap_or_default(),
                    workload = self.lease.as_ref().map(|lease| lease.target.name()),
                    blame = blame.map(Blame::as_str),
                    detail,
                    peer = %self.peer,
                    "request"
                )
            };
        }
        match blame {
            Some(Blame::Host) => line!(Level::ERROR),
            Some(Blame::Guest | Blame::Manifest) => line!(Level::WARN),
            Some(Blame::Network) | None => line!(Level::INFO),
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.progress != Progress::Ended {
            self.lost();
        }
        self.write();
    }
}

/// A response's body under observation: counts its bytes, contains its panics, and notes how it ended.
pub(crate) struct Observed {
    /// `None` once there is nothing more to poll.
    body: Option<Body>,
    /// The length, if it is known before the end.
    length: Option<u64>,
    record: Record,
}

impl Observed {
    /// The connection drops a body as soon as it knows that nothing follows, without asking it once more; so the end
    /// has to be recognised from the outside.
    fn note_end(&mut self) {
        let ended = self
            .body
            .as_ref()
            .is_none_or(http_body::Body::is_end_stream);
        if ended || self.length == Some(self.record.bytes) {
            self.record.progress = Progress::Ended;
        }
    }

    fn fail(&mut self, blame: Blame, detail: String) {
        self.body = None;
        self.record.progress = Progress::Ended;
        self.record.failure = Some((blame, detail));
    }
}

impl http_body::Body for Observed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let Some(body) = this.body.as_mut() else {
            return Poll::Ready(None);
        };
        let span = this.record.span.clone();
        let _entered = span.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx)));
        let frame = match polled {
            Ok(polled) => ready!(polled),
            Err(panic) => {
                let detail = format!(
                    "the response's body panicked: {}",
                    panic_text(panic.as_ref())
                );
                this.fail(Blame::Host, detail.clone());
                Some(Err(detail.into()))
            }
        };
        match &frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.record.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
            }
            Some(Err(error)) if this.body.is_some() => {
                let fault = error.downcast_ref::<Fault>();
                let blame = fault.map_or(Blame::Host, |fault| fault.blame);
                this.fail(blame, format!("the response's body failed: {error}"));
            }
            Some(Err(_)) => {}
            None => this.body = None,
        }
        this.note_end();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body
            .as_ref()
            .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Some(body) => body.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Milliseconds with three decimals: more would be noise in a log.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

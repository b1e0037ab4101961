//! What becomes of a request. A [`Record`] travels with its request, into the response's body, and closes the books when
//! it is dropped, after the last byte or wherever the request was lost: one log line, one [`Outcome`].

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version};
use tracing::{Level, Span, field};
use weft_api::fault::Blame;
use weft_telemetry::{Telemetry, Trace};

use crate::activity::Active;
use crate::body::Intake;
use crate::drain::Lifeline;
use crate::observed::Observed;
use crate::observer::{Observer, Outcome};
use crate::routes::Lease;
use crate::socket::Pulse;
use crate::stall;
use crate::target::{Body, Fault};
use crate::traced::{Facts, Traced};

/// The client left before it had a response: nginx's number, seen in logs only.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What the records of one server share.
pub(crate) struct Books {
    pub(crate) lifeline: Arc<Lifeline>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) telemetry: Option<Telemetry>,
}

/// What will be said about a request.
pub(crate) struct Record {
    books: Arc<Books>,
    span: Span,
    /// Its trace, if telemetry is on.
    traced: Option<Traced>,
    start: Instant,
    peer: SocketAddr,
    method: Method,
    uri: Uri,
    protocol: Version,
    request_id: HeaderValue,
    host: Option<Authority>,
    /// The target, kept busy until the response has gone out.
    lease: Option<Lease>,
    /// The request's body, if there is one.
    intake: Option<Arc<Intake>>,
    progress: Progress,
    status: StatusCode,
    response_bytes: u64,
    failure: Option<Failure>,
    /// What is known of the socket of its connection.
    pulse: Arc<Pulse>,
    _active: (Active, Active),
}

/// Why a request went wrong.
struct Failure {
    code: &'static str,
    cause: &'static str,
    blame: Blame,
    detail: String,
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
        books: &Arc<Books>,
        connection: Active,
        pulse: Arc<Pulse>,
        peer: SocketAddr,
        request: &Request<B>,
        request_id: HeaderValue,
    ) -> Self {
        let id = request_id.to_str().unwrap_or_default();
        let start = Instant::now();
        let telemetry = books.telemetry.as_ref();
        Self {
            traced: telemetry.map(|telemetry| Traced::begin(telemetry, request, start)),
            books: Arc::clone(books),
            // For what is logged at that level and below: a span for each request costs more than its line.
            span: tracing::debug_span!("request", request_id = id),
            start,
            peer,
            method: request.method().clone(),
            uri: request.uri().clone(),
            protocol: request.version(),
            request_id,
            host: None,
            lease: None,
            intake: None,
            progress: Progress::Waiting,
            status: StatusCode::OK,
            response_bytes: 0,
            failure: None,
            pulse,
            _active: (connection, books.lifeline.requests().enter()),
        }
    }

    /// The span that everything about this request runs in.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The trace, for whoever works for the request.
    pub(crate) fn trace(&self) -> Option<&Trace> {
        self.traced.as_ref().map(Traced::trace)
    }

    /// The request's id.
    pub(crate) fn request_id(&self) -> &HeaderValue {
        &self.request_id
    }

    /// Notes which host was asked for.
    pub(crate) fn asked_for(&mut self, host: Authority) {
        self.host = Some(host);
    }

    /// Notes who answers: nobody, if no route leads anywhere. The request counts from now on.
    pub(crate) fn answered_by(&mut self, lease: Option<Lease>) {
        self.lease = lease;
        if let (Some(traced), Some(lease)) = (&self.traced, &self.lease) {
            traced.answered_by(lease.target.resource());
        }
        if let Some(observer) = &self.books.observer {
            observer.request_started(self.target());
        }
    }

    /// Notes what is known of the request's body.
    pub(crate) fn takes_in(&mut self, intake: Arc<Intake>) {
        self.intake = Some(intake);
    }

    /// Notes why the request went wrong.
    pub(crate) fn failed(&mut self, fault: &Fault) {
        self.failure = Some(Failure {
            code: fault.code,
            cause: fault.cause,
            blame: fault.blame,
            detail: fault.detail.clone(),
        });
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
        Observed::new(self, headers, body)
    }

    /// Who answers the request.
    pub(crate) fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// The request's body, as long as it matters how it goes on: not once the request has failed.
    pub(crate) fn upload(&self) -> Option<&Intake> {
        let matters = self.failure.is_none();
        self.intake.as_deref().filter(|_| matters)
    }

    /// The version of HTTP.
    pub(crate) fn protocol(&self) -> Version {
        self.protocol
    }

    /// Bytes of the response's body that are out.
    pub(crate) fn response_bytes(&self) -> u64 {
        self.response_bytes
    }

    /// Counts bytes of the response's body.
    pub(crate) fn sent(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.response_bytes = self.response_bytes.saturating_add(bytes);
    }

    /// Nothing more will happen to this request.
    pub(crate) fn ended(&mut self) {
        self.progress = Progress::Ended;
    }

    fn target(&self) -> Option<&str> {
        self.lease.as_ref().map(|lease| lease.target.name())
    }

    /// The request ends here without having come to its end.
    fn lost(&mut self) {
        let before = self.progress == Progress::Waiting;
        let (status, code, cause, blame, detail) = if self.books.lifeline.is_cut() {
            (
                503,
                "shutdown",
                "drain",
                Blame::Host,
                "cut when the drain limit passed",
            )
        } else if stall::is_cut() || self.pulse.stalled() {
            // One stream of HTTP/2, or the whole connection.
            let detail = "cut: the client took nothing of the response for too long";
            (
                CLIENT_CLOSED_REQUEST,
                "client-stalled",
                "timeout",
                Blame::Network,
                detail,
            )
        } else if before {
            let detail = "the client left before the response";
            (
                CLIENT_CLOSED_REQUEST,
                "client-gone",
                "disconnect",
                Blame::Network,
                detail,
            )
        } else {
            let detail = "the client left during the response's body";
            (
                CLIENT_CLOSED_REQUEST,
                "client-gone",
                "disconnect",
                Blame::Network,
                detail,
            )
        };
        if before {
            self.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        }
        self.failure = Some(Failure {
            code,
            cause,
            blame,
            detail: detail.to_owned(),
        });
    }

    fn close(&self) {
        let failure = self.failure.as_ref();
        let outcome = Outcome {
            target: self.target(),
            status: self.status,
            code: failure.map(|failure| failure.code),
            cause: failure.map(|failure| failure.cause),
            blame: failure.map(|failure| failure.blame),
            latency: self.start.elapsed(),
            request_bytes: self.intake.as_ref().map_or(0, |intake| intake.bytes()),
            response_bytes: self.response_bytes,
            protocol: self.protocol,
        };
        self.write(&outcome);
        if let Some(traced) = &self.traced {
            let facts = Facts {
                method: &self.method,
                uri: &self.uri,
                host: self.host.as_ref(),
                peer: self.peer,
                id: self.request_id.to_str().unwrap_or_default(),
                detail: failure.map(|failure| failure.detail.as_str()),
            };
            traced.over(&outcome, &facts);
        }
        if let Some(lease) = &self.lease {
            lease.target.observe(&outcome);
        }
        if let Some(observer) = &self.books.observer {
            observer.request_over(&outcome);
        }
    }

    fn write(&self, outcome: &Outcome<'_>) {
        let detail = self.failure.as_ref().map(|failure| failure.detail.as_str());
        let recorded = self.traced.as_ref().and_then(Traced::recorded);
        let place = recorded.map(Trace::context);
        macro_rules! line {
            ($level:expr) => {
                // Not under the span: the line has the request's id itself.
                tracing::event!(
                    parent: None,
                    $level,
                    method = %self.method,
                    host = self.host.as_ref().map(Authority::as_str),
                    path = self.uri.path(),
                    status = outcome.status.as_u16(),
                    latency_ms = millis(outcome.latency),
                    bytes = outcome.response_bytes,
                    request_id = self.request_id.to_str().unwrap_or_default(),
                    workload = outcome.target,
                    code = outcome.code,
                    reason = outcome.cause,
                    blame = outcome.blame.map(Blame::as_str),
                    detail,
                    peer = %self.peer,
                    trace_id = place.map(|place| field::display(place.trace)),
                    span_id = place.map(|place| field::display(place.span)),
                    "request"
                )
            };
        }
        match outcome.blame {
            Some(Blame::Host) => line!(Level::ERROR),
            Some(Blame::Guest | Blame::Manifest) => line!(Level::WARN),
            Some(Blame::Network) | None => line!(Level::INFO),
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // A last frame that was handed out and never taken did not arrive either.
        let untaken = self.failure.is_none() && stall::is_cut();
        if self.progress != Progress::Ended || untaken {
            self.lost();
        }
        self.close();
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

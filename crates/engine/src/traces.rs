//! Which request an instance works for, and the spans of that work.
//!
//! An instance that works on one request does everything for it. Where it works on several, wasmtime says whose call to the
//! host it is; where that cannot be told, the work is said to be nobody's: no parent is better than a wrong one.

pub(crate) mod guest;
mod points;
pub(crate) mod resource;
pub(crate) mod run;
mod used;
mod value;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;
use std::time::Instant;

use http::{Method, Request, StatusCode, Uri};
use wasmtime::StoreContextMut;
use wasmtime::component::GuestTaskId;
use weft_caps::{Call as Called, Calls};
use weft_gpu::ledger::Account;
use weft_net::outbound::error::HttpError;
use weft_net::outbound::watch::{Exchange, Sending, Watch};
use weft_telemetry::context::SpanContext;
use weft_telemetry::span::SpanKind;
use weft_telemetry::value::Value;
use weft_telemetry::{Measure, Resource, Span, Telemetry, Trace};

use self::used::Used;
use crate::cpu::Meter;
use crate::host_state::HostState;
use crate::presence::Presence;

/// Where the data of a program's instances goes, and who they are.
#[derive(Clone, Debug)]
pub(crate) struct Reporting {
    pub(crate) telemetry: Telemetry,
    pub(crate) resource: Resource,
}

impl Reporting {
    /// Makes a workload known under its name, `tenant/name`, for as long as what is returned lives.
    pub(crate) fn known_as(&self, name: &str) -> Known {
        self.telemetry.knows(name, &self.resource);
        Known {
            reporting: self.clone(),
            name: name.to_owned(),
        }
    }
}

/// A workload that log lines can be said to be of.
pub(crate) struct Known {
    reporting: Reporting,
    name: String,
}

impl Drop for Known {
    fn drop(&mut self) {
        let Reporting {
            telemetry,
            resource,
        } = &self.reporting;
        telemetry.forgets(&self.name, resource);
    }
}

/// What one store works for at the moment. Shared by everything in it that makes spans.
pub(crate) struct Current {
    reporting: Reporting,
    working: Mutex<Working>,
    /// More than one request is worked on.
    several: AtomicBool,
    /// What the store has of memory, in bytes.
    memory: Arc<AtomicU64>,
    /// On whose bill its use of a GPU is.
    gpu: OnceLock<Arc<Account>>,
}

#[derive(Default)]
struct Working {
    requests: Vec<Taken>,
    /// Whose call to the host this is, if that was asked.
    calling: Option<GuestTaskId>,
    /// What is worked for outside of requests: the life of a service.
    life: Option<Place>,
}

/// A call into the guest for one request.
pub(crate) struct Call {
    pub(crate) task: GuestTaskId,
    /// Whether somebody waits for the response.
    pub(crate) presence: Arc<Presence>,
    /// Set when the call is over, if nothing of the request goes on after that.
    pub(crate) left: Option<Arc<AtomicBool>>,
}

impl Call {
    fn is_over(&self) -> bool {
        let left = self.left.as_ref();
        self.presence.is_over() || left.is_some_and(|left| left.load(Ordering::Relaxed))
    }
}

/// A request that was taken.
struct Taken {
    call: Call,
    place: Place,
    used: Option<Arc<Used>>,
}

/// A place in a trace.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) trace: Trace,
    /// What new spans are below.
    pub(crate) parent: SpanContext,
}

impl Current {
    pub(crate) fn new(reporting: Reporting) -> Arc<Self> {
        Arc::new(Self {
            reporting,
            working: Mutex::default(),
            several: AtomicBool::new(false),
            memory: Arc::default(),
            gpu: OnceLock::new(),
        })
    }

    /// Where the store's memory is to be noted.
    pub(crate) fn memory(&self) -> &Arc<AtomicU64> {
        &self.memory
    }

    /// Says whose bill the store's use of a GPU is on.
    pub(crate) fn billed(&self, account: &Arc<Account>) {
        let _ = self.gpu.set(Arc::clone(account));
    }

    /// A request is taken. Gives the span of the work on it, if that is recorded.
    pub(crate) fn takes(&self, call: Call, trace: &Trace, meter: &Arc<Meter>) -> Option<Span> {
        let run = trace.span("weft.run", SpanKind::Internal);
        let parent = run.as_ref().map_or(trace.context(), Span::context).clone();
        let mut working = self.lock();
        working.requests.retain(|taken| {
            let over = taken.call.is_over();
            if let Some(used) = taken.used.as_ref().filter(|_| over) {
                used.freeze();
            }
            !over
        });
        let alone = working.requests.is_empty();
        let used = trace.is_sampled().then(|| {
            let used = Arc::new(Used::new(meter, &self.memory, self.gpu.get(), alone));
            trace.measured_by(Arc::clone(&used) as Arc<dyn Measure>);
            used
        });
        for other in working
            .requests
            .iter()
            .filter_map(|taken| taken.used.as_ref())
        {
            other.share();
        }
        working.requests.push(Taken {
            call,
            place: Place {
                trace: trace.clone(),
                parent,
            },
            used,
        });
        working.calling = None;
        self.several.store(!alone, Ordering::Relaxed);
        run
    }

    /// What is worked for outside of requests.
    pub(crate) fn lives(&self, place: Place) {
        self.lock().life = Some(place);
    }

    /// Whether it works on more than one request.
    pub(crate) fn has_several(&self) -> bool {
        self.several.load(Ordering::Relaxed)
    }

    /// The guest calls the host, and there are several for whom it may be: finds out which.
    pub(crate) fn calls(&self, store: &mut StoreContextMut<'_, HostState>) {
        let stack = store.async_call_stack().ok();
        let task = stack.and_then(|stack| {
            let working = self.lock();
            let of = |task: &GuestTaskId| working.requests.iter().any(|one| one.call.task == *task);
            let mut stack = stack;
            stack.find(of)
        });
        self.lock().calling = task;
    }

    /// The host returns to the guest.
    pub(crate) fn returns(&self) {
        self.lock().calling = None;
    }

    /// What is worked for at the moment, if that is known: a request, or the life of a service.
    pub(crate) fn place(&self) -> Option<Place> {
        self.in_request().or_else(|| self.lock().life.clone())
    }

    /// The request that is worked on at the moment, if that is known.
    fn in_request(&self) -> Option<Place> {
        let working = self.lock();
        let found = match working.requests.as_slice() {
            [one] => Some(one),
            many => many
                .iter()
                .find(|one| Some(one.call.task) == working.calling),
        };
        let found = found.filter(|taken| !taken.call.is_over());
        found.map(|taken| taken.place.clone())
    }

    /// Its trace.
    pub(crate) fn request(&self) -> Option<Trace> {
        self.in_request().map(|place| place.trace)
    }

    /// Trace and span for a line of the log, if they are recorded.
    pub(crate) fn recorded(&self) -> Option<SpanContext> {
        let place = self.place()?.parent;
        Some(place).filter(|place| place.sampled)
    }

    fn lock(&self) -> MutexGuard<'_, Working> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// A span here. None if the trace is not recorded.
    pub(crate) fn span(&self, name: &'static str, kind: SpanKind) -> Option<Span> {
        let mut span = self.trace.span(name, kind)?;
        span.below(&self.parent);
        Some(span)
    }
}

impl Calls for Current {
    fn begins(&self, function: &'static str) -> Option<Box<dyn Called>> {
        // What a service does for nobody in particular would fill one trace for as long as it runs.
        let span = self.in_request()?.span(function, SpanKind::Internal)?;
        Some(Box::new(Capability(span)))
    }
}

/// The span of a call of a capability.
struct Capability(Span);

impl Called for Capability {
    fn note(&mut self, key: &'static str, value: &str) {
        self.0.set(key, value.to_owned());
    }

    fn fail(&mut self, kind: &'static str) {
        self.0.set("error.type", kind);
        self.0.fail(kind);
    }
}

/// A request that goes out.
struct Outgoing {
    /// The span, or a trace of its own for what nobody is known to have asked for.
    span: Option<Span>,
    own: Option<(Trace, &'static str)>,
    attributes: Vec<(&'static str, Value<'static>)>,
    error: Option<String>,
}

impl Watch for Current {
    fn sends(&self, request: &mut dyn Sending) -> Option<Box<dyn Exchange>> {
        let method = known(request.method());
        let (span, own) = match self.in_request() {
            Some(place) => {
                let span = place.span(method, SpanKind::Client);
                let sender = span.as_ref().map_or(&place.parent, Span::context).clone();
                place.trace.inject(&sender, request.headers_mut());
                (span, None)
            }
            None => {
                let trace = Trace::start(&self.reporting.telemetry);
                trace.answered_by(&self.reporting.resource);
                trace.inject(trace.context(), request.headers_mut());
                (None, trace.is_sampled().then_some((trace, method)))
            }
        };
        if span.is_none() && own.is_none() {
            return None;
        }
        let attributes = described(method, request.uri());
        Some(Box::new(Outgoing {
            span,
            own,
            attributes,
            error: None,
        }))
    }
}

/// What is said of a request that goes out. Not its query, which may carry secrets.
fn described(method: &'static str, uri: &Uri) -> Vec<(&'static str, Value<'static>)> {
    let mut all: Vec<(&'static str, Value<'static>)> = vec![("http.request.method", method.into())];
    all.push((
        "url.scheme",
        uri.scheme_str().unwrap_or("http").to_owned().into(),
    ));
    all.push((
        "server.address",
        uri.host().unwrap_or_default().to_owned().into(),
    ));
    let usual = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    all.push(("server.port", uri.port_u16().unwrap_or(usual).into()));
    all.push(("url.path", uri.path().to_owned().into()));
    all
}

impl Exchange for Outgoing {
    fn answered(&mut self, status: StatusCode) {
        self.attributes
            .push(("http.response.status_code", status.as_u16().into()));
        if status.is_client_error() || status.is_server_error() {
            self.attributes
                .push(("error.type", status.as_str().to_owned().into()));
            self.error = Some(String::new());
        }
    }

    fn failed(&mut self, why: &HttpError) {
        self.attributes.push(("error.type", why.label().into()));
        self.error = Some(why.to_string());
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        let attributes = std::mem::take(&mut self.attributes);
        let error = self.error.take();
        if let Some(mut span) = self.span.take() {
            for (key, value) in attributes {
                span.set(key, value);
            }
            if let Some(error) = error {
                span.fail(error);
            }
        } else if let Some((trace, method)) = self.own.take() {
            trace.end(method, SpanKind::Client, attributes, error);
        }
    }
}

/// The methods that have names of their own in traces.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}

/// Why something has to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// For a turn.
    Queue(&'static str),
    /// For code to be loaded.
    Load,
}

/// Does something that usually takes no time at all: there is a span of it only if it has to wait.
pub(crate) async fn waits<T>(
    trace: Option<&Trace>,
    what: Wait,
    work: impl Future<Output = T>,
) -> T {
    let Some(trace) = trace.filter(|trace| trace.is_sampled()) else {
        return work.await;
    };
    let mut work = pin!(work);
    let started = Instant::now();
    let at_once = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
    let done = match at_once {
        Poll::Ready(done) => return done,
        Poll::Pending => work.await,
    };
    match what {
        Wait::Queue(what) => queued(trace, what, started, Instant::now()),
        Wait::Load => drop(trace.span_since("weft.load", SpanKind::Internal, started)),
    }
    done
}

/// Notes that a request has waited for its turn.
pub(crate) fn queued(trace: &Trace, what: &'static str, from: Instant, until: Instant) {
    trace.queued(until.saturating_duration_since(from));
    if let Some(mut span) = trace.span_since("weft.queue", SpanKind::Internal, from) {
        span.set("weft.queue.for", what);
        span.end_at(until);
    }
}

/// The trace that a request came with. It goes no further with the request: guests have no extensions.
pub(crate) fn of<B>(request: &mut Request<B>) -> Option<Trace> {
    request.extensions_mut().remove()
}

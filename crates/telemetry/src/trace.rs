//! The trace of one request: where it came from, whether it is recorded, what it cost. It travels with the request, and
//! whoever works for the request makes spans of it.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;

use crate::context::SpanContext;
use crate::id::{SpanId, TraceId};
use crate::limits::{GUEST_ITEMS_PER_REQUEST, SPANS_PER_REQUEST};
use crate::propagate::{Baggage, Carried};
use crate::resource::Resource;
use crate::span::{Parent, SpanData, SpanKind};
use crate::telemetry::Telemetry;
use crate::value::{Value, nanos};

/// A request's part of a trace. Clones are the same.
#[derive(Clone, Debug)]
pub struct Trace(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    telemetry: Telemetry,
    /// Of the span of the request itself.
    context: SpanContext,
    parent: Option<Parent>,
    baggage: Baggage,
    /// One moment on both clocks, so that no span of the trace begins before its parent because somebody set the clock.
    began: (Instant, SystemTime),
    resource: OnceLock<Resource>,
    cost: Cost,
    /// Spans that were made for it.
    spans: AtomicU32,
    /// What guests handed in for it.
    handed_in: AtomicU32,
}

/// What a request has used up.
#[derive(Default)]
pub struct Cost {
    queued: AtomicU64,
    measure: OnceLock<Arc<dyn Measure>>,
}

/// Says what a request has used of the instance that works on it.
pub trait Measure: Send + Sync + 'static {
    /// For how long its code has run. None if others ran in the same instance meanwhile, so that it cannot be told.
    fn cpu(&self) -> Option<Duration>;

    /// The most memory that the instance has had, in bytes.
    fn memory(&self) -> u64;

    /// What else it has used, as attributes of the span. Nothing if that cannot be told.
    fn others(&self) -> Vec<(&'static str, Value<'static>)> {
        Vec::new()
    }
}

/// A span that is being made, of a trace that is recorded. It ends when it is dropped.
#[derive(Debug)]
pub struct Span {
    trace: Trace,
    data: Option<Box<SpanData<'static>>>,
    started: Instant,
}

impl Trace {
    /// The trace of a request that came with these headers, at this moment.
    pub fn begin(telemetry: &Telemetry, headers: &HeaderMap, now: Instant) -> Self {
        let carried = telemetry.propagators().extract(headers);
        Self::new(telemetry, carried, now)
    }

    /// A trace that starts here.
    pub fn start(telemetry: &Telemetry) -> Self {
        Self::new(telemetry, Carried::default(), Instant::now())
    }

    fn new(telemetry: &Telemetry, carried: Carried, now: Instant) -> Self {
        let Carried { parent, baggage } = carried;
        let trace = parent
            .as_ref()
            .map_or_else(TraceId::random, |parent| parent.trace);
        let sampled = telemetry.samples(parent.as_ref(), trace);
        // Of a trace that is not recorded nobody asks when it was.
        let wall = if sampled {
            SystemTime::now()
        } else {
            SystemTime::UNIX_EPOCH
        };
        Self(Arc::new(Inner {
            telemetry: telemetry.clone(),
            parent: parent.as_ref().map(Parent::from),
            context: SpanContext {
                trace,
                span: SpanId::random(),
                sampled,
                remote: false,
                state: parent.map(|parent| parent.state).unwrap_or_default(),
            },
            baggage,
            began: (now, wall),
            resource: OnceLock::new(),
            cost: Cost::default(),
            spans: AtomicU32::new(0),
            handed_in: AtomicU32::new(0),
        }))
    }

    /// Whether it is recorded.
    pub fn is_sampled(&self) -> bool {
        self.0.context.sampled
    }

    /// The place of the request's own span.
    pub fn context(&self) -> &SpanContext {
        &self.0.context
    }

    /// Where its data goes.
    pub fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
    }

    /// Says who answers the request. The first to say so is right.
    pub fn answered_by(&self, resource: &Resource) {
        let _ = self.0.resource.set(resource.clone());
    }

    /// Adds time that the request has waited for its turn.
    pub fn queued(&self, time: Duration) {
        self.0.cost.queued.fetch_add(nanos(time), Ordering::Relaxed);
    }

    /// Says who knows what it uses up. The first to say so is right.
    pub fn measured_by(&self, measure: Arc<dyn Measure>) {
        let _ = self.0.cost.measure.set(measure);
    }

    /// Passes the trace on with a request that goes out, under the span that sends it; a `traceparent` that is there
    /// already is left as it is.
    pub fn inject(&self, sender: &SpanContext, headers: &mut HeaderMap) {
        let propagators = self.0.telemetry.propagators();
        propagators.inject(sender, &self.0.baggage, headers);
    }

    /// A span below that of the request, from now on. None if the trace is not recorded, or has very many spans already.
    pub fn span(&self, name: impl Into<Cow<'static, str>>, kind: SpanKind) -> Option<Span> {
        self.span_since(name, kind, Instant::now())
    }

    /// The same, from an earlier moment on.
    pub fn span_since(
        &self,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        started: Instant,
    ) -> Option<Span> {
        if !self.is_sampled() {
            return None;
        }
        if self.0.spans.fetch_add(1, Ordering::Relaxed) >= SPANS_PER_REQUEST {
            return None;
        }
        let start = self.wall(started);
        let data = SpanData {
            context: self.0.context.child(),
            parent: Some(Parent::from(&self.0.context)),
            name: name.into(),
            kind,
            start,
            end: start,
            attributes: Vec::new(),
            error: None,
            links: Vec::new(),
        };
        Some(Span {
            trace: self.clone(),
            data: Some(Box::new(data)),
            started,
        })
    }

    /// Whether guests may hand in one thing more for this request.
    pub fn admits(&self) -> bool {
        let before = self.0.handed_in.fetch_add(1, Ordering::Relaxed);
        before < GUEST_ITEMS_PER_REQUEST
    }

    /// The request is over: sends its own span. Nothing happens if the trace is not recorded.
    pub fn end(
        &self,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        attributes: Vec<(&'static str, Value<'_>)>,
        error: Option<String>,
    ) {
        self.end_linked(name, kind, attributes, error, Vec::new());
    }

    /// The same, for something that has to do with spans of other traces.
    pub fn end_linked(
        &self,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        mut attributes: Vec<(&'static str, Value<'_>)>,
        error: Option<String>,
        links: Vec<SpanContext>,
    ) {
        if !self.is_sampled() {
            return;
        }
        let inner = &self.0;
        let queued = inner.cost.queued.load(Ordering::Relaxed);
        if kind == SpanKind::Server {
            attributes.push(("weft.queue.time_ns", queued.into()));
        }
        if let Some(measure) = inner.cost.measure.get() {
            attributes.push(("weft.memory.peak_bytes", measure.memory().into()));
            if let Some(cpu) = measure.cpu() {
                attributes.push(("weft.cpu.time_ns", nanos(cpu).into()));
            }
            attributes.extend(measure.others());
        }
        let unmade = inner
            .spans
            .load(Ordering::Relaxed)
            .saturating_sub(SPANS_PER_REQUEST);
        if unmade > 0 {
            attributes.push(("weft.spans.dropped", u64::from(unmade).into()));
        }
        let data = SpanData {
            context: inner.context.clone(),
            parent: inner.parent,
            name: name.into(),
            kind,
            start: self.wall(inner.began.0),
            end: self.wall(Instant::now()),
            attributes,
            error: error.map(Cow::Owned),
            links,
        };
        self.send(&data);
    }

    fn wall(&self, moment: Instant) -> SystemTime {
        let (instant, wall) = self.0.began;
        match moment.checked_duration_since(instant) {
            Some(after) => wall.checked_add(after),
            None => wall.checked_sub(instant.saturating_duration_since(moment)),
        }
        .unwrap_or(wall)
    }

    fn send(&self, data: &SpanData<'_>) {
        let telemetry = &self.0.telemetry;
        let resource = self
            .0
            .resource
            .get()
            .unwrap_or_else(|| telemetry.resource());
        telemetry.host_span(resource, data);
    }
}

impl Span {
    /// Its place.
    pub fn context(&self) -> &SpanContext {
        self.data
            .as_ref()
            .map_or(&self.trace.0.context, |data| &data.context)
    }

    /// The request that it belongs to.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Puts it below another span than that of the request.
    pub fn below(&mut self, parent: &SpanContext) {
        if let Some(data) = &mut self.data {
            data.parent = Some(Parent::from(parent));
        }
    }

    /// Notes something about it.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value<'static>>) {
        if let Some(data) = &mut self.data {
            data.attributes.push((key, value.into()));
        }
    }

    /// Notes what went wrong.
    pub fn fail(&mut self, why: impl Into<Cow<'static, str>>) {
        if let Some(data) = &mut self.data {
            data.error = Some(why.into());
        }
    }

    /// Ends it at an earlier moment than now.
    pub fn end_at(mut self, moment: Instant) {
        self.finish(moment);
    }

    fn finish(&mut self, moment: Instant) {
        if let Some(mut data) = self.data.take() {
            data.end = self.trace.wall(moment.max(self.started));
            self.trace.send(&data);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.data.is_some() {
            self.finish(Instant::now());
        }
    }
}

impl std::fmt::Debug for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cost").field(&self.queued).finish()
    }
}

//! Spans by trace. A trace may come in pieces, from several processes, in any order, and twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{Span as Sent, span};

use super::Limits;
use super::resource::{Resource, Resources};
use super::value::{Attributes, NAME_MAX, VALUE_MAX, cut};

/// Events, and links, of one span.
const EVENTS_MAX: usize = 128;
/// What a span, and a trace, costs beside its texts.
const SPAN_BYTES: usize = 400;
const TRACE_BYTES: usize = 400;

/// Which trace.
pub(crate) type TraceId = [u8; 16];
/// Which span of a trace.
pub(crate) type SpanId = [u8; 8];

/// All traces.
#[derive(Debug)]
pub(crate) struct Traces {
    limits: Limits,
    known: HashMap<TraceId, Trace>,
    /// In order of their first arrival.
    order: BTreeMap<u64, TraceId>,
    arrivals: u64,
    bytes: usize,
    /// Spans that are not kept any more, or never were.
    pub(crate) dropped: u64,
}

/// One trace.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    bytes: usize,
    pub(crate) spans: HashMap<SpanId, Arc<Span>>,
    /// Spans that there was no room for.
    pub(crate) dropped: u64,
}

/// One span. Times are nanoseconds since 1970.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) resource: Arc<Resource>,
    pub(crate) scope: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) failed: bool,
    pub(crate) message: String,
    pub(crate) attributes: Attributes,
    pub(crate) events: Vec<Event>,
    pub(crate) links: Vec<Link>,
}

/// Something that happened in a span.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) time: u64,
    pub(crate) name: String,
    pub(crate) attributes: Attributes,
}

/// Another span that a span has to do with.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) attributes: Attributes,
}

impl Traces {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            known: HashMap::new(),
            order: BTreeMap::new(),
            arrivals: 0,
            bytes: 0,
            dropped: 0,
        }
    }

    pub(super) fn take(&mut self, request: ExportTraceServiceRequest, resources: &mut Resources) {
        for batch in request.resource_spans {
            let resource = resources.intern(batch.resource);
            for scoped in batch.scope_spans {
                let scope = scoped.scope.map(|scope| scope.name).unwrap_or_default();
                let scope = cut(scope, NAME_MAX);
                for sent in scoped.spans {
                    self.add(sent, &resource, &scope);
                }
            }
        }
    }

    fn add(&mut self, sent: Sent, resource: &Arc<Resource>, scope: &str) {
        let Some(trace) = trace_id(&sent.trace_id) else {
            self.dropped += 1;
            return;
        };
        let Some(span) = Span::new(sent, resource, scope) else {
            self.dropped += 1;
            return;
        };
        let limit = self.limits.spans_per_trace;
        let known = self.known.entry(trace).or_insert_with(|| {
            self.arrivals += 1;
            self.order.insert(self.arrivals, trace);
            self.bytes += TRACE_BYTES;
            Trace {
                bytes: TRACE_BYTES,
                spans: HashMap::new(),
                dropped: 0,
            }
        });
        if known.spans.len() >= limit && !known.spans.contains_key(&span.id) {
            known.dropped += 1;
            self.dropped += 1;
            return;
        }
        let size = span.bytes();
        let replaced = known.spans.insert(span.id, Arc::new(span));
        let freed = replaced.map_or(0, |replaced| replaced.bytes());
        known.bytes = known.bytes + size - freed;
        self.bytes = self.bytes + size - freed;
        self.make_room(trace);
    }

    /// The oldest traces go until there is room. The one that grows stays as long as it fits alone.
    fn make_room(&mut self, growing: TraceId) {
        while self.bytes > self.limits.trace_bytes || self.known.len() > self.limits.traces {
            let mut oldest = self.order.iter();
            let other = oldest.find(|(_, id)| **id != growing || self.order.len() == 1);
            let Some((&arrival, &id)) = other else { return };
            self.order.remove(&arrival);
            if let Some(trace) = self.known.remove(&id) {
                self.bytes -= trace.bytes;
                self.dropped += trace.spans.len() as u64;
            }
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self {
            arrivals: self.arrivals,
            ..Self::new(self.limits)
        };
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn get(&self, id: &TraceId) -> Option<&Trace> {
        self.known.get(id)
    }

    /// All, the latest first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = (&TraceId, &Trace)> {
        let order = self.order.values().rev();
        order.filter_map(|id| Some((id, self.known.get(id)?)))
    }

    pub(crate) fn spans(&self) -> usize {
        self.known.values().map(|trace| trace.spans.len()).sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }
}

impl Trace {
    /// When it began and ended.
    pub(crate) fn times(&self) -> (u64, u64) {
        let start = self.spans.values().map(|span| span.start).min();
        let end = self.spans.values().map(|span| span.end).max();
        (start.unwrap_or(0), end.unwrap_or(0))
    }

    /// The span that all began with: of those whose parent is not here, the first.
    pub(crate) fn root(&self) -> Option<&Arc<Span>> {
        let is_root = |span: &&Arc<Span>| {
            let parent = span.parent.as_ref();
            parent.is_none_or(|parent| !self.spans.contains_key(parent))
        };
        let roots = self.spans.values().filter(is_root);
        // A circle of parents has no root; then it is the first of all.
        let first = roots.min_by_key(|span| (span.parent.is_some(), span.start, span.id));
        first.or_else(|| self.spans.values().min_by_key(|span| (span.start, span.id)))
    }

    /// How many spans each service has, and how many failed.
    pub(crate) fn services(&self) -> BTreeMap<&str, usize> {
        let mut services = BTreeMap::new();
        for span in self.spans.values() {
            *services.entry(&*span.resource.service).or_insert(0) += 1;
        }
        services
    }

    /// In the order of a waterfall: each span after its parent, children by their start. With the depth of each.
    pub(crate) fn waterfall(&self) -> Vec<(usize, &Arc<Span>)> {
        let mut children: HashMap<Option<SpanId>, Vec<&Arc<Span>>> = HashMap::new();
        for span in self.spans.values() {
            let parent = span.parent.filter(|id| self.spans.contains_key(id));
            children.entry(parent).or_default().push(span);
        }
        for siblings in children.values_mut() {
            siblings.sort_by_key(|span| std::cmp::Reverse((span.start, span.id)));
        }
        let mut rows = Vec::with_capacity(self.spans.len());
        let mut seen = BTreeSet::new();
        let mut left: Vec<(usize, &Arc<Span>)> = Vec::new();
        let roots = children.remove(&None).unwrap_or_default();
        left.extend(roots.into_iter().map(|span| (0, span)));
        let mut all: Vec<&Arc<Span>> = self.spans.values().collect();
        all.sort_by_key(|span| (span.start, span.id));
        let mut all = all.into_iter();
        loop {
            while let Some((depth, span)) = left.pop() {
                if seen.insert(span.id) {
                    rows.push((depth, span));
                    let below = children.remove(&Some(span.id)).unwrap_or_default();
                    left.extend(below.into_iter().map(|child| (depth + 1, child)));
                }
            }
            // What is left are circles: each is entered at its first span.
            match all.find(|span| !seen.contains(&span.id)) {
                Some(span) => left.push((0, span)),
                None => return rows,
            }
        }
    }
}

impl Span {
    /// None if it has no identity.
    fn new(sent: Sent, resource: &Arc<Resource>, scope: &str) -> Option<Self> {
        let status = sent.status.unwrap_or_default();
        let events = sent.events.into_iter().take(EVENTS_MAX);
        let events = events.map(|event| Event {
            time: event.time_unix_nano,
            name: cut(event.name, NAME_MAX),
            attributes: Attributes::new(event.attributes),
        });
        let links = sent.links.into_iter().take(EVENTS_MAX);
        let links = links.filter_map(|link| {
            Some(Link {
                trace: trace_id(&link.trace_id)?,
                span: span_id(&link.span_id)?,
                attributes: Attributes::new(link.attributes),
            })
        });
        let mut span = Self {
            id: span_id(&sent.span_id)?,
            parent: span_id(&sent.parent_span_id),
            resource: Arc::clone(resource),
            scope: scope.to_owned(),
            name: cut(sent.name, NAME_MAX),
            kind: kind(sent.kind),
            start: sent.start_time_unix_nano,
            end: sent.end_time_unix_nano.max(sent.start_time_unix_nano),
            failed: status.code == 2,
            message: cut(status.message, VALUE_MAX),
            attributes: Attributes::new(sent.attributes),
            events: events.collect(),
            links: links.collect(),
        };
        span.cut();
        Some(span)
    }

    /// A hundred events may each be as large as a span.
    fn cut(&mut self) {
        let mut left = VALUE_MAX * 8;
        let mut fits = |attributes: &Attributes| {
            let rest = left.checked_sub(attributes.bytes());
            left = rest.unwrap_or(0);
            rest.is_some()
        };
        self.events.retain(|event| fits(&event.attributes));
        self.links.retain(|link| fits(&link.attributes));
    }

    pub(crate) fn bytes(&self) -> usize {
        let events = self.events.iter();
        let events = events.map(|event| 64 + event.name.len() + event.attributes.bytes());
        let links = self.links.iter().map(|link| 64 + link.attributes.bytes());
        SPAN_BYTES
            + self.scope.len()
            + self.name.len()
            + self.message.len()
            + self.attributes.bytes()
            + events.sum::<usize>()
            + links.sum::<usize>()
    }

    /// Whether a person who looks for a text, in lower case, means this span.
    pub(crate) fn contains(&self, text: &str) -> bool {
        super::value::contains(&self.name, text)
            || super::value::contains(&self.resource.service, text)
            || super::value::contains(&self.message, text)
            || self.attributes.contain(text)
    }
}

/// All zeros mean that there is none.
pub(crate) fn trace_id(bytes: &[u8]) -> Option<TraceId> {
    TraceId::try_from(bytes).ok().filter(|id| *id != [0; 16])
}

/// All zeros mean that there is none.
pub(crate) fn span_id(bytes: &[u8]) -> Option<SpanId> {
    SpanId::try_from(bytes).ok().filter(|id| *id != [0; 8])
}

fn kind(kind: i32) -> &'static str {
    match span::SpanKind::try_from(kind) {
        Ok(span::SpanKind::Server) => "server",
        Ok(span::SpanKind::Client) => "client",
        Ok(span::SpanKind::Producer) => "producer",
        Ok(span::SpanKind::Consumer) => "consumer",
        Ok(span::SpanKind::Internal | span::SpanKind::Unspecified) | Err(_) => "internal",
    }
}

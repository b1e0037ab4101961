//! What answers look like.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::{Query, hex};
use crate::store::Store;
use crate::store::logs::{LEVELS, Line};
use crate::store::metrics::{Key, Series};
use crate::store::resource::Resource;
use crate::store::traces::{Span, Trace, TraceId};
use crate::store::value::{Attributes, contains};
use crate::store::workloads::Report;

/// Log lines beside one trace.
const LINES_OF_TRACE_MAX: usize = 1_000;
/// Bytes of what spans of one answer hold, and of lines. A browser has to draw it, and here it waits until it is read.
const ANSWER_MAX: usize = 8 << 20;

/// How much there is.
#[derive(Serialize)]
pub(super) struct State {
    /// Tells programs what this is.
    viewer: &'static str,
    version: &'static str,
    services: BTreeSet<String>,
    traces: usize,
    spans: usize,
    logs: usize,
    series: usize,
    /// What is not kept any more, or never was.
    dropped: Dropped,
}

#[derive(Serialize)]
struct Dropped {
    spans: u64,
    logs: u64,
    series: u64,
}

impl State {
    pub(super) fn of(store: &Store) -> Self {
        let inner = store.inner();
        let mut services = BTreeSet::new();
        let spans = inner.traces.latest();
        let spans = spans.flat_map(|(_, trace)| trace.spans.values().map(|span| &span.resource));
        let lines = inner.logs.latest().map(|line| &line.resource);
        let series = inner.metrics.iter().map(|(key, _)| &key.resource);
        for resource in spans.chain(lines).chain(series) {
            if !services.contains(&resource.service) {
                services.insert(resource.service.clone());
            }
        }
        Self {
            viewer: "weft",
            version: env!("CARGO_PKG_VERSION"),
            services,
            traces: inner.traces.len(),
            spans: inner.traces.spans(),
            logs: inner.logs.len(),
            series: inner.metrics.len(),
            dropped: Dropped {
                spans: inner.traces.dropped,
                logs: inner.logs.dropped,
                series: inner.metrics.dropped,
            },
        }
    }
}

/// The list of traces.
#[derive(Serialize)]
pub(super) struct Summaries {
    traces: Vec<Summary>,
    /// How many are not in the list, because it is full.
    more: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    id: String,
    service: String,
    name: String,
    /// Whether the first span is here.
    complete: bool,
    start: f64,
    micros: f64,
    spans: usize,
    failed: usize,
    services: BTreeMap<String, usize>,
}

impl Summaries {
    pub(super) fn of(store: &Store, query: &Query) -> Self {
        let inner = store.inner();
        let mut traces = Vec::new();
        let mut more = 0;
        for (id, trace) in inner.traces.latest() {
            if !wants_trace(query, id, trace) {
                continue;
            }
            if traces.len() >= query.limit {
                more += 1;
                continue;
            }
            traces.extend(Summary::of(id, trace));
        }
        Self { traces, more }
    }
}

fn wants_trace(query: &Query, id: &TraceId, trace: &Trace) -> bool {
    let (start, end) = trace.times();
    let of_service = |span: &Arc<Span>| {
        let service = query.service.as_ref();
        service.is_none_or(|service| *service == span.resource.service)
    };
    end - start.min(end) >= query.least
        && (!query.failed || trace.spans.values().any(|span| span.failed))
        && trace.spans.values().any(of_service)
        && (query.text.is_empty()
            || hex(id).starts_with(&query.text)
            || trace.spans.values().any(|span| span.contains(&query.text)))
}

impl Summary {
    fn of(id: &TraceId, trace: &Trace) -> Option<Self> {
        let root = trace.root()?;
        let (start, end) = trace.times();
        let services = trace.services().into_iter();
        Some(Self {
            id: hex(id),
            service: root.resource.service.clone(),
            name: root.name.clone(),
            complete: root.parent.is_none(),
            start: millis(start),
            micros: micros(start, end),
            spans: trace.spans.len(),
            failed: trace.spans.values().filter(|span| span.failed).count(),
            services: services
                .map(|(name, spans)| (name.to_owned(), spans))
                .collect(),
        })
    }
}

/// One trace.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Whole {
    id: String,
    start: f64,
    micros: f64,
    dropped: u64,
    spans: Vec<Row>,
    resources: Vec<Reporter>,
    logs: Vec<Shown>,
}

/// A span of a waterfall.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    parent: Option<String>,
    depth: usize,
    /// Which of `resources`.
    resource: usize,
    scope: String,
    name: String,
    kind: &'static str,
    /// Microseconds from the start of the trace.
    start: f64,
    micros: f64,
    failed: bool,
    message: String,
    attributes: Attributes,
    events: Vec<Happened>,
    links: Vec<Linked>,
    /// Whether attributes, events and links are left out, because the trace is too large to show those of all spans.
    cut: bool,
}

#[derive(Serialize)]
struct Reporter {
    service: String,
    attributes: Attributes,
}

#[derive(Serialize)]
struct Happened {
    /// Microseconds from the start of the trace.
    time: f64,
    name: String,
    attributes: Attributes,
}

#[derive(Serialize)]
struct Linked {
    trace: String,
    span: String,
    attributes: Attributes,
}

impl Whole {
    /// Of a trace that is too large, the span that is asked for has its attributes.
    pub(super) fn of(store: &Store, id: &TraceId, query: &Query) -> Option<Self> {
        let inner = store.inner();
        let trace = inner.traces.get(id)?.clone();
        let lines = inner.logs.latest().filter(|line| line.trace == Some(*id));
        let mut lines = fitting(lines.take(LINES_OF_TRACE_MAX));
        drop(inner);
        lines.sort_by_key(|line| (line.time, line.number));
        let (start, end) = trace.times();
        let mut resources: Vec<Arc<Resource>> = Vec::new();
        let mut left = ANSWER_MAX;
        let waterfall = trace.waterfall().into_iter();
        let spans = waterfall.map(|(depth, span)| {
            let known = resources
                .iter()
                .position(|known| Arc::ptr_eq(known, &span.resource));
            let resource = known.unwrap_or_else(|| {
                resources.push(Arc::clone(&span.resource));
                resources.len() - 1
            });
            let rest = left.checked_sub(span.bytes());
            left = rest.unwrap_or(left);
            let whole = rest.is_some() || query.span == Some(span.id);
            Row::of(span, depth, resource, start, whole)
        });
        Some(Self {
            id: hex(id),
            start: millis(start),
            micros: micros(start, end),
            dropped: trace.dropped,
            spans: spans.collect(),
            logs: lines.iter().map(|line| Shown::of(line)).collect(),
            resources: resources
                .iter()
                .map(|resource| Reporter::of(resource))
                .collect(),
        })
    }
}

impl Row {
    fn of(span: &Span, depth: usize, resource: usize, start: u64, whole: bool) -> Self {
        let shown = usize::from(whole);
        let events = span
            .events
            .iter()
            .take(shown * span.events.len())
            .map(|event| Happened {
                time: micros(start, event.time),
                name: event.name.clone(),
                attributes: event.attributes.clone(),
            });
        let links = span
            .links
            .iter()
            .take(shown * span.links.len())
            .map(|link| Linked {
                trace: hex(&link.trace),
                span: hex(&link.span),
                attributes: link.attributes.clone(),
            });
        Self {
            id: hex(&span.id),
            parent: span.parent.map(|id| hex(&id)),
            depth,
            resource,
            scope: span.scope.clone(),
            name: span.name.clone(),
            kind: span.kind,
            start: micros(start, span.start),
            micros: micros(span.start, span.end),
            failed: span.failed,
            message: match whole {
                true => span.message.clone(),
                false => String::new(),
            },
            attributes: match whole {
                true => span.attributes.clone(),
                false => Attributes::default(),
            },
            events: events.collect(),
            links: links.collect(),
            cut: !whole,
        }
    }
}

impl Reporter {
    fn of(resource: &Resource) -> Self {
        Self {
            service: resource.service.clone(),
            attributes: resource.attributes.clone(),
        }
    }
}

/// Log lines, the oldest first.
#[derive(Serialize)]
pub(super) struct Lines {
    lines: Vec<Shown>,
    /// The number of the last line of all: to ask for those after it.
    last: u64,
}

#[derive(Serialize)]
struct Shown {
    number: u64,
    time: f64,
    level: &'static str,
    service: String,
    scope: String,
    body: String,
    attributes: Attributes,
    trace: Option<String>,
    span: Option<String>,
}

impl Lines {
    pub(super) fn of(store: &Store, query: &Query) -> Self {
        let inner = store.inner();
        let last = inner.logs.last();
        let new = inner
            .logs
            .latest()
            .take_while(|line| line.number > query.after);
        let wanted = new.filter(|line| wants_line(query, line));
        let mut lines = fitting(wanted.take(query.limit));
        drop(inner);
        lines.reverse();
        Self {
            lines: lines.iter().map(|line| Shown::of(line)).collect(),
            last,
        }
    }
}

/// The first of these lines, as many as an answer has room for.
fn fitting<'a>(lines: impl Iterator<Item = &'a Arc<Line>>) -> Vec<Arc<Line>> {
    let mut left = ANSWER_MAX;
    let fits = lines.take_while(|line| {
        let rest = left.checked_sub(line.bytes());
        left = rest.unwrap_or(0);
        rest.is_some()
    });
    fits.cloned().collect()
}

fn wants_line(query: &Query, line: &Line) -> bool {
    let service = query.service.as_ref();
    let level = LEVELS.iter().position(|level| *level == line.level);
    service.is_none_or(|service| *service == line.resource.service)
        && level.unwrap_or(0) >= query.level
        && query.trace.is_none_or(|trace| line.trace == Some(trace))
        && (query.text.is_empty() || line.contains(&query.text))
}

impl Shown {
    fn of(line: &Line) -> Self {
        Self {
            number: line.number,
            time: millis(line.time),
            level: line.level,
            service: line.resource.service.clone(),
            scope: line.scope.clone(),
            body: line.body.clone(),
            attributes: line.attributes.clone(),
            trace: line.trace.map(|id| hex(&id)),
            span: line.span.map(|id| hex(&id)),
        }
    }
}

/// Instruments by service and name.
#[derive(Serialize)]
pub(super) struct Instruments {
    instruments: Vec<Instrument>,
}

#[derive(Serialize)]
struct Instrument {
    service: String,
    name: String,
    kind: &'static str,
    unit: String,
    description: String,
    series: Vec<Drawn>,
    /// Series that are not in the list.
    more: usize,
}

/// What is drawn of a set of attributes.
#[derive(Serialize)]
struct Drawn {
    attributes: Attributes,
    last: f64,
    lines: Vec<(&'static str, Vec<(f64, f64)>)>,
}

/// Series of one instrument that are drawn: more cannot be told apart.
const DRAWN_MAX: usize = 20;

impl Instruments {
    pub(super) fn of(store: &Store, query: &Query) -> Self {
        let inner = store.inner();
        let mut found: BTreeMap<(String, String), Vec<(Key, Series)>> = BTreeMap::new();
        for (key, series) in inner.metrics.iter() {
            if wants_series(query, key) {
                let place = (key.resource.service.clone(), key.name.to_string());
                let place = found.entry(place).or_default();
                place.push((key.clone(), series.clone()));
            }
        }
        drop(inner);
        let found = found.into_iter();
        let instruments =
            found.filter_map(|((service, name), series)| Instrument::of(service, name, series));
        Self {
            instruments: instruments.take(LINES_OF_TRACE_MAX).collect(),
        }
    }
}

fn wants_series(query: &Query, key: &Key) -> bool {
    let service = query.service.as_ref();
    service.is_none_or(|service| *service == key.resource.service)
        && (contains(&key.name, &query.text) || key.attributes.contain(&query.text))
}

impl Instrument {
    fn of(service: String, name: String, mut all: Vec<(Key, Series)>) -> Option<Self> {
        let last = |series: &Series| series.last();
        all.sort_by(|(a, one), (b, two)| {
            last(two)
                .total_cmp(&last(one))
                .then_with(|| a.attributes.cmp(&b.attributes))
        });
        let (_, first) = all.first()?;
        let (kind, unit, description) = (
            first.kind.as_str(),
            first.unit.to_string(),
            first.description.to_string(),
        );
        let more = all.len().saturating_sub(DRAWN_MAX);
        let drawn = all.into_iter().take(DRAWN_MAX).map(|(key, series)| Drawn {
            last: series.last(),
            lines: series.lines(),
            attributes: key.attributes,
        });
        Some(Self {
            service,
            name,
            kind,
            unit,
            description,
            series: drawn.collect(),
            more,
        })
    }
}

/// What processes say.
#[derive(Serialize)]
pub(super) struct Told {
    processes: Vec<Process>,
}

#[derive(Serialize)]
struct Process {
    #[serde(flatten)]
    report: Report,
    alive: bool,
}

impl Told {
    pub(super) fn of(store: &Store) -> Self {
        let inner = store.inner();
        let processes = inner.workloads.iter().map(|(report, alive)| Process {
            report: report.clone(),
            alive,
        });
        Self {
            processes: processes.collect(),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of today fit into a double"
)]
fn millis(nanos: u64) -> f64 {
    (nanos / 1_000) as f64 / 1e3
}

/// From one time to another.
#[expect(
    clippy::cast_precision_loss,
    reason = "what is lost is less than a nanosecond in a month"
)]
fn micros(from: u64, to: u64) -> f64 {
    match to.checked_sub(from) {
        Some(nanos) => nanos as f64 / 1e3,
        None => -(from.saturating_sub(to) as f64 / 1e3),
    }
}

//! What guests hand in by `wasi:otel`: said of their component, in their request's trace, and no more than they may.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use weft_caps::otel::{Datetime, Sink, logs, metrics, nowhere, tracing, types};
use weft_telemetry::Trace;
use weft_telemetry::context::{SpanContext, TraceState};
use weft_telemetry::id::{SpanId, TraceId};
use weft_telemetry::limits::SpanLimits;
use weft_telemetry::proto::common::v1::{InstrumentationScope, KeyValue};
use weft_telemetry::proto::logs::v1::LogRecord;
use weft_telemetry::proto::trace::v1 as proto;
use weft_telemetry::signal::Scope;
use weft_telemetry::span::{Parent, flags};
use weft_telemetry::stats::SignalKind;
use weft_telemetry::value::unix_nanos;

use super::value::{attributes, text, value};
use super::{Current, Reporting, points};

/// Where one component of an instance hands things in.
pub(crate) struct GuestData {
    reporting: Reporting,
    current: Arc<Current>,
}

impl GuestData {
    pub(crate) fn new(reporting: &Reporting, current: &Arc<Current>) -> Self {
        Self {
            reporting: reporting.clone(),
            current: Arc::clone(current),
        }
    }

    fn limits(&self) -> &SpanLimits {
        self.reporting.telemetry.limits()
    }

    /// Whether one thing more is taken; counts it if not.
    fn admits(&self, trace: Option<&Trace>, signal: SignalKind) -> bool {
        // What is handed in for no request is bounded by the workload's share of the queue.
        let admitted = trace.is_none_or(Trace::admits);
        if !admitted {
            self.reporting.telemetry.refuse(signal, 1);
        }
        admitted
    }

    /// The request that the guest works for.
    fn request(&self) -> Option<Trace> {
        self.current.request()
    }

    fn scope(&self, scope: types::InstrumentationScope) -> Scope {
        let limits = self.limits();
        let (attributes, dropped_attributes_count) = attributes(scope.attributes, limits);
        let made = InstrumentationScope {
            name: text(scope.name, limits),
            version: text(scope.version.unwrap_or_default(), limits),
            attributes,
            dropped_attributes_count,
        };
        let schema = text(scope.schema_url.unwrap_or_default(), limits);
        Scope::Guest(Arc::new((made, schema)))
    }
}

impl Sink for GuestData {
    fn outer(&self) -> tracing::SpanContext {
        let Some(place) = self.current.place() else {
            return nowhere();
        };
        let context = place.parent;
        tracing::SpanContext {
            trace_id: context.trace.to_string(),
            span_id: context.span.to_string(),
            trace_flags: match context.sampled {
                true => tracing::TraceFlags::SAMPLED,
                false => tracing::TraceFlags::empty(),
            },
            is_remote: context.remote,
            trace_state: context
                .state
                .members()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    fn span(&self, span: tracing::SpanData) {
        let request = self.request();
        let place = context(&span.span_context);
        let Some(place) = place else {
            self.reporting.telemetry.refuse(SignalKind::Traces, 1);
            return;
        };
        // Not recorded by the guest's own decision, or by ours about its trace.
        let ours = request
            .as_ref()
            .filter(|request| request.context().trace == place.trace);
        if !place.sampled || ours.is_some_and(|request| !request.is_sampled()) {
            return;
        }
        if !self.admits(request.as_ref(), SignalKind::Traces) {
            return;
        }
        let limits = *self.limits();
        let scope = self.scope(span.instrumentation_scope);
        let (attributes, dropped) = attributes(span.attributes, &limits);
        let unkept = |all: usize, most: usize, before: u32| {
            before.saturating_add(u32::try_from(all.saturating_sub(most)).unwrap_or(u32::MAX))
        };
        let dropped_events_count = unkept(span.events.len(), limits.events, span.dropped_events);
        let dropped_links_count = unkept(span.links.len(), limits.links, span.dropped_links);
        let parent = SpanId::parse(&span.parent_span_id).map(|span| Parent {
            span,
            remote: false,
        });
        let events = span.events.into_iter().take(limits.events);
        let links = span.links.into_iter().take(limits.links);
        let made = proto::Span {
            trace_id: place.trace.to_bytes().to_vec(),
            span_id: place.span.to_bytes().to_vec(),
            trace_state: place.state.as_str().to_owned(),
            parent_span_id: parent
                .map(|parent| parent.span.to_bytes().to_vec())
                .unwrap_or_default(),
            flags: flags(true, parent),
            name: text(span.name, &limits),
            kind: kind(span.span_kind).into(),
            start_time_unix_nano: nanos(span.start_time),
            end_time_unix_nano: nanos(span.end_time),
            attributes,
            dropped_attributes_count: span.dropped_attributes.saturating_add(dropped),
            events: events.map(|event| self::event(event, &limits)).collect(),
            dropped_events_count,
            links: links.filter_map(|link| self::link(link, &limits)).collect(),
            dropped_links_count,
            status: status(span.status, &limits),
        };
        let Reporting {
            telemetry,
            resource,
        } = &self.reporting;
        telemetry.guest_span(resource, scope, &made);
    }

    fn log(&self, record: logs::LogRecord) {
        let request = self.request();
        if !self.admits(request.as_ref(), SignalKind::Logs) {
            return;
        }
        let limits = *self.limits();
        let own = record
            .resource
            .map(|resource| attributes(resource.attributes, &limits).0);
        let resource = self
            .reporting
            .resource
            .with(own.into_iter().flatten().filter(is_free));
        let scope = record.instrumentation_scope.map(|scope| self.scope(scope));
        let (attributes, dropped_attributes_count) =
            attributes(record.attributes.unwrap_or_default(), &limits);
        let now = unix_nanos(SystemTime::now());
        let trace = record.trace_id.as_deref().and_then(TraceId::parse);
        let span = record.span_id.as_deref().and_then(SpanId::parse);
        let sampled = record
            .trace_flags
            .is_some_and(|flags| flags.contains(tracing::TraceFlags::SAMPLED));
        let made = LogRecord {
            time_unix_nano: record.timestamp.map_or(now, nanos),
            observed_time_unix_nano: record.observed_timestamp.map_or(now, nanos),
            severity_number: i32::from(record.severity_number.unwrap_or_default().min(24)),
            severity_text: text(record.severity_text.unwrap_or_default(), &limits),
            body: record.body.map(|body| value(body, &limits)),
            attributes,
            dropped_attributes_count,
            flags: u32::from(sampled),
            trace_id: trace
                .map(|trace| trace.to_bytes().to_vec())
                .unwrap_or_default(),
            span_id: span
                .map(|span| span.to_bytes().to_vec())
                .unwrap_or_default(),
            event_name: text(record.event_name.unwrap_or_default(), &limits),
        };
        let telemetry = &self.reporting.telemetry;
        telemetry.guest_log(&resource, scope.unwrap_or_default(), &made);
    }

    fn metrics(&self, metrics: metrics::ResourceMetrics) -> Result<(), String> {
        let request = self.request();
        let limits = *self.limits();
        let own = attributes(metrics.resource.attributes, &limits).0;
        let resource = self
            .reporting
            .resource
            .with(own.into_iter().filter(is_free));
        for of in metrics.scope_metrics {
            let scope = self.scope(of.scope);
            for metric in of.metrics {
                if !self.admits(request.as_ref(), SignalKind::Metrics) {
                    return Err("more metrics than one request may hand in".to_owned());
                }
                let made = points::metric(metric, &limits);
                self.reporting
                    .telemetry
                    .guest_metric(&resource, scope.clone(), &made);
            }
        }
        Ok(())
    }
}

/// Whether a guest may say this of itself: not whose it is, nor where it runs.
fn is_free(attribute: &KeyValue) -> bool {
    !attribute.key.starts_with("weft.")
        && attribute.key != "host.name"
        && attribute.key != "service.namespace"
}

fn context(of: &tracing::SpanContext) -> Option<SpanContext> {
    let state = of.trace_state.iter();
    let state = state.map(|(key, value)| (key.as_str(), value.as_str()));
    Some(SpanContext {
        trace: TraceId::parse(&of.trace_id)?,
        span: SpanId::parse(&of.span_id)?,
        sampled: of.trace_flags.contains(tracing::TraceFlags::SAMPLED),
        remote: of.is_remote,
        state: TraceState::of_members(state),
    })
}

fn event(event: tracing::Event, limits: &SpanLimits) -> proto::span::Event {
    let (attributes, dropped_attributes_count) = attributes(event.attributes, limits);
    proto::span::Event {
        time_unix_nano: nanos(event.time),
        name: text(event.name, limits),
        attributes,
        dropped_attributes_count,
    }
}

fn link(link: tracing::Link, limits: &SpanLimits) -> Option<proto::span::Link> {
    let place = context(&link.span_context)?;
    let (attributes, dropped_attributes_count) = attributes(link.attributes, limits);
    Some(proto::span::Link {
        trace_id: place.trace.to_bytes().to_vec(),
        span_id: place.span.to_bytes().to_vec(),
        trace_state: place.state.as_str().to_owned(),
        attributes,
        dropped_attributes_count,
        flags: flags(place.sampled, Some(Parent::from(&place))),
    })
}

fn kind(kind: tracing::SpanKind) -> proto::span::SpanKind {
    match kind {
        tracing::SpanKind::Client => proto::span::SpanKind::Client,
        tracing::SpanKind::Server => proto::span::SpanKind::Server,
        tracing::SpanKind::Producer => proto::span::SpanKind::Producer,
        tracing::SpanKind::Consumer => proto::span::SpanKind::Consumer,
        tracing::SpanKind::Internal => proto::span::SpanKind::Internal,
    }
}

fn status(status: tracing::Status, limits: &SpanLimits) -> Option<proto::Status> {
    use proto::status::StatusCode;
    let (code, message) = match status {
        tracing::Status::Unset => return None,
        tracing::Status::Ok => (StatusCode::Ok, String::new()),
        tracing::Status::Error(message) => (StatusCode::Error, text(message, limits)),
    };
    Some(proto::Status {
        message,
        code: code.into(),
    })
}

/// A guest's time in nanoseconds; one that OTLP cannot write is the last that it can.
pub(super) fn nanos(time: Datetime) -> u64 {
    let since = Duration::from_secs(time.seconds)
        .checked_add(Duration::from_nanos(u64::from(time.nanoseconds)));
    let nanos = since.unwrap_or(Duration::MAX).as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

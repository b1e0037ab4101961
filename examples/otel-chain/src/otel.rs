//! What a component has to do to be seen: spans, a log record and a counter, over `wasi:otel`.

use std::time::{SystemTime, UNIX_EPOCH};

wit_bindgen::generate!({
    path: "../../wit/wasi-otel",
    inline: "
        package weft-example:otel-chain;
        world otel-chain {
            import wasi:otel/tracing@0.2.0-rc.2;
            import wasi:otel/logs@0.2.0-rc.2;
            import wasi:otel/metrics@0.2.0-rc.2;
        }
    ",
    generate_all,
});

use wasi::clocks::wall_clock::Datetime;
use wasi::otel::types::{InstrumentationScope, KeyValue, Resource};
use wasi::otel::{logs, metrics, tracing};

/// A step of the work. It is told of when it is dropped.
pub(crate) struct Span {
    context: tracing::SpanContext,
    parent: String,
    name: &'static str,
    start: SystemTime,
    attributes: Vec<KeyValue>,
    status: tracing::Status,
}

/// How bad something is, in the numbers of OpenTelemetry.
#[derive(Clone, Copy)]
pub(crate) enum Severity {
    Error = 17,
}

impl Span {
    /// A step of the request that is being answered: below the host's own span for it.
    pub(crate) fn of_request(name: &'static str) -> Self {
        Self::below(&tracing::outer_span_context(), name)
    }

    /// A step of this one.
    pub(crate) fn child(&self, name: &'static str) -> Self {
        Self::below(&self.context, name)
    }

    fn below(parent: &tracing::SpanContext, name: &'static str) -> Self {
        let context = tracing::SpanContext {
            span_id: new_id(),
            is_remote: false,
            ..parent.clone()
        };
        tracing::on_start(&context);
        Self {
            context,
            parent: parent.span_id.clone(),
            name,
            start: SystemTime::now(),
            attributes: Vec::new(),
            status: tracing::Status::Unset,
        }
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.attributes.push(text(key, value));
    }

    pub(crate) fn fail(&mut self, why: &str) {
        self.status = tracing::Status::Error(why.to_owned());
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        tracing::on_end(&tracing::SpanData {
            span_context: self.context.clone(),
            parent_span_id: self.parent.clone(),
            span_kind: tracing::SpanKind::Internal,
            name: self.name.to_owned(),
            start_time: datetime(self.start),
            end_time: datetime(SystemTime::now()),
            attributes: std::mem::take(&mut self.attributes),
            events: Vec::new(),
            links: Vec::new(),
            status: self.status.clone(),
            instrumentation_scope: scope(),
            dropped_attributes: 0,
            dropped_events: 0,
            dropped_links: 0,
        });
    }
}

/// A log record that belongs to a span.
pub(crate) fn log(span: &Span, severity: Severity, message: &str) {
    let now = datetime(SystemTime::now());
    logs::on_emit(&logs::LogRecord {
        timestamp: Some(now),
        observed_timestamp: Some(now),
        severity_text: None,
        severity_number: Some(severity as u8),
        body: Some(json(message)),
        attributes: None,
        event_name: None,
        resource: None,
        instrumentation_scope: Some(scope()),
        trace_id: Some(span.context.trace_id.clone()),
        span_id: Some(span.context.span_id.clone()),
        trace_flags: Some(span.context.trace_flags),
    });
}

/// Counts one. An instance lives for one request, so it tells what it adds, and whoever collects sums it up.
pub(crate) fn count(name: &str, link: &str) {
    let now = datetime(SystemTime::now());
    let point = metrics::SumDataPoint {
        attributes: vec![text("chain.name", link)],
        value: metrics::MetricNumber::U64(1),
        exemplars: Vec::new(),
    };
    let sum = metrics::Sum {
        data_points: vec![point],
        start_time: now,
        time: now,
        temporality: metrics::Temporality::Delta,
        is_monotonic: true,
    };
    let metric = metrics::Metric {
        name: name.to_owned(),
        description: "Requests that this link of the chain was asked".to_owned(),
        unit: "{request}".to_owned(),
        data: metrics::MetricData::U64Sum(sum),
    };
    let told = metrics::export(&metrics::ResourceMetrics {
        resource: Resource {
            attributes: Vec::new(),
            schema_url: None,
        },
        scope_metrics: vec![metrics::ScopeMetrics {
            scope: scope(),
            metrics: vec![metric],
        }],
    });
    if let Err(why) = told {
        eprintln!("the metric is lost: {why}");
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        schema_url: None,
        attributes: Vec::new(),
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: json(value),
    }
}

/// Values are JSON.
fn json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            _ if character.is_control() => json.push_str(&format!("\\u{:04x}", character as u32)),
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

/// 16 hexadecimal digits, not all of them 0.
fn new_id() -> String {
    let mut bytes = [0_u8; 8];
    wstd::rand::get_random_bytes(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes).max(1))
}

fn datetime(time: SystemTime) -> Datetime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Datetime {
        seconds: since.as_secs(),
        nanoseconds: since.subsec_nanos(),
    }
}

//! Events of `tracing` as log records: what the host logs, and what guests write to their standard streams and to
//! `wasi:logging`. Said of the workload that the event names, if it is one, else of the host.

use std::fmt::{Debug, Write};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Sent;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::id::{SpanId, TraceId};
use crate::limits::SpanLimits;
use crate::telemetry::Telemetry;
use crate::value::{cut, unix_nanos};

/// What the events of this crate, and of those that it sends with, begin with. Sent on, each would be the cause of more.
const OWN: [&str; 4] = ["weft_telemetry", "hyper", "h2", "rustls"];

/// The target of the one line about each request.
const REQUESTS: &str = "weft_ingress::record";

/// Where the layer sends to, as soon as that is known.
#[derive(Clone, Debug, Default)]
pub struct Outlet(Arc<OnceLock<Telemetry>>);

/// The layer. It does nothing until its outlet is opened.
#[derive(Clone, Debug)]
pub struct LogLayer(Outlet);

impl Outlet {
    /// A layer that sends there.
    pub fn layer(&self) -> LogLayer {
        LogLayer(self.clone())
    }

    /// Sends from now on. Only the first call does anything.
    pub fn open(&self, telemetry: &Telemetry) {
        if telemetry.takes_logs() {
            let _ = self.0.set(telemetry.clone());
        }
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(telemetry) = self.0.0.get() else {
            return;
        };
        let target = event.metadata().target();
        if OWN.iter().any(|own| target.starts_with(own)) {
            return;
        }
        let level = *event.metadata().level();
        if target == REQUESTS && level == Level::INFO && !names_a_trace(event) {
            // Nothing went wrong with it, and its trace is not recorded: metrics count it, and that is enough.
            return;
        }
        send(telemetry, event);
    }
}

fn send(telemetry: &Telemetry, event: &Event<'_>) {
    let metadata = event.metadata();
    let mut fields = Fields::new(telemetry.limits());
    event.record(&mut fields);
    let now = unix_nanos(SystemTime::now());
    let (number, text) = severity(*metadata.level(), fields.critical);
    fields.add(
        "log.target",
        Sent::StringValue(metadata.target().to_owned()),
    );
    let workload = fields.workload.as_deref();
    let resource = workload.and_then(|name| telemetry.workload(name));
    let record = LogRecord {
        time_unix_nano: now,
        observed_time_unix_nano: now,
        severity_number: number,
        severity_text: text.to_owned(),
        body: Some(AnyValue {
            value: Some(Sent::StringValue(fields.message)),
        }),
        attributes: fields.attributes,
        dropped_attributes_count: fields.dropped,
        // A line names a trace only if that is recorded.
        flags: u32::from(fields.trace.is_some()),
        trace_id: fields
            .trace
            .map(|id| id.to_bytes().to_vec())
            .unwrap_or_default(),
        span_id: fields
            .span
            .map(|id| id.to_bytes().to_vec())
            .unwrap_or_default(),
        event_name: String::new(),
    };
    telemetry.host_log(
        resource.as_ref().unwrap_or_else(|| telemetry.resource()),
        Box::new(record),
    );
}

/// Number and name of a level in OpenTelemetry.
fn severity(level: Level, critical: bool) -> (i32, &'static str) {
    match level {
        _ if critical => (21, "CRITICAL"),
        Level::TRACE => (1, "TRACE"),
        Level::DEBUG => (5, "DEBUG"),
        Level::INFO => (9, "INFO"),
        Level::WARN => (13, "WARN"),
        Level::ERROR => (17, "ERROR"),
    }
}

/// Whether the event has a value for `trace_id`.
fn names_a_trace(event: &Event<'_>) -> bool {
    struct Looks(bool);
    impl Visit for Looks {
        fn record_debug(&mut self, field: &Field, _: &dyn Debug) {
            self.0 |= field.name() == "trace_id";
        }
    }
    let mut looks = Looks(false);
    event.record(&mut looks);
    looks.0
}

/// The fields of an event, sorted into what a log record has.
struct Fields {
    message: String,
    attributes: Vec<KeyValue>,
    dropped: u32,
    trace: Option<TraceId>,
    span: Option<SpanId>,
    workload: Option<String>,
    critical: bool,
    limits: SpanLimits,
}

impl Fields {
    fn new(limits: &SpanLimits) -> Self {
        Self {
            message: String::new(),
            attributes: Vec::new(),
            dropped: 0,
            trace: None,
            span: None,
            workload: None,
            critical: false,
            limits: *limits,
        }
    }

    fn add(&mut self, key: &str, value: Sent) {
        if self.attributes.len() >= self.limits.attributes {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        self.attributes.push(KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..KeyValue::default()
        });
    }

    fn text(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = text,
            "trace_id" => self.trace = TraceId::parse(&text),
            "span_id" => self.span = SpanId::parse(&text),
            name => {
                if name == "workload" {
                    self.workload = Some(text.clone());
                }
                let text = cut(text, self.limits.value_length);
                self.add(name, Sent::StringValue(text));
            }
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), Sent::IntValue(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(
            field.name(),
            Sent::IntValue(i64::try_from(value).unwrap_or(i64::MAX)),
        );
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), Sent::DoubleValue(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "critical" {
            self.critical = value;
        } else {
            self.add(field.name(), Sent::BoolValue(value));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // Writing to a string does not fail; what cannot be shown shows nothing.
        let _ = write!(text, "{value:?}");
        self.text(field, text);
    }
}

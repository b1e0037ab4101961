//! Events of `tracing` as log records: what the host logs, and what guests write to their standard streams and to
//! `wasi:logging`. Said of the workload that the event names, if it is one, else of the host.

use std::fmt::{Debug, Write};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::id::{SpanId, TraceId};
use crate::limits::SpanLimits;
use crate::telemetry::Telemetry;
use crate::value::{Value, unix_nanos};
use crate::wire::Message;

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
    fields.add("log.target", &Value::from(metadata.target()));
    let Fields {
        mut record,
        dropped,
        trace,
        span,
        workload,
        critical,
        ..
    } = fields;
    let now = unix_nanos(SystemTime::now());
    record.fixed64(1, now);
    record.fixed64(11, now);
    let (number, text) = severity(*metadata.level(), critical);
    record.varint(2, number);
    record.text(3, text);
    if dropped > 0 {
        record.varint(7, dropped);
    }
    // A line names a trace only if that is recorded.
    if let Some(trace) = trace {
        record.fixed32(8, 1);
        record.bytes(9, &trace.to_bytes());
    }
    if let Some(span) = span {
        record.bytes(10, &span.to_bytes());
    }
    let resource = workload.and_then(|name| telemetry.workload(&name));
    telemetry.host_log(
        resource.as_ref().unwrap_or_else(|| telemetry.resource()),
        record,
    );
}

/// Number and name of a level in OpenTelemetry.
fn severity(level: Level, critical: bool) -> (u64, &'static str) {
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

/// The fields of an event: written into a log record, but for those that have places of their own in it.
struct Fields {
    record: Message,
    attributes: usize,
    dropped: u64,
    trace: Option<TraceId>,
    span: Option<SpanId>,
    workload: Option<String>,
    critical: bool,
    limits: SpanLimits,
    /// For values that have to be shown first.
    shown: String,
}

impl Fields {
    fn new(limits: &SpanLimits) -> Self {
        Self {
            record: Message::new(),
            attributes: 0,
            dropped: 0,
            trace: None,
            span: None,
            workload: None,
            critical: false,
            limits: *limits,
            shown: String::new(),
        }
    }

    fn add(&mut self, key: &str, value: &Value<'_>) {
        if self.attributes >= self.limits.attributes {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        self.attributes = self.attributes.saturating_add(1);
        self.record
            .attribute(6, key, value, self.limits.value_length);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.record.nested(5, |body| body.text(1, value)),
            "trace_id" => self.trace = TraceId::parse(value),
            "span_id" => self.span = SpanId::parse(value),
            name => {
                if name == "workload" {
                    self.workload = Some(value.to_owned());
                }
                self.add(name, &Value::from(value));
            }
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), &value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), &value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), &value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "critical" {
            self.critical = value;
        } else {
            self.add(field.name(), &value.into());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut shown = std::mem::take(&mut self.shown);
        shown.clear();
        // Writing to a string does not fail; what cannot be shown shows nothing.
        let _ = write!(shown, "{value:?}");
        self.record_str(field, &shown);
        self.shown = shown;
    }
}

//! A `wasi:http/incoming-handler@0.2` that tells of itself by `wasi:otel@0.2.0-rc.2`.
//!
//! - `/outer` (trace id, span id and flag of what the host does for this request)
//! - `/span?NAME` (one span below that, with an event, a link, attributes of all types and an error)
//! - `/spans?N` (N spans), `/huge?BYTES` (a span with a value so long), `/wide?N` (a span with N attributes)
//! - `/own` (a span in a trace of its own), `/wrong` (spans whose ids are none)
//! - `/log?TEXT` (a record with a resource attribute), `/metrics` (a gauge, a sum and a histogram)
//! - `/labels?N` (a sum with N different values of a label)

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::{answer, number, part, split_target};

wit_bindgen::generate!({
    path: "../wit/wasi-otel",
    inline: "
        package weft-test:otel-http;
        world teller {
            import wasi:otel/tracing@0.2.0-rc.2;
            import wasi:otel/logs@0.2.0-rc.2;
            import wasi:otel/metrics@0.2.0-rc.2;
        }
    ",
    generate_all,
});

use wasi::clocks::wall_clock::Datetime;
use wasi::otel::tracing::{self, Event, Link, SpanContext, SpanData, SpanKind, Status, TraceFlags};
use wasi::otel::types::{InstrumentationScope, KeyValue, Resource};
use wasi::otel::{logs, metrics};

wasip2::http::proxy::export!(Teller);

struct Teller;

impl Guest for Teller {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        match tell(route, query) {
            Some(text) => answer::text(out, 200, &text),
            None => answer::text(out, 404, "no such route"),
        }
    }
}

fn tell(route: &str, query: &str) -> Option<String> {
    let outer = tracing::outer_span_context();
    let said = format!(
        "{} {} {}",
        outer.trace_id,
        outer.span_id,
        outer.trace_flags.contains(TraceFlags::SAMPLED)
    );
    match route {
        "/outer" => {}
        "/span" => {
            let span = full(&outer, &part(query, 0));
            tracing::on_start(&span.span_context);
            tracing::on_end(&span);
        }
        "/spans" => {
            (0..number(query, 0)).for_each(|n| tracing::on_end(&below(&outer, &n.to_string())))
        }
        "/huge" => {
            let mut span = below(&outer, "huge");
            let value = "x".repeat(number(query, 0) as usize);
            span.attributes = vec![attribute("value", &value)];
            tracing::on_end(&span);
        }
        "/wide" => {
            let mut span = below(&outer, "wide");
            span.attributes = (0..number(query, 0))
                .map(|n| attribute(&format!("key {n}"), "1"))
                .collect();
            tracing::on_end(&span);
        }
        "/own" => {
            let own = SpanContext {
                trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
                trace_flags: TraceFlags::SAMPLED,
                ..outer
            };
            tracing::on_end(&below(&own, "own"));
        }
        "/wrong" => {
            for wrong in ["", "zz", "00000000000000000000000000000000"] {
                let mut span = below(&outer, "wrong");
                span.span_context.trace_id = wrong.into();
                tracing::on_end(&span);
            }
        }
        "/log" => logs::on_emit(&record(&outer, part(query, 0))),
        "/metrics" => metrics::export(&all_metrics()).ok()?,
        "/labels" => {
            let points = (0..number(query, 0)).map(|n| metrics::SumDataPoint {
                attributes: vec![attribute("label", &format!("\"{n}\""))],
                value: metrics::MetricNumber::U64(n),
                exemplars: Vec::new(),
            });
            let sum = metrics::Sum {
                data_points: points.collect(),
                start_time: at(1),
                time: at(2),
                temporality: metrics::Temporality::Cumulative,
                is_monotonic: true,
            };
            let data = metrics::MetricData::U64Sum(sum);
            metrics::export(&of(vec![metric("labelled", data)])).ok()?;
        }
        _ => return None,
    }
    Some(said)
}

fn at(seconds: u64) -> Datetime {
    Datetime {
        seconds: 1_700_000_000 + seconds,
        nanoseconds: 5,
    }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: value.into(),
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "teller".into(),
        version: Some("1.2".into()),
        schema_url: None,
        attributes: Vec::new(),
    }
}

/// A span below another one, with nothing to it.
fn below(parent: &SpanContext, name: &str) -> SpanData {
    SpanData {
        span_context: SpanContext {
            span_id: "00f067aa0ba902b7".into(),
            ..parent.clone()
        },
        parent_span_id: parent.span_id.clone(),
        span_kind: SpanKind::Internal,
        name: name.into(),
        start_time: at(1),
        end_time: at(2),
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        status: Status::Unset,
        instrumentation_scope: scope(),
        dropped_attributes: 0,
        dropped_events: 0,
        dropped_links: 0,
    }
}

/// A span with everything that one can have.
fn full(parent: &SpanContext, name: &str) -> SpanData {
    SpanData {
        span_kind: SpanKind::Producer,
        attributes: vec![
            attribute("text", "\"a\""),
            attribute("number", "5"),
            attribute("list", "[1, 2]"),
            attribute("plain", "no json"),
        ],
        events: vec![Event {
            name: "happened".into(),
            time: at(1),
            attributes: vec![attribute("n", "1")],
        }],
        links: vec![Link {
            span_context: parent.clone(),
            attributes: Vec::new(),
        }],
        status: Status::Error("it broke".into()),
        dropped_events: 3,
        ..below(parent, name)
    }
}

fn record(outer: &SpanContext, text: String) -> logs::LogRecord {
    logs::LogRecord {
        timestamp: Some(at(1)),
        observed_timestamp: None,
        severity_text: Some("WARN".into()),
        severity_number: Some(13),
        body: Some(format!("\"{text}\"")),
        attributes: Some(vec![attribute("n", "7")]),
        event_name: None,
        resource: Some(Resource {
            attributes: vec![
                attribute("team", "\"blue\""),
                attribute("weft.tenant", "\"somebody else\""),
            ],
            schema_url: None,
        }),
        instrumentation_scope: Some(scope()),
        trace_id: Some(outer.trace_id.clone()),
        span_id: Some(outer.span_id.clone()),
        trace_flags: Some(outer.trace_flags),
    }
}

fn metric(name: &str, data: metrics::MetricData) -> metrics::Metric {
    metrics::Metric {
        name: name.into(),
        description: String::new(),
        unit: "1".into(),
        data,
    }
}

fn of(all: Vec<metrics::Metric>) -> metrics::ResourceMetrics {
    metrics::ResourceMetrics {
        resource: Resource {
            attributes: Vec::new(),
            schema_url: None,
        },
        scope_metrics: vec![metrics::ScopeMetrics {
            scope: scope(),
            metrics: all,
        }],
    }
}

fn all_metrics() -> metrics::ResourceMetrics {
    let gauge = metrics::Gauge {
        data_points: vec![metrics::GaugeDataPoint {
            attributes: Vec::new(),
            value: metrics::MetricNumber::F64(0.5),
            exemplars: Vec::new(),
        }],
        start_time: None,
        time: at(2),
    };
    let sum = metrics::Sum {
        data_points: vec![metrics::SumDataPoint {
            attributes: vec![attribute("kind", "\"sold\"")],
            value: metrics::MetricNumber::U64(3),
            exemplars: Vec::new(),
        }],
        start_time: at(1),
        time: at(2),
        temporality: metrics::Temporality::Delta,
        is_monotonic: true,
    };
    let histogram = metrics::Histogram {
        data_points: vec![metrics::HistogramDataPoint {
            attributes: Vec::new(),
            count: 2,
            bounds: vec![1.0],
            bucket_counts: vec![1, 1],
            min: Some(metrics::MetricNumber::S64(0)),
            max: Some(metrics::MetricNumber::S64(4)),
            sum: metrics::MetricNumber::S64(4),
            exemplars: Vec::new(),
        }],
        start_time: at(1),
        time: at(2),
        temporality: metrics::Temporality::Cumulative,
    };
    of(vec![
        metric("level", metrics::MetricData::F64Gauge(gauge)),
        metric("sales", metrics::MetricData::U64Sum(sum)),
        metric("sizes", metrics::MetricData::S64Histogram(histogram)),
    ])
}

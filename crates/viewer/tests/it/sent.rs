//! What programs send.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// 12 November 2026, in nanoseconds.
pub(crate) const NOW: u64 = 1_794_441_600_000_000_000;
pub(crate) const MILLI: u64 = 1_000_000;

/// The id of a test's trace.
pub(crate) fn trace(number: u64) -> Vec<u8> {
    [[0xab; 8], number.to_be_bytes()].concat()
}

pub(crate) fn trace_hex(number: u64) -> String {
    trace(number)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

fn resource(service: &str) -> Option<Resource> {
    Some(Resource {
        attributes: vec![text("service.name", service)],
        ..Resource::default()
    })
}

/// A span; times are milliseconds after `NOW`.
pub(crate) fn span(of: u64, id: u64, parent: u64, name: &str, from: u64, to: u64) -> Span {
    Span {
        trace_id: trace(of),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: match parent {
            0 => Vec::new(),
            parent => parent.to_be_bytes().to_vec(),
        },
        name: name.to_owned(),
        kind: 2,
        start_time_unix_nano: NOW + from * MILLI,
        end_time_unix_nano: NOW + to * MILLI,
        ..Span::default()
    }
}

pub(crate) fn failed(mut span: Span, why: &str) -> Span {
    span.status = Some(Status {
        code: 2,
        message: why.to_owned(),
    });
    span
}

pub(crate) fn spans(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(service),
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

/// A log line; `of` is the number of its trace, or 0.
pub(crate) fn line(severity: i32, body: &str, of: u64, span: u64) -> LogRecord {
    LogRecord {
        time_unix_nano: NOW + 5 * MILLI,
        severity_number: severity,
        body: Some(AnyValue {
            value: Some(Value::StringValue(body.to_owned())),
        }),
        trace_id: if of == 0 { Vec::new() } else { trace(of) },
        span_id: if span == 0 {
            Vec::new()
        } else {
            span.to_be_bytes().to_vec()
        },
        ..LogRecord::default()
    }
}

pub(crate) fn logs(service: &str, log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource(service),
            scope_logs: vec![ScopeLogs {
                log_records,
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

/// A point of a gauge; the time is in seconds after `NOW`.
pub(crate) fn point(second: u64, value: f64, attributes: Vec<KeyValue>) -> NumberDataPoint {
    NumberDataPoint {
        time_unix_nano: NOW + second * 1000 * MILLI,
        value: Some(number_data_point::Value::AsDouble(value)),
        attributes,
        ..NumberDataPoint::default()
    }
}

pub(crate) fn gauge(
    service: &str,
    name: &str,
    data_points: Vec<NumberDataPoint>,
) -> ExportMetricsServiceRequest {
    let metric = Metric {
        name: name.to_owned(),
        unit: "By".to_owned(),
        data: Some(Data::Gauge(Gauge { data_points })),
        ..Metric::default()
    };
    metrics(service, vec![metric])
}

pub(crate) fn metrics(service: &str, metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(service),
            scope_metrics: vec![ScopeMetrics {
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

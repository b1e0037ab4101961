//! What a collector receives.

use std::sync::Arc;
use std::time::Duration;

use weft_telemetry::proto::metrics::v1::{
    Gauge, Metric, NumberDataPoint, metric, number_data_point,
};
use weft_telemetry::stats::SignalKind;
use weft_telemetry::{MetricSource, Protocol};
use weft_testkit::collector::{Collector, Manner};

use crate::support::{SOON, config, from_variables, request, running};

#[tokio::test]
async fn spans_arrive_by_grpc() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = running(config(&collector.url(), Protocol::Grpc));
    let trace = request(&telemetry, "hello");
    let span = collector.span("hello").await;
    assert_eq!(span.it.trace_id, trace.context().trace.to_bytes());
    assert_eq!(span.it.span_id, trace.context().span.to_bytes());
    assert_eq!(span.resource("service.name"), "weft-test");
    assert_eq!(span.scope.name, "weft");
    assert!(span.it.start_time_unix_nano <= span.it.end_time_unix_nano);
}

#[tokio::test]
async fn spans_arrive_by_http() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = running(config(&collector.url(), Protocol::Http));
    request(&telemetry, "hello");
    let span = collector.span("hello").await;
    assert_eq!(span.resource("service.name"), "weft-test");
}

#[tokio::test]
async fn compressed_messages_and_headers_arrive_by_both() {
    for protocol in ["grpc", "http/protobuf"] {
        let collector = Collector::start(Manner::Takes).await;
        let telemetry = from_variables(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=abc%20def"),
            ("OTEL_BSP_SCHEDULE_DELAY", "5"),
        ]);
        request(&telemetry, "packed");
        collector.span("packed").await;
        let headers = collector.received().headers;
        let key = headers.first().and_then(|headers| headers.get("x-key"));
        assert_eq!(key.expect("it is there"), "abc def", "{protocol}");
    }
}

#[tokio::test]
async fn many_spans_go_in_few_messages_over_one_connection() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = running(config(&collector.url(), Protocol::Grpc));
    for _ in 0..2_000 {
        request(&telemetry, "one of many");
    }
    collector.spans(2_000).await;
    let messages = collector.received().headers.len();
    assert!(messages <= 2_000 / 512 + 4, "{messages} messages");
}

#[tokio::test]
async fn the_end_sends_what_waits() {
    let collector = Collector::start(Manner::Takes).await;
    let mut config = config(&collector.url(), Protocol::Grpc);
    config.traces.delay = Duration::from_secs(3600);
    let telemetry = running(config);
    for _ in 0..1_000 {
        request(&telemetry, "late");
    }
    telemetry.shutdown(SOON).await;
    assert_eq!(collector.received().spans.len(), 1_000);
    let traces = telemetry.stats().of(SignalKind::Traces);
    assert_eq!((traces.sent(), traces.waiting()), (1_000, 0));
}

struct Thermometer;

impl MetricSource for Thermometer {
    fn metrics(&self, start: u64, now: u64) -> Vec<Metric> {
        assert!(start <= now);
        vec![Metric {
            name: "degrees".to_owned(),
            data: Some(metric::Data::Gauge(Gauge {
                data_points: vec![NumberDataPoint {
                    time_unix_nano: now,
                    value: Some(number_data_point::Value::AsInt(21)),
                    ..NumberDataPoint::default()
                }],
            })),
            ..Metric::default()
        }]
    }
}

#[tokio::test]
async fn metrics_are_read_and_sent_regularly() {
    let collector = Collector::start(Manner::Takes).await;
    let mut config = config(&collector.url(), Protocol::Grpc);
    config.metric_interval = Duration::from_millis(20);
    let telemetry = running(config);
    telemetry.watch(Arc::new(Thermometer), &tokio::runtime::Handle::current());
    let metrics = collector
        .wait_for(|all| (all.metrics.len() >= 3).then(|| all.metrics.clone()))
        .await;
    assert!(metrics.iter().all(|metric| metric.it.name == "degrees"));
    assert_eq!(metrics[0].resource("service.name"), "weft-test");
}

#[tokio::test]
async fn metrics_are_read_once_more_at_the_end() {
    let collector = Collector::start(Manner::Takes).await;
    let mut config = config(&collector.url(), Protocol::Http);
    config.metric_interval = Duration::from_secs(3600);
    let telemetry = running(config);
    telemetry.watch(Arc::new(Thermometer), &tokio::runtime::Handle::current());
    telemetry.shutdown(SOON).await;
    assert_eq!(collector.received().metrics.len(), 1);
}

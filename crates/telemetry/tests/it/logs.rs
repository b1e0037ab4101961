//! Events as log records.

use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;
use weft_telemetry::logs::Outlet;
use weft_telemetry::{Protocol, Resource, Telemetry};
use weft_testkit::collector::{Collector, Manner};

use crate::support::{SOON, config, running};

async fn telemetry(collector: &Collector) -> Telemetry {
    running(config(&collector.url(), Protocol::Grpc))
}

fn logging(telemetry: &Telemetry, work: impl FnOnce()) {
    let outlet = Outlet::default();
    let subscriber = tracing_subscriber::registry().with(outlet.layer());
    with_default(subscriber, || {
        tracing::info!("nobody listens yet");
        outlet.open(telemetry);
        work();
    });
}

#[tokio::test]
async fn an_event_arrives_with_its_fields_its_level_and_its_trace() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = telemetry(&collector).await;
    logging(&telemetry, || {
        tracing::warn!(
            count = 3_u64,
            ratio = 0.5,
            ok = true,
            trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
            span_id = "00f067aa0ba902b7",
            "it is {}",
            "late"
        );
    });
    telemetry.shutdown(SOON).await;
    let logs = collector.received().logs;
    assert_eq!(logs.len(), 1);
    let log = &logs[0];
    assert_eq!(log.body(), "it is late");
    assert_eq!(
        (log.it.severity_number, log.it.severity_text.as_str()),
        (13, "WARN")
    );
    assert_eq!(
        ["count", "ratio", "ok"].map(|key| log.attribute(key)),
        ["3", "0.5", "true"]
    );
    assert_eq!(
        (log.it.trace_id.len(), log.it.span_id.len(), log.it.flags),
        (16, 8, 1)
    );
    assert_eq!(log.resource("service.name"), "weft-test");
}

#[tokio::test]
async fn what_is_logged_about_a_workload_is_said_of_the_workload() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = telemetry(&collector).await;
    telemetry.knows("acme/shop", &Resource::new([("service.name", "shop")]));
    logging(&telemetry, || {
        tracing::info!(target: "guest", workload = "acme/shop", component = "web", "sold");
        tracing::error!(target: "guest", workload = "acme/shop", critical = true, "empty");
        tracing::info!(target: "guest", workload = "acme/other", "unknown");
    });
    telemetry.shutdown(SOON).await;
    let said: Vec<_> = collector
        .received()
        .logs
        .iter()
        .map(|log| {
            format!(
                "{} {} {}",
                log.resource("service.name"),
                log.it.severity_text,
                log.body()
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "shop INFO sold",
            "shop CRITICAL empty",
            "weft-test INFO unknown"
        ]
    );
}

#[tokio::test]
async fn the_line_of_a_request_that_went_well_is_sent_only_with_its_trace() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = telemetry(&collector).await;
    logging(&telemetry, || {
        let none: Option<&str> = None;
        tracing::info!(target: "weft_ingress::record", trace_id = none, "unrecorded");
        tracing::info!(target: "weft_ingress::record", trace_id = "4bf92f3577b34da6a3ce929d0e0e4736", "recorded");
        tracing::warn!(target: "weft_ingress::record", trace_id = none, "failed");
    });
    telemetry.shutdown(SOON).await;
    let logs = collector.received().logs;
    let said: Vec<_> = logs.iter().map(|log| log.body()).collect();
    assert_eq!(said, ["recorded", "failed"]);
}

#[tokio::test]
async fn what_sending_itself_logs_is_not_sent() {
    let collector = Collector::start(Manner::Takes).await;
    let telemetry = telemetry(&collector).await;
    logging(&telemetry, || {
        tracing::warn!(target: "weft_telemetry::export", "cannot be delivered");
        tracing::debug!(target: "h2::client", "frame");
    });
    telemetry.shutdown(SOON).await;
    assert!(collector.received().logs.is_empty());
}

#[tokio::test]
async fn a_long_value_is_cut_and_too_many_are_counted() {
    let collector = Collector::start(Manner::Takes).await;
    let mut config = config(&collector.url(), Protocol::Grpc);
    config.limits.value_length = 10;
    config.limits.attributes = 2;
    let telemetry = running(config);
    logging(&telemetry, || {
        tracing::info!(a = "é".repeat(100), b = 1_i64, c = 2_i64, "long");
    });
    telemetry.shutdown(SOON).await;
    let logs = collector.received().logs;
    assert_eq!(logs[0].attribute("a"), "é".repeat(10));
    assert_eq!(logs[0].it.dropped_attributes_count, 2);
}

//! What guests tell of themselves by `wasi:otel`: in the trace of their request, as whom they are, and no more than they may.

use weft_telemetry::limits::GUEST_ITEMS_PER_REQUEST;
use weft_telemetry::proto::metrics::v1::metric::Data;
use weft_telemetry::sampler::{Root, Sampler};
use weft_testkit::collector::{Collector, Manner, shown, text};
use weft_testkit::guest;

use crate::manifest::Manifest;
use crate::operated::Operated;
use crate::telemetry::{sent_to, telling};

fn teller() -> Manifest {
    Manifest::new("acme", "teller", &guest("otel_http"))
        .set("otel.resource.service.name", "stories")
}

async fn ask(operated: &Operated, manifest: &Manifest, path: &str) -> String {
    let reply = operated
        .client(manifest)
        .get(path)
        .await
        .expect("the host answers");
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The page's counter of what guests may not hand in.
async fn refused(operated: &Operated, signal: &'static str, wanted: f64) {
    let labels = [("signal", signal), ("reason", "limit")];
    operated
        .metrics_once(|page| page.get("weft_telemetry_dropped_total", &labels) == wanted)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_of_a_guest_is_below_what_the_host_does_for_it() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = teller();
    let _running = operated.start(&manifest).await;
    let outer = ask(&operated, &manifest, "/span?tale").await;
    let (run, tale) = (
        collector.span("weft.run").await,
        collector.span("tale").await,
    );
    assert_eq!(
        outer,
        format!("{} {} true", hex(&run.it.trace_id), hex(&run.it.span_id))
    );
    assert!(tale.is_child_of(&run));
    assert_eq!(
        (tale.scope.name.as_str(), tale.scope.version.as_str()),
        ("teller", "1.2")
    );
    assert_eq!(tale.it.kind, 4);
    assert_eq!(tale.it.start_time_unix_nano, 1_700_000_001_000_000_005);
    assert_eq!(
        (tale.attribute("text"), tale.attribute("number")),
        ("a".into(), "5".into())
    );
    assert_eq!(tale.attribute("plain"), "no json");
    assert_eq!(tale.it.events.len(), 1);
    assert_eq!(tale.it.dropped_events_count, 3);
    assert_eq!(tale.it.links[0].span_id, run.it.span_id);
    assert_eq!(
        tale.it.status.as_ref().expect("it failed").message,
        "it broke"
    );
    for (key, value) in [
        ("service.name", "stories"),
        ("weft.tenant", "acme"),
        ("weft.workload", "teller"),
    ] {
        assert_eq!(tale.resource(key), value);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_in_a_trace_that_is_not_recorded_are_not_sent_and_those_of_its_own_are() {
    let collector = Collector::start(Manner::Takes).await;
    let mut config = sent_to(&collector);
    config.sampler = Sampler::Root(Root::AlwaysOff);
    let operated = telling(config).await;
    let manifest = teller();
    let _running = operated.start(&manifest).await;
    let outer = ask(&operated, &manifest, "/span?tale").await;
    assert!(
        outer.ends_with(" false") && !outer.starts_with("0000"),
        "{outer}"
    );
    ask(&operated, &manifest, "/own").await;
    let own = collector.span("own").await;
    assert_eq!(hex(&own.it.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(collector.received().spans.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_telemetry_a_guest_that_tells_is_answered_as_well() {
    let operated = Operated::new().await;
    let manifest = teller();
    let _running = operated.start(&manifest).await;
    let nowhere = format!("{} {} false", "0".repeat(32), "0".repeat(16));
    for path in ["/outer", "/span?tale", "/log?a", "/metrics"] {
        assert_eq!(ask(&operated, &manifest, path).await, nowhere, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_records_have_the_ids_and_what_the_guest_says_of_itself() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = teller();
    let _running = operated.start(&manifest).await;
    let outer = ask(&operated, &manifest, "/log?once").await;
    let log = collector.wait_for(|all| all.logs.first().cloned()).await;
    assert_eq!(log.body(), "once");
    assert_eq!(
        (log.it.severity_number, log.it.severity_text.as_str()),
        (13, "WARN")
    );
    assert_eq!(log.attribute("n"), "7");
    assert!(outer.starts_with(&format!(
        "{} {}",
        hex(&log.it.trace_id),
        hex(&log.it.span_id)
    )));
    assert_eq!(log.resource("service.name"), "stories");
    assert_eq!(log.resource("team"), "blue");
    // Whose it is, it cannot say.
    assert_eq!(log.resource("weft.tenant"), "acme");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_of_a_guest_arrive_as_they_are() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = teller();
    let _running = operated.start(&manifest).await;
    ask(&operated, &manifest, "/metrics").await;
    let sizes = collector
        .wait_for(|all| {
            all.metrics
                .iter()
                .find(|metric| metric.it.name == "sizes")
                .cloned()
        })
        .await;
    assert_eq!(sizes.resource("service.name"), "stories");
    assert_eq!(sizes.scope.name, "teller");
    let Some(Data::Histogram(histogram)) = &sizes.it.data else {
        panic!("it is a histogram")
    };
    assert_eq!(histogram.data_points[0].bucket_counts, [1, 1]);
    let all = collector.received().metrics;
    let sales = all
        .iter()
        .find(|metric| metric.it.name == "sales")
        .expect("it came with it");
    let Some(Data::Sum(sum)) = &sales.it.data else {
        panic!("it is a sum")
    };
    assert!(sum.is_monotonic && sum.aggregation_temporality == 1);
    assert_eq!(text(&sum.data_points[0].attributes, "kind"), "sold");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_cannot_hand_in_a_million_spans_and_others_are_still_heard() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let (greedy, modest) = (
        teller(),
        Manifest::new("other", "modest", &guest("otel_http")),
    );
    let _greedy = operated.start(&greedy).await;
    let _modest = operated.start(&modest).await;
    ask(&operated, &greedy, "/spans?100000").await;
    ask(&operated, &modest, "/span?heard").await;
    collector.span("heard").await;
    refused(
        &operated,
        "traces",
        f64::from(100_000 - GUEST_ITEMS_PER_REQUEST),
    )
    .await;
    let spans = collector.received().spans;
    let of_greedy = spans
        .iter()
        .filter(|span| span.scope.name == "teller" && span.resource("weft.tenant") == "acme");
    assert!(of_greedy.count() <= GUEST_ITEMS_PER_REQUEST as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_values_are_cut_and_wrong_ids_are_refused() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = teller();
    let _running = operated.start(&manifest).await;
    ask(&operated, &manifest, "/huge?1000000").await;
    let huge = collector.span("huge").await;
    assert_eq!(huge.attribute("value").len(), 4096);
    ask(&operated, &manifest, "/wide?10000").await;
    let wide = collector.span("wide").await;
    assert_eq!(
        (wide.it.attributes.len(), wide.it.dropped_attributes_count),
        (128, 9_872)
    );
    ask(&operated, &manifest, "/wrong").await;
    refused(&operated, "traces", 3.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_values_of_a_label_pass_through_within_bounds() {
    let collector = Collector::start(Manner::Takes).await;
    let operated = telling(sent_to(&collector)).await;
    let manifest = teller();
    let _running = operated.start(&manifest).await;
    for _ in 0..20 {
        ask(&operated, &manifest, "/labels?1000").await;
    }
    let labelled = collector
        .wait_for(|all| {
            all.metrics
                .iter()
                .find(|metric| metric.it.name == "labelled")
                .cloned()
        })
        .await;
    let Some(Data::Sum(sum)) = &labelled.it.data else {
        panic!("it is a sum")
    };
    // One metric has at most so many; nothing of it is kept here.
    assert_eq!(sum.data_points.len(), 500);
    assert_eq!(shown(&sum.data_points[7].attributes, "label"), "7");
    // What the collector has is counted as sent when its answer has come.
    operated
        .metrics_once(|page| {
            page.get("weft_telemetry_queued", &[("signal", "metrics")]) < 100.0
                && page.sum("weft_telemetry_sent_total", &[]) > 0.0
        })
        .await;
}

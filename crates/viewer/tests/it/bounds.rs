//! Memory is bounded whatever comes in.

use opentelemetry_proto::tonic::trace::v1::span::Event;
use weft_viewer::{Limits, Report, Source, Store};

use crate::harness::Running;
use crate::sent::{gauge, line, logs, point, span, spans, text, trace_hex};

const SMALL: Limits = Limits {
    trace_bytes: 2 << 20,
    traces: 100,
    spans_per_trace: 50,
    log_bytes: 1 << 20,
    logs: 1_000,
    series: 100,
    points: 10,
};

#[tokio::test(flavor = "multi_thread")]
async fn of_a_million_spans_the_last_ones_are_kept() {
    let running = Running::with(SMALL);
    for batch in 0..1_000 {
        let batch = (0..1_000).map(|index| span(1 + batch, index + 1, 0, "flood", 0, 1));
        running.store.spans(spans("flood", batch.collect()));
    }
    let state = running.get("/api/state").await;
    assert_eq!(
        (&state["traces"], &state["spans"]),
        (&100.into(), &5_000.into())
    );
    assert_eq!(state["dropped"]["spans"], 995_000);
    assert!(running.store.bytes() <= SMALL.trace_bytes);
    let last = running.get("/api/traces?limit=1").await;
    assert_eq!(last["traces"][0]["id"], trace_hex(1_000));
    let whole = running
        .get(&format!("/api/traces/{}", trace_hex(1_000)))
        .await;
    assert_eq!(whole["dropped"], 950);
}

#[test]
fn large_records_count_by_their_size() {
    let store = Store::new(SMALL);
    let large = "x".repeat(8 << 10);
    for number in 0..150_u64 {
        let mut span = span(number + 1, 1, 0, &large, 0, 1);
        span.attributes = vec![text("k", &large); 100];
        span.events = (0..100)
            .map(|_| Event {
                name: large.clone(),
                attributes: vec![text("k", &large); 100],
                ..Event::default()
            })
            .collect();
        store.spans(spans(&large, vec![span]));
        let mut line = line(9, &large, 0, 0);
        line.attributes = vec![text("k", &large); 100];
        store.logs(logs(&format!("{number}{large}"), vec![line]));
        assert!(store.bytes() <= SMALL.trace_bytes + SMALL.log_bytes);
    }
}

#[test]
fn a_thousand_distinct_labels_do_not_grow_memory() {
    let store = Store::new(SMALL);
    let fill = |from: u64| {
        for number in from..from + 10_000 {
            let label = text("user", &number.to_string());
            store.metrics(gauge(
                "shop",
                "logins",
                vec![point(number, 1.0, vec![label])],
            ));
        }
        store.bytes()
    };
    let first = fill(0);
    let second = fill(1_000_000);
    assert!(second <= first + first / 10, "{first} {second}");
    assert!(first < 1 << 20, "{first}");
    // One series with many points keeps the last.
    for second in 0..10_000 {
        store.metrics(gauge("shop", "memory", vec![point(second, 1.0, vec![])]));
    }
    assert!(store.bytes() < 1 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_services_and_processes_are_not_all_told_apart() {
    let running = Running::start();
    for number in 0..2_000 {
        running.store.spans(spans(
            &format!("service {number}"),
            vec![span(number + 1, 1, 0, "x", 0, 1)],
        ));
        running.store.report(Report {
            source: Source {
                id: number.to_string(),
                name: "x".repeat(10_000),
                url: String::new(),
            },
            state: "serving".to_owned(),
            workloads: vec!["x".repeat(1 << 20).into()],
        });
    }
    let state = running.get("/api/state").await;
    assert!(state["services"].as_array().unwrap().len() <= 513);
    let told = running.get("/api/workloads").await;
    assert_eq!(told["processes"].as_array().unwrap().len(), 64);
    assert!(told.to_string().len() < 1 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cleared_is_gone() {
    let running = Running::start();
    running
        .store
        .spans(spans("shop", vec![span(1, 1, 0, "x", 0, 1)]));
    running.store.logs(logs("shop", vec![line(9, "x", 0, 0)]));
    running
        .store
        .metrics(gauge("shop", "m", vec![point(0, 1.0, vec![])]));
    assert_eq!(running.post("/api/clear", &[], vec![]).await.status, 200);
    assert_eq!(running.store.bytes(), 0);
    let state = running.get("/api/state").await;
    assert_eq!(
        (&state["spans"], &state["logs"], &state["series"]),
        (&0.into(), &0.into(), &0.into())
    );
}

//! A collector that is down, slow, busy or unwilling: data is lost and counted, and whoever makes it never waits.

use std::time::{Duration, Instant};

use weft_telemetry::Protocol;
use weft_telemetry::stats::{Loss, SignalKind};
use weft_testkit::collector::{Collector, Manner};
use weft_testkit::{PATIENCE, until, within};

use crate::support::{SOON, config, request, running};

/// So many spans take well below a second, if nobody waits.
const MANY: u64 = 20_000;

#[tokio::test]
async fn a_collector_that_is_down_slows_nobody_and_what_is_lost_is_counted() {
    // A port that was free a moment ago.
    let url = Collector::start(Manner::Takes).await.url();
    for protocol in [Protocol::Grpc, Protocol::Http] {
        nobody_waits(&url, protocol).await;
    }
}

#[tokio::test]
async fn a_collector_that_never_answers_slows_nobody() {
    for protocol in [Protocol::Grpc, Protocol::Http] {
        let collector = Collector::start(Manner::Silent).await;
        nobody_waits(&collector.url(), protocol).await;
    }
}

#[tokio::test]
async fn a_collector_that_refuses_slows_nobody() {
    for protocol in [Protocol::Grpc, Protocol::Http] {
        let collector = Collector::start(Manner::Refuses).await;
        nobody_waits(&collector.url(), protocol).await;
    }
}

async fn nobody_waits(url: &str, protocol: Protocol) {
    let mut config = config(url, protocol);
    if let Some(destination) = &mut config.traces.destination {
        destination.timeout = Duration::from_millis(100);
    }
    let telemetry = running(config);
    let started = Instant::now();
    for n in 0..MANY {
        request(&telemetry, "lost");
        if n % 1_000 == 0 {
            // The one that sends gets its turn.
            tokio::task::yield_now().await;
        }
    }
    // If each waited for the collector, it would be half an hour.
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    telemetry.shutdown(SOON).await;
    let traces = telemetry.stats().of(SignalKind::Traces);
    let lost: u64 = Loss::ALL.iter().map(|why| traces.lost(*why)).sum();
    assert_eq!((traces.sent(), traces.waiting(), lost), (0, 0, MANY));
    assert!(traces.lost(Loss::QueueFull) > 0);
}

#[tokio::test]
async fn what_a_busy_collector_turns_away_is_sent_again() {
    for protocol in [Protocol::Grpc, Protocol::Http] {
        let collector = Collector::start(Manner::Busy(2)).await;
        let telemetry = running(config(&collector.url(), protocol));
        request(&telemetry, "patient");
        collector.span("patient").await;
        until(|| telemetry.stats().of(SignalKind::Traces).sent() == 1).await;
        assert_eq!(collector.received().spans.len(), 1);
    }
}

#[tokio::test]
async fn data_flows_again_when_the_collector_is_back() {
    let gone = Collector::start(Manner::Takes).await;
    let addr = gone.addr.to_string();
    let telemetry = running(config(&gone.url(), Protocol::Grpc));
    request(&telemetry, "before");
    gone.span("before").await;
    drop(gone);
    request(&telemetry, "meanwhile");
    let back = Collector::start_at(&addr, Manner::Takes).await;
    back.span("meanwhile").await;
}

#[tokio::test]
async fn spans_that_the_collector_leaves_out_are_counted() {
    for protocol in [Protocol::Grpc, Protocol::Http] {
        let collector = Collector::start(Manner::TakesBut(1)).await;
        let telemetry = running(config(&collector.url(), protocol));
        for _ in 0..3 {
            request(&telemetry, "some");
        }
        telemetry.shutdown(SOON).await;
        let traces = telemetry.stats().of(SignalKind::Traces);
        assert_eq!((traces.sent(), traces.lost(Loss::Refused)), (2, 1));
    }
}

#[tokio::test]
async fn the_end_is_bounded_and_says_what_was_not_sent() {
    let collector = Collector::start(Manner::Silent).await;
    let telemetry = running(config(&collector.url(), Protocol::Grpc));
    for _ in 0..1_500 {
        request(&telemetry, "never");
    }
    let bound = Duration::from_millis(200);
    within(telemetry.shutdown(bound)).await;
    let traces = telemetry.stats().of(SignalKind::Traces);
    until(|| traces.waiting() == 0).await;
    assert_eq!(traces.lost(Loss::Shutdown), 1_500);
    request(&telemetry, "after the end");
    assert_eq!(traces.lost(Loss::Shutdown), 1_501);
}

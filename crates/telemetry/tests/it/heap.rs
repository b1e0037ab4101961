//! What waits to be sent, in bytes of the heap: however many values a label has, and whoever made them, it is bounded.
//! Nothing sends here, which is the worst that can happen to a queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use allocation_counter::measure;
use weft_telemetry::proto::common::v1::InstrumentationScope;
use weft_telemetry::proto::metrics::v1::metric::Data;
use weft_telemetry::proto::metrics::v1::{Metric, NumberDataPoint, Sum};
use weft_telemetry::signal::Scope;
use weft_telemetry::stats::{Loss, SignalKind};
use weft_telemetry::value::attribute;
use weft_telemetry::{Destination, MetricSource, Protocol, Resource, Telemetry};

const MIB: i64 = 1 << 20;

/// A telemetry whose queues nobody empties.
fn stuck() -> Telemetry {
    let nobody = "http://127.0.0.1:9".parse().expect("it is a URL");
    let host = Resource::new([("service.name", "weft-test")]);
    let mut config = weft_telemetry::Config::new(host);
    config = config.sent_to(&Destination::new(nobody, Protocol::Grpc));
    config.metric_interval = Duration::from_millis(1);
    Telemetry::new(config).expect("it needs no files")
}

/// A counter with a point for each value of a label.
fn labelled(name: &str, values: std::ops::Range<u64>) -> Metric {
    let points = values.map(|value| NumberDataPoint {
        attributes: vec![attribute("label", format!("value-{value:06}"))],
        ..NumberDataPoint::default()
    });
    Metric {
        name: name.to_owned(),
        data: Some(Data::Sum(Sum {
            data_points: points.collect(),
            ..Sum::default()
        })),
        ..Metric::default()
    }
}

/// Bytes that are held after guests have handed in so many values of a label, one in each metric.
fn held_of_guests(workloads: u64, values: u64) -> (i64, u64) {
    let telemetry = stuck();
    let resources: Vec<_> = (0..workloads)
        .map(|one| Resource::new([("service.name", format!("workload-{one}"))]))
        .collect();
    let scope = Scope::Guest(Arc::new((InstrumentationScope::default(), String::new())));
    let measured = measure(|| {
        for value in 0..values {
            for resource in &resources {
                let metric = labelled("sales", value..value + 1);
                telemetry.guest_metric(resource, scope.clone(), &metric);
            }
        }
    });
    let metrics = telemetry.stats().of(SignalKind::Metrics);
    (measured.bytes_current, metrics.waiting())
}

/// Metrics of a host with so many values of a label.
struct Host {
    values: u64,
    looked: AtomicU64,
}

impl MetricSource for Host {
    fn metrics(&self, _: u64, _: u64) -> Vec<Metric> {
        self.looked.fetch_add(1, Ordering::Relaxed);
        vec![labelled("weft.requests", 0..self.values)]
    }
}

/// Bytes that are held after the host has looked at its own metrics until there was no more room for them.
fn held_of_host(values: u64) -> i64 {
    let telemetry = stuck();
    let source = Arc::new(Host {
        values,
        looked: AtomicU64::new(0),
    });
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    // Everything that is made is made on this thread, which is the one whose memory is counted.
    let measured = measure(|| {
        telemetry.watch(
            Arc::clone(&source) as Arc<dyn MetricSource>,
            runtime.handle(),
        );
        runtime.block_on(async {
            let metrics = telemetry.stats().of(SignalKind::Metrics);
            while metrics.lost(Loss::QueueFull) == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    });
    assert!(source.looked.load(Ordering::Relaxed) > 1);
    measured.bytes_current
}

#[test]
fn fifty_thousand_values_of_a_guest_hold_as_much_as_a_thousand() {
    let (few, waiting) = held_of_guests(1, 1_000);
    assert_eq!(waiting, 512, "a quarter of the queue is one workload's");
    assert_eq!(held_of_guests(1, 50_000), (few, waiting));
    assert!((1..MIB).contains(&few), "{few} bytes");
}

#[test]
fn fifty_thousand_values_of_many_guests_hold_as_much_as_a_thousand() {
    let (few, waiting) = held_of_guests(16, 1_000);
    assert_eq!(waiting, 2048, "the whole queue");
    assert_eq!(held_of_guests(16, 50_000), (few, waiting));
    assert!((1..4 * MIB).contains(&few), "{few} bytes");
}

#[test]
fn metrics_of_a_host_with_fifty_thousand_values_hold_no_more_than_with_a_thousand() {
    let (few, many) = (held_of_host(1_000), held_of_host(50_000));
    for held in [few, many] {
        assert!((MIB..20 * MIB).contains(&held), "{few} and {many} bytes");
    }
    // A queue that has room for less than one more of the larger ones is full earlier.
    assert!(many <= few + few / 8, "{few} and {many} bytes");
    println!("a full queue holds {few} bytes with 1000 values, {many} with 50000");
}

#[test]
fn what_was_taken_out_is_free() {
    let telemetry = stuck();
    let resource = Resource::new([("service.name", "workload")]);
    let measured = measure(move || {
        for value in 0..50_000 {
            let metric = labelled("sales", value..value + 1);
            telemetry.guest_metric(&resource, Scope::Weft, &metric);
        }
        drop(telemetry);
    });
    assert!(measured.bytes_current <= 0, "{measured:?}");
}

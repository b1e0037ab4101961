//! What the registry says of workloads that start, end and start again.

use std::sync::Arc;

use weft_api::ids::{Tenant, WorkloadName};

use weft_engine::network::Learning;

use super::{ENDED_MAX, Registration, Registry, Shown, State};
use crate::series::Series;
use crate::series::tests::{Version, over};

/// A workload with one version.
struct Running {
    series: Arc<Series>,
    version: Arc<Version>,
    _registration: Registration,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.series.end(&self.version);
    }
}

fn start(registry: &Arc<Registry>, name: &str) -> Running {
    let tenant = Tenant::parse("t").unwrap();
    let workload = WorkloadName::parse(name).unwrap();
    let host = format!("{name}.example");
    let registration = registry.register(&tenant, &workload, vec![host], None, Learning::default());
    let series = Arc::clone(registration.series());
    let version = Arc::new(Version(1));
    series.begin(&version);
    Running {
        series,
        version,
        _registration: registration,
    }
}

impl Running {
    fn requests(&self, count: usize) {
        for _ in 0..count {
            self.series.requests.count(&over(200, None));
        }
    }
}

/// Each name with labels of its own, and its requests.
fn labelled(shown: &Shown) -> Vec<(&str, u64)> {
    let rows = shown.labelled.iter();
    rows.map(|row| (row.workload.as_str(), row.reading.totals.latency.count()))
        .collect()
}

fn others(shown: &Shown) -> Option<u64> {
    let others = shown.others.as_ref()?;
    Some(others.totals.latency.count())
}

#[test]
fn what_runs_is_listed_in_order_with_its_hosts() {
    let registry = Registry::new(10);
    let _running = [start(&registry, "b"), start(&registry, "a")];
    let rows = registry.workloads();
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.workload.as_str(), row.state, row.hosts.join(" ")))
        .collect();
    assert_eq!(
        shown,
        [
            ("a", State::Running, "a.example".to_owned()),
            ("b", State::Running, "b.example".to_owned()),
        ]
    );
    assert!(rows.iter().all(|row| row.since.is_some()));
}

#[test]
fn a_workload_that_ended_is_shown_once_more_and_then_forgotten() {
    let registry = Registry::new(10);
    let running = start(&registry, "a");
    running.requests(3);
    drop(running);
    assert!(registry.workloads().is_empty());
    assert_eq!(labelled(&registry.scrape()), [("a", 3)]);
    assert!(labelled(&registry.scrape()).is_empty());
}

#[test]
fn a_workload_that_starts_again_goes_on_with_its_counters() {
    let registry = Registry::new(10);
    let first = start(&registry, "a");
    first.requests(3);
    drop(first);
    let second = start(&registry, "a");
    second.requests(1);
    for _ in 0..2 {
        assert_eq!(labelled(&registry.scrape()), [("a", 4)]);
    }
}

#[test]
fn replicas_of_a_workload_are_one_row() {
    let registry = Registry::new(10);
    let (a, b) = (start(&registry, "a"), start(&registry, "a"));
    a.requests(1);
    b.requests(1);
    assert_eq!(labelled(&registry.scrape()), [("a", 2)]);
    drop(a);
    assert_eq!(registry.workloads()[0].state, State::Running);
}

#[test]
fn a_workload_whose_last_requests_are_answered_is_stopping() {
    let registry = Registry::new(10);
    let Running {
        series, version, ..
    } = &start(&registry, "a");
    series.requests.count(&over(200, None));
    let tenant = Tenant::parse("t").unwrap();
    drop(registry.register(
        &tenant,
        &WorkloadName::parse("b").unwrap(),
        Vec::new(),
        None,
        Learning::default(),
    ));
    assert_eq!(registry.workloads().len(), 1, "`b` never had a version");
    let again = registry.register(
        &tenant,
        &WorkloadName::parse("c").unwrap(),
        Vec::new(),
        None,
        Learning::default(),
    );
    again.series().begin(version);
    let held = Arc::clone(again.series());
    drop(again);
    let rows = registry.workloads();
    let c = rows.iter().find(|row| row.workload.as_str() == "c");
    assert_eq!(c.map(|row| row.state), Some(State::Stopping));
    held.end(version);
    assert_eq!(registry.workloads().len(), 1);
}

#[test]
fn workloads_beyond_the_limit_are_added_up_under_one_label() {
    let registry = Registry::new(2);
    let running: Vec<_> = (0..1_500)
        .map(|n| start(&registry, &format!("w{n:04}")))
        .collect();
    running.iter().for_each(|one| one.requests(1));
    let shown = registry.scrape();
    assert_eq!(labelled(&shown), [("w0000", 1), ("w0001", 1)]);
    assert_eq!(others(&shown), Some(1_498));
    let sum = shown.others.map(|others| others.present.instances);
    assert_eq!((sum, shown.running), (Some(1_498), 1_500));
}

#[test]
fn the_sum_of_the_others_does_not_fall_when_one_of_them_ends() {
    let registry = Registry::new(1);
    let mut running: Vec<_> = ["a", "b", "c"].map(|name| start(&registry, name)).into();
    running.iter().for_each(|one| one.requests(5));
    assert_eq!(others(&registry.scrape()), Some(10));
    running.pop();
    for _ in 0..3 {
        assert_eq!(others(&registry.scrape()), Some(10));
    }
    drop(running);
    for _ in 0..3 {
        assert_eq!(others(&registry.scrape()), Some(10));
    }
}

#[test]
fn labels_that_are_given_up_go_to_new_workloads_and_not_to_old_ones() {
    let registry = Registry::new(1);
    let (first, other) = (start(&registry, "a"), start(&registry, "b"));
    first.requests(1);
    other.requests(1);
    drop(first);
    // Its last numbers are still to be read.
    assert_eq!(labelled(&registry.scrape()), [("a", 1)]);
    let new = start(&registry, "c");
    new.requests(7);
    let shown = registry.scrape();
    assert_eq!(labelled(&shown), [("c", 7)]);
    assert_eq!(others(&shown), Some(1));
}

#[test]
fn ended_workloads_that_nobody_asks_for_are_forgotten_in_the_end() {
    let registry = Registry::new(10);
    for n in 0..ENDED_MAX + 100 {
        start(&registry, &format!("w{n}")).requests(1);
    }
    let shown = registry.scrape();
    assert_eq!(
        shown.labelled.len() as u64 + others(&shown).unwrap(),
        ENDED_MAX as u64 + 100 - 10,
        "the first ten had labels of their own and were forgotten unread, the others are in the sum"
    );
    let shown = registry.scrape();
    assert_eq!((shown.labelled.len(), shown.running), (0, 0));
}

#[test]
fn a_start_that_failed_leaves_nothing_behind() {
    let registry = Registry::new(10);
    drop(start(&registry, "a"));
    let shown = registry.scrape();
    assert!(shown.labelled.is_empty() && shown.others.is_none());
}

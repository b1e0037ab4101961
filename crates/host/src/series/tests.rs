//! What is counted of a workload whose versions come and go.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use weft_engine::limits::Limits;
use weft_engine::usage::WorkloadUsage;

use super::{ANSWERS, Answer, Metered, OTHER, Over, Reading, Series};

/// A version that has used so many seconds of CPU, and as many megabytes, instances and so on.
pub(crate) struct Version(pub(crate) u32);

impl Metered for Version {
    fn usage(&self) -> WorkloadUsage {
        WorkloadUsage {
            in_flight: self.0 as usize,
            waiting: self.0,
            instances: self.0 as usize,
            memory: u64::from(self.0) << 20,
            network: u64::from(self.0) << 10,
            cpu: Duration::from_secs(u64::from(self.0)),
            failures: BTreeMap::from([("memory", u64::from(self.0))]),
            loaded: true,
            restarts: u64::from(self.0),
            denied: BTreeMap::from([("not-listed", u64::from(self.0))]),
            reveals: 0,
            gpu: None,
            connections: self.0 as usize,
            limits: Limits {
                cpu: Some(self.0),
                ..Limits::default()
            },
        }
    }
}

/// A request that took a millisecond.
pub(crate) fn over(status: u16, code: Option<&'static str>) -> Over {
    Over {
        status: StatusCode::from_u16(status).unwrap(),
        code,
        latency: Duration::from_millis(1),
        received: 10,
        sent: 100,
    }
}

fn cpu(reading: &Reading) -> u64 {
    reading.totals.spent.cpu.as_secs()
}

#[test]
fn requests_are_counted_by_class_and_code() {
    let series = Series::default();
    for (status, code) in [
        (200, None),
        (204, None),
        (404, None),
        (502, Some("guest-trap")),
        (499, Some("client-gone")),
    ] {
        series.requests.count(&over(status, code));
    }
    let totals = series.read().totals;
    let counted: Vec<_> = totals
        .answers
        .iter()
        .map(|(answer, count)| (answer.class, answer.code, *count))
        .collect();
    assert_eq!(
        counted,
        [
            (2, "", 2),
            (4, "", 1),
            (4, "client-gone", 1),
            (5, "guest-trap", 1)
        ]
    );
    assert_eq!((totals.received, totals.sent), (50, 500));
    assert_eq!(totals.latency.count(), 5);
}

#[test]
fn a_guest_that_answers_with_every_status_there_is_makes_few_labels() {
    let series = Series::default();
    for status in 100..1000 {
        series.requests.count(&over(status, None));
    }
    let answers = series.read().totals.answers;
    let classes: Vec<_> = answers.keys().map(|answer| answer.class).collect();
    assert_eq!(classes, [0, 1, 2, 3, 4, 5]);
    assert_eq!(answers.values().sum::<u64>(), 900);
}

#[test]
fn more_answers_than_there_is_room_for_are_counted_together() {
    let series = Series::default();
    let codes: Vec<&'static str> = (0..ANSWERS + 5)
        .map(|n| &*Box::leak(format!("code-{n}").into_boxed_str()))
        .collect();
    for code in codes {
        series.requests.count(&over(500, Some(code)));
    }
    let answers = series.read().totals.answers;
    assert_eq!(answers.len(), ANSWERS + 1);
    assert_eq!(answers.get(&OTHER), Some(&5));
    let first = Answer {
        class: 5,
        code: "code-0",
    };
    assert_eq!(answers.get(&first), Some(&1));
}

#[test]
fn two_versions_at_once_are_added_up_and_the_newer_one_says_the_limits() {
    let series = Series::default();
    let (old, new) = (Arc::new(Version(2)), Arc::new(Version(3)));
    series.begin(&old);
    series.begin(&new);
    let reading = series.read();
    assert_eq!(cpu(&reading), 5);
    assert_eq!(reading.totals.spent.failures["memory"], 5);
    let present = reading.present;
    assert_eq!((present.in_flight, present.queued), (5, 5));
    assert_eq!((present.instances, present.memory), (5, 5 << 20));
    assert_eq!(present.network, 5 << 10);
    assert_eq!(present.limits.and_then(|limits| limits.cpu), Some(3));
}

#[test]
fn what_a_version_has_used_up_stays_when_it_ends_and_what_it_held_goes() {
    let series = Series::default();
    let (old, new) = (Arc::new(Version(2)), Arc::new(Version(3)));
    series.begin(&old);
    series.begin(&new);
    series.end(&old);
    drop(old);
    let reading = series.read();
    assert_eq!(cpu(&reading), 5);
    assert_eq!(reading.totals.spent.failures["memory"], 5);
    assert_eq!(reading.present.instances, 3);
    assert!(!series.is_over());
    series.end(&new);
    drop(new);
    assert!(series.is_over());
    assert_eq!(cpu(&series.read()), 5);
    assert_eq!(series.read().present, Reading::default().present);
}

#[test]
fn counters_never_fall_while_versions_come_and_go() {
    let series = Series::default();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut last = 0;
            while last < 1_000 {
                let now = cpu(&series.read());
                assert!(now >= last, "{now} after {last}");
                last = now;
            }
        });
        for _ in 0..1_000 {
            let version = Arc::new(Version(1));
            series.begin(&version);
            series.end(&version);
        }
        reader.join().unwrap();
    });
}

#[test]
fn a_version_ends_once() {
    let series = Series::default();
    let version = Arc::new(Version(4));
    series.begin(&version);
    series.end(&version);
    series.end(&version);
    assert_eq!(cpu(&series.read()), 4);
}

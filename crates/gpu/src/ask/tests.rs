//! What is understood, and what is refused with which words.

use std::time::Duration;

use proptest::prelude::*;

use super::{Allowed, Ask, KEYS};

fn refused(key: &str, value: &str) -> String {
    let refusals = Ask::read([(key, value)]).unwrap_err();
    assert_eq!(refusals.len(), 1);
    refusals[0].to_string()
}

#[test]
fn every_key_is_understood() {
    let config = [
        ("adapter", "software"),
        ("memory", "64Mi"),
        ("weight", "200"),
        ("max-in-flight", "4"),
        ("submission-deadline", "500ms"),
        ("gpu-time", "25%"),
        ("exact-timestamps", "false"),
    ];
    assert_eq!(config.map(|(key, _)| key), KEYS);
    let ask = Ask::read(config).unwrap();
    assert_eq!(ask.memory, Some(64 << 20));
    assert_eq!(ask.submission_deadline, Some(Duration::from_millis(500)));
    let quota = ask.within(&Allowed::default()).unwrap();
    assert_eq!(
        (quota.memory, quota.weight, quota.submissions),
        (64 << 20, 200, 4)
    );
    assert!(quota.staging <= quota.memory);
}

#[test]
fn a_workload_that_asks_for_nothing_gets_what_is_usual() {
    let quota = Ask::default().within(&Allowed::default()).unwrap();
    assert_eq!(quota, crate::quota::Quota::default());
    let small = Allowed {
        memory: 1 << 20,
        ..Allowed::default()
    };
    assert_eq!(Ask::default().within(&small).unwrap().memory, 1 << 20);
}

#[test]
fn what_is_wrong_is_said_with_what_may_be_written() {
    assert_eq!(
        refused("memory", "lots"),
        "`memory`: `lots` is no amount of memory; write 256Mi or 1Gi"
    );
    assert_eq!(
        refused("weight", "0"),
        "`weight`: `0` is no number from 1 to 1000"
    );
    assert_eq!(
        refused("submission-deadline", "2"),
        "`submission-deadline`: `2` is no time up to an hour; write 500ms or 2s"
    );
    assert!(refused("wieght", "1").contains("`wasi:webgpu` has adapter, memory, weight"));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let refusals = Ask::read([("memory", "0"), ("weight", "x"), ("adapter", "auto")]).unwrap_err();
    assert_eq!(refusals.len(), 2);
}

#[test]
fn what_is_more_than_the_host_allows_is_refused() {
    let ask = Ask::read([
        ("memory", "1Gi"),
        ("submission-deadline", "60s"),
        ("exact-timestamps", "true"),
    ])
    .unwrap();
    let refusals = ask.within(&Allowed::default()).unwrap_err();
    let keys: Vec<_> = refusals
        .iter()
        .map(|refusal| refusal.key.as_str())
        .collect();
    assert_eq!(keys, ["memory", "submission-deadline", "exact-timestamps"]);
    assert!(
        refusals[0].reason.contains("536870912 bytes for a tenant"),
        "{}",
        refusals[0]
    );
}

proptest! {
    #[test]
    fn no_text_does_harm(key in prop_oneof![proptest::sample::select(&KEYS[..]).prop_map(str::to_owned), ".*"], value in ".*") {
        if let Ok(ask) = Ask::read([(key.as_str(), value.as_str())]) {
            drop(ask.within(&Allowed::default()));
        }
    }
}

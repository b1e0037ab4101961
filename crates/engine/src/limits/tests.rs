//! How the wishes of parts become the limits of a program.

use super::*;

fn settle(parts: &[spec::Limits]) -> Limits {
    Limits::settle(&parts.iter(), &Limits::default())
}

#[test]
fn a_part_without_wishes_gets_the_defaults_of_the_host() {
    assert_eq!(settle(&[spec::Limits::default()]), Limits::default());
}

#[test]
fn the_memory_of_parts_adds_up_and_a_silent_part_brings_none() {
    let wish = spec::Limits {
        memory: Some(64 << 20),
        ..spec::Limits::default()
    };
    let silent = spec::Limits::default();
    assert_eq!(settle(&[wish.clone(), silent]).memory, 64 << 20);
    assert_eq!(settle(&[wish.clone(), wish]).memory, 128 << 20);
}

#[test]
fn memory_beyond_what_can_be_counted_is_the_most_that_can() {
    let wish = spec::Limits {
        memory: Some(u64::MAX),
        ..spec::Limits::default()
    };
    assert_eq!(settle(&[wish.clone(), wish]).memory, u64::MAX);
}

#[test]
fn the_cores_of_parts_add_up_and_a_silent_part_brings_none() {
    let wish = |cpu| spec::Limits {
        cpu,
        ..spec::Limits::default()
    };
    assert_eq!(settle(&[wish(Some(500)), wish(None)]).cpu, Some(500));
    assert_eq!(settle(&[wish(Some(500)), wish(Some(250))]).cpu, Some(750));
    assert_eq!(settle(&[wish(None)]).cpu, None);
}

#[test]
fn the_strictest_part_decides_how_long_and_how_many() {
    let lax = spec::Limits {
        request_timeout: Some(Duration::from_secs(60)),
        max_in_flight: Some(500),
        max_queue: Some(9),
        queue_wait: Some(Duration::from_secs(9)),
        ..spec::Limits::default()
    };
    let strict = spec::Limits {
        request_timeout: Some(Duration::from_secs(2)),
        max_in_flight: Some(3),
        max_queue: Some(0),
        queue_wait: Some(Duration::ZERO),
        ..spec::Limits::default()
    };
    let settled = settle(&[lax, strict]);
    assert_eq!(settled.request_timeout, Duration::from_secs(2));
    assert_eq!(
        settled.requests,
        Bounds {
            max_in_flight: 3,
            max_queue: 0,
            queue_wait: Duration::ZERO,
        }
    );
}

//! Who used more than its share waits exactly until the debt is paid.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Budget, Share};

const MILLI: u64 = 1_000_000;

fn quarter(now: Instant) -> Budget {
    Budget::new("25%".parse().unwrap(), now)
}

#[test]
fn a_share_is_a_percentage_a_fraction_or_a_time_of_each_second() {
    for text in ["25%", "0.25", "250ms", "250ms/s", " 25 %".trim()] {
        let share: Share = text.parse().unwrap();
        assert_eq!(share.per_second(), Duration::from_millis(250), "{text}");
    }
    assert_eq!("12.5%".parse::<Share>().unwrap().to_string(), "12.5%");
}

#[test]
fn what_is_no_share_is_refused() {
    for text in ["", "0", "101%", "2", "-1", "1s", "nan", "inf", "lots"] {
        assert!(text.parse::<Share>().is_err(), "{text}");
    }
}

#[test]
fn work_is_let_in_until_the_share_of_a_second_is_used() {
    let start = Instant::now();
    let budget = quarter(start);
    budget.spend(249 * MILLI, start);
    assert_eq!(budget.opens(start), None);
    budget.spend(MILLI, start);
    assert!(budget.opens(start).is_some());
}

#[test]
fn a_debt_is_paid_at_the_rate_of_the_share() {
    let start = Instant::now();
    let budget = quarter(start);
    budget.spend(750 * MILLI, start);
    let opens = budget.opens(start).unwrap();
    let wait = opens - start;
    assert!(wait >= Duration::from_secs(2), "{wait:?}");
    assert!(wait < Duration::from_millis(2001), "{wait:?}");
    assert_eq!(budget.opens(opens + Duration::from_micros(1)), None);
}

#[test]
fn a_pause_saves_no_more_than_one_second_brings() {
    let start = Instant::now();
    let budget = quarter(start);
    let later = start + Duration::from_secs(3600);
    budget.spend(251 * MILLI, later);
    assert!(budget.opens(later).is_some());
}

proptest! {
    #[test]
    fn over_a_long_time_nobody_gets_more_than_the_share(
        costs in proptest::collection::vec(1..500_u64, 20..60),
    ) {
        let start = Instant::now();
        let budget = quarter(start);
        let (mut now, mut used) = (start, Duration::ZERO);
        let mut last = Duration::ZERO;
        for cost in costs {
            if let Some(opens) = budget.opens(now) {
                now = opens + Duration::from_micros(1);
            }
            prop_assert_eq!(budget.opens(now), None);
            last = Duration::from_millis(cost);
            now += last;
            used += last;
            budget.spend(cost * MILLI, now);
        }
        // What it began with, and the last one, which is not paid yet.
        let allowed = (now - start) / 4 + Duration::from_millis(251) + last;
        prop_assert!(used <= allowed, "{:?} of {:?}", used, allowed);
    }
}

//! A simulated adapter, and who gets how much of it.

use proptest::prelude::*;

use super::{Fair, Ticket};

/// Nanoseconds.
const MILLI: u64 = 1_000_000;

/// An adapter that runs one submission after the other, with places for two. `kernels` gives for each tenant the weight and
/// how long its next kernel takes; each always wants more. What each got until the time is over.
fn shares(weights: &[u32], until: u64, mut kernel: impl FnMut(usize) -> u64) -> Vec<u64> {
    let mut fair = Fair::default();
    let mut got = vec![0; weights.len()];
    let (mut now, mut running): (u64, Vec<(Ticket, usize)>) = (0, Vec::new());
    for (tenant, weight) in weights.iter().enumerate() {
        for _ in 0..4 {
            fair.enqueue(tenant, *weight, tenant);
        }
    }
    while now < until {
        while running.len() < 2 {
            running.push(fair.next(|_| true).unwrap());
        }
        let (ticket, tenant) = running.remove(0);
        let took = kernel(tenant);
        now += took;
        got[tenant] += took;
        fair.finished(ticket, took);
        fair.enqueue(tenant, weights[tenant], tenant);
    }
    got
}

/// Jain's index of fairness: 1 is equal shares.
fn jain(shares: &[u64]) -> f64 {
    let sum: f64 = shares.iter().map(|share| *share as f64).sum();
    let squares: f64 = shares.iter().map(|share| (*share as f64).powi(2)).sum();
    sum * sum / (shares.len() as f64 * squares)
}

#[test]
fn tenants_with_short_and_long_kernels_get_the_same_time() {
    let got = shares(&[100; 8], 60_000 * MILLI, |tenant| {
        MILLI / 10 + 7 * MILLI * tenant as u64
    });
    assert!(jain(&got) >= 0.99, "{got:?}");
}

#[test]
fn weights_divide_the_time() {
    let got = shares(&[100, 200, 400], 60_000 * MILLI, |tenant| {
        (3 + tenant as u64) * MILLI
    });
    let unit = got.iter().sum::<u64>() as f64 / 7.0;
    for (share, weight) in got.iter().zip([1.0, 2.0, 4.0]) {
        assert!(
            (*share as f64 / (unit * weight) - 1.0).abs() < 0.1,
            "{got:?}"
        );
    }
}

#[test]
fn who_comes_back_has_saved_nothing_up() {
    let mut fair = Fair::default();
    fair.enqueue("idle", 100, 0);
    let (ticket, _) = fair.next(|_| true).unwrap();
    fair.finished(ticket, MILLI);
    for n in 0..1000 {
        fair.enqueue("busy", 100, n);
        let (ticket, _) = fair.next(|_| true).unwrap();
        fair.finished(ticket, MILLI);
    }
    for n in 0..20 {
        fair.enqueue("idle", 100, n);
        fair.enqueue("busy", 100, n);
    }
    let mut turns = Vec::new();
    for _ in 0..20 {
        let (ticket, _) = fair.next(|_| true).unwrap();
        turns.push(fair.flights[&ticket.0].tenant);
        fair.finished(ticket, MILLI);
    }
    let idle = turns.iter().filter(|tenant| **tenant == "idle").count();
    assert!((9..=11).contains(&idle), "{turns:?}");
}

#[test]
fn what_a_tenant_hands_in_keeps_its_order() {
    let mut fair = Fair::default();
    for n in 0..100 {
        fair.enqueue("a", 100, n);
    }
    for n in 0..100 {
        let (ticket, item) = fair.next(|_| true).unwrap();
        assert_eq!(item, n);
        fair.finished(ticket, n * MILLI);
    }
    assert!(fair.next(|_| true).is_none());
}

#[test]
fn nothing_is_kept_of_tenants_that_want_nothing() {
    let mut fair = Fair::default();
    for tenant in 0..10_000 {
        fair.enqueue(tenant, 100, ());
        let (ticket, ()) = fair.next(|_| true).unwrap();
        fair.finished(ticket, MILLI / 2);
    }
    assert!(fair.tenants.len() < 100, "{}", fair.tenants.len());
}

proptest! {
    #[test]
    fn everything_has_its_turn_once(steps in proptest::collection::vec((0_u8..5, 1_u32..1000, 0_u64..50), 1..300)) {
        let mut fair = Fair::default();
        let (mut flying, mut seen) = (Vec::new(), Vec::new());
        let count = steps.len();
        for (n, (tenant, weight, millis)) in steps.into_iter().enumerate() {
            fair.enqueue(tenant, weight, n);
            if millis % 3 == 0 {
                flying.extend(fair.next(|_| true));
            }
            if millis % 5 == 0 && let Some((ticket, item)) = flying.pop() {
                fair.finished(ticket, millis * MILLI);
                seen.push(item);
            }
        }
        seen.extend(flying.drain(..).map(|(ticket, item)| { fair.finished(ticket, MILLI); item }));
        while let Some((ticket, item)) = fair.next(|_| true) {
            fair.finished(ticket, MILLI);
            seen.push(item);
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        prop_assert_eq!(fair.flying(), 0);
    }
}

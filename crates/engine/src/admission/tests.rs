//! Who is let in, who waits, and who is refused in which words.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::poll;
use futures::stream::{FuturesUnordered, StreamExt};
use proptest::prelude::{Strategy, prop};
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};
use weft_testkit::within;

use super::{Admission, Gate, Permit, Refused, Scope};
use crate::limits::Bounds;

const LONG: Duration = Duration::from_secs(3600);

fn bounds(max_in_flight: u32, max_queue: u32, queue_wait: Duration) -> Bounds {
    Bounds {
        max_in_flight,
        max_queue,
        queue_wait,
    }
}

fn tenant(bounds: Bounds) -> Arc<Gate> {
    Arc::new(Gate::new(Scope::Tenant("a".into()), bounds))
}

fn workload(name: &str, bounds: Bounds, tenant: &Arc<Gate>) -> Arc<Admission> {
    let gate = Gate::new(Scope::Workload(name.into()), bounds);
    Admission::new(gate, Arc::clone(tenant))
}

/// A workload whose tenant is never the limit.
fn alone(bounds: Bounds) -> Arc<Admission> {
    workload("a/b", bounds, &tenant(self::bounds(1000, 1000, LONG)))
}

/// Enters without waiting.
fn now(admission: &Arc<Admission>) -> Permit {
    admission
        .enter()
        .now_or_never()
        .expect("no wait")
        .expect("let in")
}

fn counts(gate: &Gate) -> (usize, u32) {
    (gate.in_flight(), gate.waiting())
}

#[test]
fn requests_pass_without_waiting_while_there_are_places() {
    let admission = alone(bounds(2, 0, LONG));
    let (one, two) = (now(&admission), now(&admission));
    assert_eq!(counts(admission.workload()), (2, 0));
    assert_eq!(counts(&admission.tenant), (2, 0));
    drop((one, two));
    assert_eq!(counts(admission.workload()), (0, 0));
    assert_eq!(counts(&admission.tenant), (0, 0));
}

#[tokio::test]
async fn one_that_waits_goes_on_when_another_is_over() {
    let admission = alone(bounds(1, 1, LONG));
    let first = now(&admission);
    let mut second = pin!(admission.enter());
    assert!(poll!(&mut second).is_pending());
    assert_eq!(counts(admission.workload()), (1, 1));
    drop(first);
    let second = within(second).await.expect("let in");
    assert_eq!(counts(admission.workload()), (1, 0));
    drop(second);
    assert_eq!(counts(admission.workload()), (0, 0));
}

#[tokio::test]
async fn the_first_to_wait_is_the_first_to_go_and_nobody_overtakes() {
    let admission = alone(bounds(1, 2, LONG));
    let first = now(&admission);
    let mut second = Box::pin(admission.enter());
    let mut third = Box::pin(admission.enter());
    assert!(poll!(&mut second).is_pending());
    assert!(poll!(&mut third).is_pending());
    drop(first);
    // The place belongs to the second, though it has not noticed yet.
    assert!(matches!(
        poll!(Box::pin(admission.enter())),
        std::task::Poll::Ready(Err(Refused::Full { .. }))
    ));
    assert!(poll!(&mut third).is_pending());
    let second = within(second).await.expect("let in");
    assert!(poll!(&mut third).is_pending());
    drop(second);
    drop(within(third).await.expect("let in"));
}

#[tokio::test]
async fn a_full_queue_refuses_in_words_that_say_which_limit() {
    let admission = alone(bounds(1, 1, LONG));
    let _first = now(&admission);
    let mut second = pin!(admission.enter());
    assert!(poll!(&mut second).is_pending());
    let refused = admission.enter().await.expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "1 requests of workload a/b are in flight and 1 wait; \
         weft.dev/max-in-flight and weft.dev/max-queue set this"
    );
}

#[tokio::test]
async fn one_that_waited_too_long_is_refused_and_leaves_the_queue() {
    let admission = alone(bounds(1, 1, Duration::from_millis(5)));
    let first = now(&admission);
    let refused = within(admission.enter()).await.expect_err("refused");
    assert!(
        matches!(refused, Refused::Late { waited, .. } if waited >= Duration::from_millis(5)),
        "{refused}"
    );
    assert!(refused.to_string().contains("weft.dev/queue-wait"));
    assert_eq!(counts(admission.workload()), (1, 0));
    drop(first);
    assert_eq!(counts(admission.workload()), (0, 0));
}

#[tokio::test]
async fn without_patience_a_request_is_let_in_at_once_or_refused() {
    let admission = alone(bounds(1, 1, Duration::ZERO));
    let _first = now(&admission);
    let refused = within(admission.enter()).await.expect_err("refused");
    assert!(matches!(refused, Refused::Late { .. }), "{refused}");
}

#[tokio::test]
async fn a_place_left_to_one_that_gave_up_goes_to_the_next() {
    let admission = alone(bounds(1, 2, LONG));
    let first = now(&admission);
    let mut second = Box::pin(admission.enter());
    let mut third = Box::pin(admission.enter());
    assert!(poll!(&mut second).is_pending());
    assert!(poll!(&mut third).is_pending());
    drop(first);
    drop(second);
    assert_eq!(counts(admission.workload()), (1, 1));
    drop(within(third).await.expect("let in"));
    assert_eq!(counts(admission.workload()), (0, 0));
    assert_eq!(counts(&admission.tenant), (0, 0));
}

#[tokio::test]
async fn the_workloads_of_a_tenant_share_its_bound() {
    let tenant = tenant(bounds(1, 1, LONG));
    let one = workload("a/one", bounds(10, 10, LONG), &tenant);
    let two = workload("a/two", bounds(10, 10, LONG), &tenant);
    let held = now(&one);
    let mut waits = Box::pin(two.enter());
    assert!(poll!(&mut waits).is_pending());
    assert_eq!(counts(two.workload()), (1, 0));
    assert_eq!(counts(&tenant), (1, 1));
    let refused = one.enter().await.expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "1 requests of tenant a are in flight and 1 wait; --tenant-max-in-flight and --tenant-max-queue set this"
    );
    assert_eq!(counts(one.workload()), (1, 0), "nothing is left behind");
    drop(held);
    drop(within(waits).await.expect("let in"));
    assert_eq!(counts(two.workload()), (0, 0));
    assert_eq!(counts(&tenant), (0, 0));
}

#[tokio::test]
async fn one_that_gives_up_at_the_tenants_gate_leaves_the_workload_too() {
    let tenant = tenant(bounds(1, 1, LONG));
    let one = workload("a/one", bounds(10, 10, LONG), &tenant);
    let _held = now(&one);
    let mut waits = Box::pin(one.enter());
    assert!(poll!(&mut waits).is_pending());
    assert_eq!(counts(one.workload()), (2, 0));
    drop(waits);
    assert_eq!(counts(one.workload()), (1, 0));
    assert_eq!(counts(&tenant), (1, 0));
}

#[tokio::test]
async fn both_waits_together_are_no_longer_than_the_workloads_queue_wait() {
    let wait = Duration::from_millis(30);
    let tenant = tenant(bounds(1, 1, LONG));
    let one = workload("a/one", bounds(1, 1, wait), &tenant);
    let other = workload("a/other", bounds(9, 9, LONG), &tenant);
    let first = now(&one);
    let mut second = Box::pin(one.enter());
    assert!(poll!(&mut second).is_pending());
    // The tenant's place goes to another, so that the second waits again.
    let mut third = Box::pin(other.enter());
    assert!(poll!(&mut third).is_pending());
    drop(first);
    let _third = within(third).await.expect("let in");
    let refused = within(second).await.expect_err("refused");
    let Refused::Late { scope, waited, .. } = refused else {
        panic!("{refused}")
    };
    assert_eq!(scope, Scope::Tenant("a".into()));
    assert!(waited >= wait);
    assert_eq!(counts(one.workload()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_at_once_are_all_served_within_the_bounds() {
    let tenant = tenant(bounds(3, 1000, LONG));
    let workloads = ["a/one", "a/two"].map(|name| workload(name, bounds(2, 1000, LONG), &tenant));
    let mut requests = FuturesUnordered::new();
    for n in 0..400 {
        let admission = Arc::clone(&workloads[n % 2]);
        requests.push(tokio::spawn(async move {
            let permit = admission.enter().await.expect("let in");
            assert!(admission.workload().in_flight() <= 2);
            assert!(admission.tenant.in_flight() <= 3);
            tokio::task::yield_now().await;
            drop(permit);
        }));
    }
    while let Some(done) = within(requests.next()).await {
        done.expect("no panic");
    }
    assert_eq!(counts(&tenant), (0, 0));
}

/// What happens to a gate in the property test.
#[derive(Clone, Debug)]
enum Step {
    Enter(usize),
    Leave(prop::sample::Index),
    GiveUp(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..2usize).prop_map(Step::Enter),
        2 => proptest::prelude::any::<prop::sample::Index>().prop_map(Step::Leave),
        1 => proptest::prelude::any::<prop::sample::Index>().prop_map(Step::GiveUp),
    ];
    prop::collection::vec(step, 0..120)
}

proptest! {
    /// In flight and waiting stay within the bounds, nobody waits while there are places, and at the end nothing is
    /// left.
    #[test]
    fn bounds_hold_and_nothing_is_left_behind(
        steps in steps(), limit in 1..4u32, queue in 0..4u32, both in 1..5u32,
    ) {
        let tenant = tenant(bounds(both, 100, LONG));
        let workloads = ["a/one", "a/two"].map(|name| workload(name, bounds(limit, queue, LONG), &tenant));
        let mut waiting = Vec::new();
        let mut inside = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let _context = runtime.enter();
        for step in steps {
            match step {
                Step::Enter(which) => {
                    let admission = Arc::clone(&workloads[which]);
                    waiting.push(Box::pin(async move { admission.enter().await }));
                }
                Step::Leave(which) if !inside.is_empty() => drop(inside.swap_remove(which.index(inside.len()))),
                Step::GiveUp(which) if !waiting.is_empty() => drop(waiting.remove(which.index(waiting.len()))),
                Step::Leave(_) | Step::GiveUp(_) => {}
            }
            let mut moved = true;
            while moved {
                let before = waiting.len();
                waiting = waiting
                    .into_iter()
                    .filter_map(|mut one| match (&mut one).now_or_never() {
                        None => Some(one),
                        Some(Ok(permit)) => { inside.push(permit); None }
                        Some(Err(_)) => None,
                    })
                    .collect();
                moved = waiting.len() != before;
            }
            let idle = usize::try_from(both).expect("fits") - tenant.in_flight();
            for admission in &workloads {
                let gate = admission.workload();
                prop_assert!(gate.in_flight() <= limit as usize && gate.waiting() <= queue);
                prop_assert!(gate.waiting() == 0 || gate.in_flight() == limit as usize);
            }
            prop_assert!(tenant.waiting() == 0 || idle == 0);
            prop_assert_eq!(tenant.in_flight(), inside.len());
        }
        drop((waiting, inside));
        for admission in &workloads {
            prop_assert_eq!(counts(admission.workload()), (0, 0));
        }
        prop_assert_eq!(counts(&tenant), (0, 0));
    }
}

//! Who gets a place, in which order, and which idle instances go for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::poll;
use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};
use tokio::time::Instant;
use weft_testkit::within;

use super::books::{Books, Taken};
use super::{NoPlace, Place, Room};

fn later() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

fn tenant(name: &str) -> Arc<str> {
    name.into()
}

/// A place that is there at once.
async fn now(room: &Arc<Room>, name: &str) -> Place {
    let asked = room.place(&tenant(name), Instant::now()).await;
    asked.expect("a place")
}

fn nothing_is_left(room: &Room) {
    let inner = room.lock();
    assert!(inner.books.is_empty(), "{inner:?}");
    assert!(
        inner.waiting.is_empty() && inner.idle.is_empty(),
        "{inner:?}"
    );
    inner.books.check();
}

#[tokio::test]
async fn places_are_given_until_there_are_none_and_come_back() {
    let room = Room::new(2, 2);
    let (one, two) = (now(&room, "a").await, now(&room, "b").await);
    assert_eq!(room.counts().taken, 2);
    let refused = room.place(&tenant("c"), Instant::now()).await;
    assert_eq!(
        refused.expect_err("none").to_string(),
        "all 2 places for instances of this host are in use; a larger pool would hold more"
    );
    drop((one, two));
    nothing_is_left(&room);
}

#[tokio::test]
async fn a_tenant_never_holds_more_than_its_share() {
    let room = Room::new(4, 2);
    let held = (now(&room, "a").await, now(&room, "a").await);
    let refused = room.place(&tenant("a"), Instant::now()).await;
    assert_eq!(
        refused.expect_err("none"),
        NoPlace::Share {
            tenant: tenant("a"),
            share: 2
        }
    );
    let other = now(&room, "b").await;
    assert_eq!((room.held("a"), room.held("b")), (2, 1));
    drop((held, other));
    nothing_is_left(&room);
}

#[tokio::test]
async fn one_that_waits_gets_the_next_place() {
    let room = Room::new(1, 1);
    let held = now(&room, "a").await;
    let b = tenant("b");
    let mut waits = Box::pin(room.place(&b, later()));
    assert!(poll!(&mut waits).is_pending());
    assert_eq!(room.counts().waiting, 1);
    drop(held);
    let place = within(waits).await.expect("a place");
    assert_eq!((room.held("a"), room.held("b")), (0, 1));
    drop(place);
    nothing_is_left(&room);
}

#[tokio::test]
async fn a_thousand_waiting_requests_of_one_tenant_do_not_delay_anothers_one() {
    let room = Room::new(2, 2);
    let mut held = VecDeque::from([now(&room, "a").await, now(&room, "a").await]);
    let (a, b) = (tenant("a"), tenant("b"));
    let mut many: VecDeque<_> = (0..1000)
        .map(|_| Box::pin(room.place(&a, later())))
        .collect();
    for one in &mut many {
        assert!(poll!(one).is_pending());
    }
    let mut one = Box::pin(room.place(&b, later()));
    assert!(poll!(&mut one).is_pending());
    drop(held.pop_front());
    let first = within(one).await.expect("a place");
    drop(first);
    let next = within(many.pop_front().expect("one")).await;
    drop(next.expect("a place"));
    drop((many, held));
    nothing_is_left(&room);
}

#[tokio::test]
async fn tenants_take_turns() {
    let room = Room::new(1, 1);
    let held = now(&room, "x").await;
    let names = ["a", "a", "b", "b"].map(tenant);
    let mut waiting: Vec<_> = names
        .iter()
        .map(|name| Box::pin(room.place(name, later())))
        .collect();
    for one in &mut waiting {
        assert!(poll!(one).is_pending());
    }
    drop(held);
    let mut order = Vec::new();
    for _ in 0..4 {
        let (place, _, rest) = within(futures::future::select_all(waiting)).await;
        order.push(place.expect("a place").tenant.to_string());
        waiting = rest;
        if waiting.is_empty() {
            break;
        }
    }
    assert_eq!(order, ["a", "b", "a", "b"]);
    nothing_is_left(&room);
}

#[tokio::test]
async fn a_place_left_to_one_that_gave_up_goes_to_the_next() {
    let room = Room::new(1, 1);
    let held = now(&room, "x").await;
    let (a, b) = (tenant("a"), tenant("b"));
    let mut first = Box::pin(room.place(&a, later()));
    let mut second = Box::pin(room.place(&b, later()));
    assert!(poll!(&mut first).is_pending());
    assert!(poll!(&mut second).is_pending());
    drop(held);
    // It was given the place and has not noticed.
    drop(first);
    drop(within(second).await.expect("a place"));
    nothing_is_left(&room);
}

#[tokio::test]
async fn a_waiting_request_evicts_one_idle_instance_the_one_idle_for_longest() {
    let room = Room::new(2, 2);
    let (one, two) = (now(&room, "a").await, now(&room, "a").await);
    let (mut first, mut second) = (one.wanted(), two.wanted());
    assert!(poll!(&mut first).is_pending());
    let b = tenant("b");
    let mut waits = Box::pin(room.place(&b, later()));
    assert!(poll!(&mut waits).is_pending());
    within(&mut first).await;
    assert!(poll!(&mut second).is_pending(), "one is enough");
    drop((first, one));
    let place = within(waits).await.expect("a place");
    assert!(poll!(&mut second).is_pending(), "one is enough");
    drop((second, two, place));
    nothing_is_left(&room);
}

#[tokio::test]
async fn an_instance_that_becomes_idle_while_somebody_waits_is_asked_at_once() {
    let room = Room::new(1, 1);
    let busy = now(&room, "a").await;
    let b = tenant("b");
    let mut waits = Box::pin(room.place(&b, later()));
    assert!(poll!(&mut waits).is_pending());
    within(busy.wanted()).await;
    drop(busy);
    drop(within(waits).await.expect("a place"));
    nothing_is_left(&room);
}

#[tokio::test]
async fn one_that_works_again_before_it_heard_passes_the_call_on() {
    let room = Room::new(2, 2);
    let (one, two) = (now(&room, "a").await, now(&room, "a").await);
    let (first, mut second) = (one.wanted(), two.wanted());
    let b = tenant("b");
    let mut waits = Box::pin(room.place(&b, later()));
    assert!(poll!(&mut waits).is_pending());
    assert!(poll!(&mut second).is_pending());
    drop(first);
    within(&mut second).await;
    drop((second, two));
    drop(within(waits).await.expect("a place"));
    drop(one);
    nothing_is_left(&room);
}

#[tokio::test]
async fn a_tenant_at_its_share_evicts_its_own_and_nobody_elses() {
    let room = Room::new(3, 1);
    let (theirs, own) = (now(&room, "b").await, now(&room, "a").await);
    let (mut theirs_wanted, mut own_wanted) = (theirs.wanted(), own.wanted());
    let a = tenant("a");
    let mut waits = Box::pin(room.place(&a, later()));
    assert!(poll!(&mut waits).is_pending());
    within(&mut own_wanted).await;
    assert!(poll!(&mut theirs_wanted).is_pending());
    drop((own_wanted, own));
    drop(within(waits).await.expect("a place"));
    drop((theirs_wanted, theirs));
    nothing_is_left(&room);
}

#[tokio::test]
async fn idle_instances_are_left_alone_while_there_are_places() {
    let room = Room::new(2, 2);
    let one = now(&room, "a").await;
    let mut wanted = one.wanted();
    let two = now(&room, "b").await;
    assert!(poll!(&mut wanted).is_pending());
    assert_eq!(room.counts().idle, 1);
    drop((one, two, wanted));
    nothing_is_left(&room);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_all_served() {
    let room = Room::new(3, 2);
    let tasks: Vec<_> = (0..300)
        .map(|n| {
            let room = Arc::clone(&room);
            tokio::spawn(async move {
                let tenant = tenant(["a", "b", "c"][n % 3]);
                let place = room.place(&tenant, later()).await.expect("a place");
                assert!(room.held(&tenant) <= 2 && room.counts().taken <= 3);
                tokio::task::yield_now().await;
                // Half of them stay warm until they are asked to go.
                if n % 2 == 0 && n < 290 {
                    let idle = place.wanted();
                    tokio::time::timeout(Duration::from_millis(20), idle)
                        .await
                        .ok();
                }
                drop(place);
            })
        })
        .collect();
    for task in tasks {
        within(task).await.expect("no panic");
    }
    nothing_is_left(&room);
}

/// What happens to the books in the property test.
#[derive(Clone, Debug)]
enum Step {
    Take(usize),
    Cancel(prop::sample::Index),
    GiveBack(prop::sample::Index),
    Idle(prop::sample::Index),
    Busy(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4usize).prop_map(Step::Take),
        1 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        3 => any::<prop::sample::Index>().prop_map(Step::GiveBack),
        3 => any::<prop::sample::Index>().prop_map(Step::Idle),
        1 => any::<prop::sample::Index>().prop_map(Step::Busy),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    /// The books agree with themselves after every step (`Books::check`), each grant goes to one that waits, and
    /// nothing is left at the end.
    #[test]
    fn the_books_are_right_whatever_happens(steps in steps(), places in 0..5usize, share in 1..4usize) {
        let names = ["a", "b", "c", "d"].map(tenant);
        let mut books = Books::new(places, share);
        let (mut held, mut waiting, mut idle) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Take(which) => match books.take(&names[which]) {
                    Taken::Place(id) => held.push((id, which)),
                    Taken::Queued(ticket) => waiting.push((ticket, which)),
                },
                Step::Cancel(at) if !waiting.is_empty() => {
                    let (ticket, which) = waiting.remove(at.index(waiting.len()));
                    books.cancel(&names[which], ticket);
                }
                Step::GiveBack(at) if !held.is_empty() => {
                    let (id, which) = held.remove(at.index(held.len()));
                    books.give_back(&names[which], id);
                    let stale = idle.iter().position(|(_, place, _, _)| *place == id);
                    if let Some((ticket, place, which, _)) = stale.map(|at| idle.remove(at)) {
                        books.busy(&names[which], ticket, place);
                    }
                }
                Step::Idle(at) if !held.is_empty() => {
                    let (id, which) = held[at.index(held.len())];
                    if idle.iter().all(|(_, place, _, _)| *place != id) {
                        idle.push((books.idle(&names[which], id), id, which, false));
                    }
                }
                Step::Busy(at) if !idle.is_empty() => {
                    let (ticket, place, which, _) = idle.remove(at.index(idle.len()));
                    books.busy(&names[which], ticket, place);
                }
                _ => {}
            }
            let (granted, told) = books.decisions();
            for (ticket, tenant, id) in granted {
                let at = waiting.iter().position(|(other, _)| *other == ticket);
                prop_assert!(at.is_some(), "granted to one that does not wait");
                let (_, which) = waiting.remove(at.unwrap_or_default());
                prop_assert_eq!(&names[which], &tenant);
                held.push((id, which));
            }
            for ticket in told {
                let one = idle.iter_mut().find(|(other, _, _, told)| *other == ticket && !told);
                prop_assert!(one.is_some(), "told one that is not idle");
                if let Some(one) = one { one.3 = true; }
            }
            books.check();
        }
        for (ticket, place, which, _) in idle {
            books.busy(&names[which], ticket, place);
        }
        for (ticket, which) in waiting {
            books.cancel(&names[which], ticket);
        }
        while let Some((id, which)) = held.pop() {
            books.give_back(&names[which], id);
        }
        prop_assert!(books.is_empty());
        prop_assert!(books.decisions().0.is_empty());
    }
}

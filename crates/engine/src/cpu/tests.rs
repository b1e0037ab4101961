//! Waiting, waking, and what is left behind, by the hands of a clock that is moved; and guests that spin on real
//! threads.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::{FutureExt, poll};
use weft_testkit::within;

use super::{Account, Claim, Cpu, LAPSE, MILLI, Meter, Nanos, QUANTUM, TICK, Turn};

/// A clock that stands still until it is moved.
#[derive(Clone, Default)]
struct Hands(Arc<AtomicU64>);

impl Hands {
    fn cpu(&self, workers: usize) -> Arc<Cpu> {
        let hands = self.clone();
        let read = move || Duration::from_nanos(hands.0.load(Ordering::Relaxed));
        Cpu::new(workers, Box::new(read))
    }

    fn forward(&self, time: Nanos) {
        self.0.fetch_add(time, Ordering::Relaxed);
    }
}

/// Two accounts of different tenants on a machine of two workers. The first is in debt.
impl Account {
    /// A turn for an instance that has none.
    async fn turn(&self) -> Turn {
        self.start(Claim::none()).await.turn
    }

    /// The turn of an instance that goes on with another, from the end of the queue.
    async fn next(&self, turn: Turn) -> Turn {
        let claim = Claim { turn, waiter: None };
        self.go_on(claim).await.turn
    }
}

fn hog_and_neighbour() -> (Hands, Arc<Cpu>, Arc<Account>, Arc<Account>) {
    let hands = Hands::default();
    let cpu = hands.cpu(2);
    let (hog, neighbour) = (cpu.account("a", None), cpu.account("b", None));
    neighbour.charge(MILLI / 10);
    hog.charge(50 * MILLI);
    assert!(hog.must_wait() && !neighbour.must_wait());
    (hands, cpu, hog, neighbour)
}

fn now(account: &Account) -> Turn {
    account.turn().now_or_never().expect("at once")
}

fn waiting(cpu: &Cpu) -> usize {
    cpu.usage().waiting
}

/// Whether nothing is left of those that waited or held turns.
fn nothing_is_left(cpu: &Cpu) {
    assert_eq!(cpu.usage().waiting, 0);
    assert_eq!(cpu.usage().turns, 0);
    assert!(cpu.lock().waiting.is_empty());
}

#[test]
fn what_is_used_counts_at_once_however_little() {
    let cpu = Hands::default().cpu(2);
    let account = cpu.account("a", None);
    for _ in 0..10 {
        account.charge(7);
    }
    assert_eq!(account.used(), Duration::from_nanos(70));
    cpu.tick();
    account.charge(5 * MILLI);
    assert_eq!(account.used(), Duration::from_nanos(70 + 5 * MILLI));
}

#[test]
fn one_that_is_alone_starts_without_a_turn() {
    let cpu = Hands::default().cpu(2);
    let account = cpu.account("a", None);
    for _ in 0..100 {
        assert!(now(&account).0.is_none());
        account.charge(MILLI / 10);
        cpu.tick();
    }
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn those_in_debt_start_one_after_another_and_others_at_once() {
    let (_, cpu, hog, neighbour) = hog_and_neighbour();
    let first = now(&hog);
    let mut second = pin!(hog.turn());
    assert!(poll!(&mut second).is_pending());
    assert!(now(&neighbour).0.is_none());
    drop(first);
    drop(within(second).await);
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn one_that_gives_up_leaves_the_queue() {
    let (_, cpu, hog, _neighbour) = hog_and_neighbour();
    let held = now(&hog);
    let mut first = Box::pin(hog.turn());
    let mut second = Box::pin(hog.turn());
    assert!(poll!(&mut first).is_pending());
    assert!(poll!(&mut second).is_pending());
    assert_eq!(waiting(&cpu), 2);
    drop(first);
    assert_eq!(waiting(&cpu), 1);
    drop(held);
    drop(within(second).await);
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn a_turn_given_to_one_that_gave_up_goes_to_the_next() {
    let (_, cpu, hog, _neighbour) = hog_and_neighbour();
    let held = now(&hog);
    let mut first = Box::pin(hog.turn());
    let mut second = Box::pin(hog.turn());
    assert!(poll!(&mut first).is_pending());
    assert!(poll!(&mut second).is_pending());
    drop(held);
    // It was given the turn and has not noticed.
    drop(first);
    drop(within(second).await);
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn a_turn_that_is_kept_for_too_long_goes_to_the_next() {
    let (hands, cpu, hog, _neighbour) = hog_and_neighbour();
    let held = now(&hog);
    let mut second = Box::pin(hog.turn());
    assert!(poll!(&mut second).is_pending());
    hands.forward(LAPSE);
    cpu.tick();
    let second = within(second).await;
    drop(held);
    assert_eq!(cpu.usage().turns, 1, "the lapsed turn is not the second's");
    drop(second);
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn one_that_goes_on_gets_its_turn_again_when_nobody_else_wants_it() {
    let (_, cpu, hog, _neighbour) = hog_and_neighbour();
    let mut turn = now(&hog);
    for _ in 0..10 {
        hog.charge(TICK);
        turn = within(hog.next(turn)).await;
    }
    drop(turn);
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn one_that_goes_on_lets_those_go_first_that_waited_longer() {
    let (_, cpu, hog, _neighbour) = hog_and_neighbour();
    let first = now(&hog);
    let mut second = Box::pin(hog.turn());
    assert!(poll!(&mut second).is_pending());
    hog.charge(TICK);
    let mut first = Box::pin(hog.next(first));
    assert!(poll!(&mut first).is_pending());
    drop(within(second).await);
    drop(within(first).await);
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn one_that_goes_on_lets_other_tasks_of_the_thread_run() {
    let cpu = Hands::default().cpu(2);
    let account = cpu.account("a", None);
    let ran = Arc::new(AtomicBool::new(false));
    let other = Arc::clone(&ran);
    tokio::spawn(async move { other.store(true, Ordering::Relaxed) });
    drop(account.next(Turn::none()).await);
    assert!(ran.load(Ordering::Relaxed));
}

#[tokio::test]
async fn one_that_gives_up_going_on_gives_its_turn_back() {
    let (_, cpu, hog, _neighbour) = hog_and_neighbour();
    let turn = now(&hog);
    drop(hog.next(turn));
    nothing_is_left(&cpu);
    let turn = now(&hog);
    let mut goes_on = Box::pin(hog.next(turn));
    assert!(poll!(&mut goes_on).is_pending());
    drop(goes_on);
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn an_account_that_goes_away_while_others_wait_leaves_nothing() {
    let (_, cpu, hog, neighbour) = hog_and_neighbour();
    let third = cpu.account("c", None);
    third.charge(60 * MILLI);
    let held = now(&hog);
    let mut waits = Box::pin(third.turn());
    assert!(poll!(&mut waits).is_pending());
    drop(hog);
    let turn = within(&mut waits).await;
    drop(held);
    drop((turn, waits));
    drop((neighbour, third));
    nothing_is_left(&cpu);
    assert_eq!(cpu.usage().active, 0);
    assert!(cpu.lock().accounts.is_empty());
}

#[tokio::test]
async fn a_cap_makes_wait_until_it_is_paid_back() {
    let hands = Hands::default();
    let cpu = hands.cpu(2);
    let account = cpu.account("a", Some(100));
    // A tenth of a core: 10 ms are the whole burst, 20 ms of debt take 200 ms.
    account.charge(30 * MILLI);
    let mut waits = Box::pin(account.turn());
    for _ in 0..20 {
        assert!(poll!(&mut waits).is_pending());
        hands.forward(TICK);
        cpu.tick();
    }
    hands.forward(TICK);
    cpu.tick();
    drop(within(waits).await);
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn a_tick_that_is_late_makes_nothing_hang() {
    let (hands, cpu, hog, _neighbour) = hog_and_neighbour();
    let held = now(&hog);
    let mut waits = Box::pin(hog.turn());
    assert!(poll!(&mut waits).is_pending());
    // No tick at all: those that give back let others go on.
    hands.forward(10_000 * MILLI);
    drop(held);
    drop(within(waits).await);
    cpu.tick();
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn a_meter_charges_what_was_computed_and_nothing_else() {
    let hands = Hands::default();
    let cpu = hands.cpu(2);
    let account = cpu.account("a", None);
    let meter = Meter::new(Arc::clone(&account));
    within(meter.start()).await;
    hands.forward(MILLI);
    meter.enter();
    hands.forward(TICK);
    let interrupted = meter.interrupted().expect("it computed for long");
    assert_eq!(account.used(), Duration::from_millis(10));
    hands.forward(5 * MILLI);
    within(interrupted).await;
    assert_eq!(cpu.usage().turns, 1);
    hands.forward(2 * MILLI);
    meter.leave();
    meter.leave();
    hands.forward(MILLI);
    assert_eq!(account.used(), Duration::from_millis(12));
    meter.rest();
    nothing_is_left(&cpu);
}

/// Two instances of an account in debt, of which the first has the only turn.
async fn first_and_second(hog: &Arc<Account>) -> (Arc<Meter>, Arc<Meter>) {
    let [first, second] = [(); 2].map(|()| Meter::new(Arc::clone(hog)));
    within(first.start()).await;
    (first, second)
}

#[tokio::test]
async fn a_guest_goes_to_the_end_of_the_queue_when_it_has_had_its_quantum_and_not_before() {
    let (hands, cpu, hog, _neighbour) = hog_and_neighbour();
    let (first, second) = first_and_second(&hog).await;
    let mut waits = Box::pin(second.start());
    assert!(poll!(&mut waits).is_pending());
    first.enter();
    hands.forward(TICK);
    within(first.interrupted().expect("it computed for long")).await;
    assert_eq!(waiting(&cpu), 1, "the second waits on");
    hands.forward(QUANTUM - TICK);
    let mut goes_on = Box::pin(first.interrupted().expect("it computed for long"));
    assert!(poll!(&mut goes_on).is_pending());
    within(waits).await;
    second.rest();
    within(goes_on).await;
}

#[tokio::test]
async fn a_guest_that_computes_since_just_now_goes_on_without_asking() {
    let hands = Hands::default();
    let cpu = hands.cpu(2);
    let meter = Meter::new(cpu.account("a", None));
    meter.enter();
    hands.forward(TICK / 2 - 1);
    assert!(meter.interrupted().is_none());
    hands.forward(1);
    assert!(meter.interrupted().is_some());
}

#[tokio::test]
async fn a_guest_that_is_left_and_entered_again_and_again_is_interrupted_all_the_same() {
    let hands = Hands::default();
    let cpu = hands.cpu(2);
    let meter = Meter::new(cpu.account("a", None));
    meter.begin();
    meter.waits();
    for _ in 0..TICK / MILLI {
        // Whether it calls the host while its waits are not seen, or returns and is called again.
        meter.enter();
        hands.forward(MILLI / 2);
        meter.call();
        meter.enter();
        hands.forward(MILLI / 2);
        meter.leave();
    }
    assert!(meter.interrupted().is_some());
    meter.enter();
    assert!(meter.interrupted().is_none(), "it has just given way");
}

#[tokio::test]
async fn a_guest_in_debt_asks_unless_it_has_a_turn() {
    let (_hands, _cpu, hog, _neighbour) = hog_and_neighbour();
    let (first, second) = first_and_second(&hog).await;
    assert!(first.interrupted().is_none());
    assert!(second.interrupted().is_some());
}

#[tokio::test]
async fn a_request_that_starts_in_debt_asks_at_once() {
    let (_hands, cpu, hog, _neighbour) = hog_and_neighbour();
    let [first, second] = [(); 2].map(|()| Meter::new(Arc::clone(&hog)));
    assert!(first.begin());
    within(first.interrupted().expect("a request starts")).await;
    assert!(!first.begin(), "it has its turn");
    assert!(second.begin());
    let mut starts = Box::pin(second.interrupted().expect("a request starts"));
    assert!(poll!(&mut starts).is_pending());
    drop(starts);
    first.done();
    nothing_is_left(&cpu);
}

#[tokio::test]
async fn a_guest_that_waited_for_something_is_not_overtaken_by_those_that_came_later() {
    let (hands, cpu, hog, _neighbour) = hog_and_neighbour();
    let (first, second) = first_and_second(&hog).await;
    first.enter();
    hands.forward(MILLI);
    first.leave();
    first.rest();
    within(second.start()).await;
    let third = Meter::new(Arc::clone(&hog));
    let mut later = Box::pin(third.start());
    assert!(poll!(&mut later).is_pending());
    let mut goes_on = Box::pin(first.interrupted().expect("it has no turn"));
    assert!(poll!(&mut goes_on).is_pending());
    second.rest();
    within(goes_on).await;
    assert_eq!(waiting(&cpu), 1, "the third waits on");
}

#[tokio::test]
async fn the_next_request_of_an_instance_comes_after_those_that_wait() {
    let (_hands, cpu, hog, _neighbour) = hog_and_neighbour();
    let (first, second) = first_and_second(&hog).await;
    let mut waits = Box::pin(second.start());
    assert!(poll!(&mut waits).is_pending());
    first.done();
    let mut next = Box::pin(first.start());
    assert!(poll!(&mut next).is_pending());
    within(waits).await;
    drop(next);
    drop((first, second));
    nothing_is_left(&cpu);
}

#[test]
fn a_call_to_the_host_goes_on_being_charged_until_the_instance_waits() {
    let hands = Hands::default();
    let account = hands.cpu(2).account("a", None);
    let meter = Meter::new(Arc::clone(&account));
    meter.enter();
    hands.forward(1);
    meter.call();
    hands.forward(1);
    meter.waits();
    hands.forward(100);
    assert_eq!(account.used(), Duration::from_nanos(2));
}

#[test]
fn a_wait_that_nobody_sees_is_not_charged() {
    let hands = Hands::default();
    let account = hands.cpu(2).account("a", None);
    let meter = Meter::new(Arc::clone(&account));
    meter.begin();
    meter.enter();
    hands.forward(1);
    meter.waits();
    // Run once more: computes, calls the host, and waits there.
    meter.enter();
    hands.forward(1);
    meter.call();
    hands.forward(100);
    meter.enter();
    hands.forward(1);
    meter.waits();
    assert_eq!(account.used(), Duration::from_nanos(3));
    // From now on its waits are seen.
    meter.enter();
    meter.call();
    hands.forward(1);
    meter.waits();
    assert_eq!(account.used(), Duration::from_nanos(4));
}

#[tokio::test]
async fn an_instance_that_ends_while_it_computes_is_charged_and_gives_its_turn_back() {
    let (hands, cpu, hog, _neighbour) = hog_and_neighbour();
    let meter = Meter::new(Arc::clone(&hog));
    let before = hog.used();
    within(meter.start()).await;
    assert_eq!(cpu.usage().turns, 1);
    meter.enter();
    hands.forward(MILLI);
    drop(meter);
    assert_eq!(hog.used() - before, Duration::from_millis(1));
    nothing_is_left(&cpu);
}

/// Computes on this thread, interrupted about every `TICK` as a guest is.
async fn guest(meter: Arc<Meter>, needs: Duration, stop: Arc<AtomicBool>) {
    meter.start().await;
    meter.enter();
    let (mut done, mut since) = (Duration::ZERO, Instant::now());
    while done < needs && !stop.load(Ordering::Relaxed) {
        std::hint::spin_loop();
        if since.elapsed() >= Duration::from_nanos(TICK).min(needs - done) {
            done += since.elapsed();
            if let Some(next_slice) = meter.interrupted() {
                next_slice.await;
            }
            since = Instant::now();
        }
    }
    meter.leave();
    meter.rest();
}

/// Real threads: how often each account got on is not for a test on a busy machine to say, but that all of them do,
/// and that the neighbour's requests all end while a hundred guests spin for ever.
#[test]
fn a_hundred_guests_that_spin_do_not_keep_a_neighbour_from_its_work() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime");
    let cpu = Cpu::new(2, super::clock());
    let stop = Arc::new(AtomicBool::new(false));
    let ticker = std::thread::spawn({
        let (cpu, stop) = (Arc::clone(&cpu), Arc::clone(&stop));
        move || {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_nanos(TICK));
                cpu.tick();
            }
        }
    });
    let (hog, neighbour) = (cpu.account("a", None), cpu.account("b", None));
    let spinning: Vec<_> = (0..100)
        .map(|_| {
            let meter = Meter::new(Arc::clone(&hog));
            runtime.spawn(guest(meter, Duration::MAX, Arc::clone(&stop)))
        })
        .collect();
    runtime.block_on(within(async {
        for _ in 0..50 {
            let meter = Meter::new(Arc::clone(&neighbour));
            let request = guest(meter, Duration::from_millis(1), Arc::clone(&stop));
            tokio::spawn(request).await.expect("no panic");
        }
    }));
    assert!(neighbour.used() >= Duration::from_millis(40));
    stop.store(true, Ordering::Relaxed);
    runtime.block_on(within(async {
        for task in spinning {
            task.await.expect("no panic");
        }
    }));
    ticker.join().expect("no panic");
    nothing_is_left(&cpu);
}

//! The ledger in simulated time: a runtime with worker threads, guests that spin and guests that come and go.

use std::collections::{HashMap, VecDeque};

use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, prop_oneof, proptest};

use super::{AccountKey, Asked, Ledger, TurnKey, Waiter};
use crate::cpu::{ACTIVE, LAPSE, MILLI, Nanos, TICK};

/// The simulation goes on in steps of this.
const STEP: Nanos = MILLI / 4;

/// A runtime with threads that take tasks in the order in which they became ready, and guests that are interrupted
/// after a tick.
struct Sim {
    ledger: Ledger,
    now: Nanos,
    ticked: Nanos,
    workers: Vec<Option<Running>>,
    queue: VecDeque<Guest>,
    waiting: HashMap<Waiter, Guest>,
    used: HashMap<AccountKey, Nanos>,
    /// How long each request took that is over.
    took: HashMap<AccountKey, Vec<Nanos>>,
    /// Starts and goings-on that had to wait.
    waits: HashMap<AccountKey, usize>,
}

#[derive(Debug)]
struct Guest {
    account: AccountKey,
    /// CPU time that it still needs.
    needs: Nanos,
    came: Nanos,
    turn: Option<TurnKey>,
    started: bool,
}

struct Running {
    guest: Guest,
    slice: Nanos,
}

impl Ledger {
    /// Asks from the end of the queue. The turn, or the number to wait with.
    fn come(
        &mut self,
        account: AccountKey,
        old: Option<TurnKey>,
        now: Nanos,
    ) -> Result<TurnKey, Waiter> {
        let waiter = self.waiter();
        match self.ask(account, waiter, old, now) {
            Asked::Granted(turn) => Ok(turn),
            Asked::Waits => Err(waiter),
        }
    }
}

impl Sim {
    fn new(workers: usize) -> Self {
        Self {
            ledger: Ledger::new(workers),
            now: 0,
            ticked: 0,
            workers: (0..workers).map(|_| None).collect(),
            queue: VecDeque::new(),
            waiting: HashMap::new(),
            used: HashMap::new(),
            took: HashMap::new(),
            waits: HashMap::new(),
        }
    }

    fn account(&mut self, tenant: &str, limit: Option<u32>) -> AccountKey {
        self.ledger.open(tenant, limit, self.now)
    }

    /// A request that needs so much CPU.
    fn request(&mut self, account: AccountKey, needs: Nanos) {
        self.queue.push_back(Guest {
            account,
            needs,
            came: self.now,
            turn: None,
            started: false,
        });
    }

    fn spin(&mut self, account: AccountKey, guests: usize) {
        for _ in 0..guests {
            self.request(account, Nanos::MAX);
        }
    }

    fn run(&mut self, time: Nanos) {
        self.run_with(time, |_| {});
    }

    fn run_with(&mut self, time: Nanos, mut each: impl FnMut(&mut Self)) {
        let end = self.now + time;
        while self.now < end {
            each(self);
            self.step();
        }
    }

    fn step(&mut self) {
        if self.now >= self.ticked + TICK {
            self.ticked = self.now;
            self.ledger.tick(self.now);
            self.settle();
        }
        for worker in 0..self.workers.len() {
            while self.workers[worker].is_none() {
                let Some(guest) = self.queue.pop_front() else {
                    break;
                };
                self.resume(worker, guest);
            }
        }
        self.now += STEP;
        for worker in 0..self.workers.len() {
            self.compute(worker);
        }
    }

    fn resume(&mut self, worker: usize, mut guest: Guest) {
        if !guest.started {
            guest.started = true;
            if !self.ledger.accounts[&guest.account].standing.active {
                self.ledger.seen(guest.account, self.now);
            }
            if self.must_ask(guest.account) {
                let Some(granted) = self.ask(guest) else {
                    return;
                };
                guest = granted;
            }
        }
        self.workers[worker] = Some(Running { guest, slice: 0 });
    }

    fn compute(&mut self, worker: usize) {
        let Some(mut running) = self.workers[worker].take() else {
            return;
        };
        running.slice += STEP;
        running.guest.needs = running.guest.needs.saturating_sub(STEP);
        if running.guest.needs > 0 && running.slice < TICK {
            self.workers[worker] = Some(running);
            return;
        }
        let (guest, slice) = (running.guest, running.slice);
        *self.used.entry(guest.account).or_default() += slice;
        self.ledger.charge(guest.account, slice, slice, self.now);
        if guest.needs == 0 {
            let took = self.now - guest.came;
            self.took.entry(guest.account).or_default().push(took);
            if let Some(turn) = guest.turn {
                self.ledger.release(turn, self.now);
            }
        } else if let Some(granted) = self.ask(guest) {
            // It lets others of the thread run.
            self.queue.push_back(granted);
        }
        self.settle();
    }

    fn ask(&mut self, mut guest: Guest) -> Option<Guest> {
        let old = guest.turn.take();
        let asked = self.ledger.come(guest.account, old, self.now);
        let guest = match asked {
            Ok(turn) => {
                guest.turn = Some(turn);
                Some(guest)
            }
            Err(waiter) => {
                *self.waits.entry(guest.account).or_default() += 1;
                self.waiting.insert(waiter, guest);
                None
            }
        };
        self.settle();
        guest
    }

    fn settle(&mut self) {
        for (waiter, turn) in self.ledger.decisions().0 {
            let mut guest = self.waiting.remove(&waiter).expect("one that waits");
            guest.turn = Some(turn);
            self.queue.push_back(guest);
        }
        self.ledger.check();
    }

    fn must_ask(&self, account: AccountKey) -> bool {
        self.ledger.accounts[&account].standing.must_ask
    }

    fn used(&self, account: AccountKey) -> f64 {
        self.used.get(&account).copied().unwrap_or(0) as f64
    }

    fn waits(&self, account: AccountKey) -> usize {
        self.waits.get(&account).copied().unwrap_or(0)
    }

    fn slowest(&self, account: AccountKey) -> Nanos {
        self.took[&account].iter().copied().max().unwrap_or(0)
    }
}

impl Ledger {
    /// What must hold between any two steps.
    fn check(&self) {
        let waiting: usize = self.accounts.values().map(|a| a.waiting.len()).sum();
        assert_eq!(self.waiters.len(), waiting);
        assert!(self.turns.len() <= self.turns_max);
        let indebted = self.turns.values().filter(|held| held.indebted).count();
        assert_eq!(self.indebted, indebted);
        assert!(indebted <= self.slots);
        for (key, tenant) in &self.tenants {
            let own = || self.accounts.values().filter(|a| a.tenant == *key);
            assert_eq!(tenant.accounts, own().count());
            assert_eq!(tenant.turns, own().map(|a| a.turns).sum::<usize>());
            assert_eq!(
                tenant.ready.len(),
                own().filter(|a| a.place.is_some()).count()
            );
            let ready = !tenant.ready.is_empty();
            assert_eq!(tenant.place, ready.then(|| tenant.rank()));
        }
        let ready = self.tenants.values().filter(|t| t.place.is_some()).count();
        assert_eq!(self.ready.len(), ready);
        for account in self.accounts.values() {
            let ready = !account.waiting.is_empty() && account.may_compute();
            assert_eq!(account.place, ready.then(|| account.rank()));
        }
        let active = self.tenants.values().filter(|t| t.level.active > 0).count();
        assert_eq!(self.level.active, active);
        assert!(
            self.first().is_none(),
            "a turn is free and somebody waits for it"
        );
    }

    fn is_empty(&self) -> bool {
        self.accounts.is_empty()
            && self.tenants.is_empty()
            && self.names.is_empty()
            && self.active.is_empty()
            && self.ready.is_empty()
            && self.throttled.is_empty()
            && self.waiters.is_empty()
            && self.turns.is_empty()
            && self.level.active == 0
    }
}

fn near(share: f64, expected: f64) -> bool {
    (share - expected).abs() <= 0.05 * expected
}

#[test]
fn a_short_request_never_waits_for_a_hundred_that_spin() {
    let mut sim = Sim::new(2);
    let (a, b) = (sim.account("a", None), sim.account("b", None));
    sim.spin(a, 100);
    let mut next = 0;
    sim.run_with(5_000 * MILLI, |sim| {
        if sim.now >= next {
            next += 20 * MILLI;
            sim.request(b, MILLI);
        }
    });
    assert_eq!(sim.waits(b), 0);
    assert_eq!(sim.took[&b].len(), 250);
    // The first ones come before the ledger knows more than that both are new.
    let late = sim.took[&b]
        .iter()
        .skip(3)
        .filter(|took| **took > MILLI + STEP);
    assert_eq!(late.count(), 0, "{:?}", sim.took[&b]);
    assert!(sim.slowest(b) <= 2 * TICK, "{:?}", sim.took[&b]);
    assert!(
        sim.used(a) >= 0.99 * 5_000e6,
        "the rest goes to a: {}",
        sim.used(a)
    );
}

#[test]
fn one_that_comes_new_waits_no_longer_than_a_tick_for_one_that_was_alone() {
    let mut sim = Sim::new(2);
    let (a, b) = (sim.account("a", None), sim.account("b", None));
    sim.spin(a, 100);
    sim.run(1_003 * MILLI);
    sim.request(b, MILLI);
    sim.run(50 * MILLI);
    assert!(sim.slowest(b) <= TICK + MILLI, "{:?}", sim.took[&b]);
}

#[test]
fn one_that_comes_new_is_not_held_up_by_many_workloads_that_begin_to_spin_at_once() {
    let mut sim = Sim::new(2);
    let many: Vec<_> = (0..50).map(|_| sim.account("a", None)).collect();
    let b = sim.account("b", None);
    for account in &many {
        sim.spin(*account, 4);
    }
    sim.run(MILLI);
    sim.request(b, MILLI);
    sim.run(500 * MILLI);
    assert!(sim.slowest(b) <= 3 * TICK, "{:?}", sim.took[&b]);
}

#[test]
fn one_that_is_alone_is_not_slowed() {
    for guests in [1, 2, 4, 100] {
        let mut sim = Sim::new(4);
        let a = sim.account("a", None);
        sim.spin(a, guests);
        sim.run(1_000 * MILLI);
        let most = 1_000e6 * guests.min(4) as f64;
        assert!(
            sim.used(a) >= 0.99 * most,
            "{guests} guests: {}",
            sim.used(a)
        );
    }
}

#[test]
fn short_requests_of_one_that_is_alone_do_not_even_ask() {
    let mut sim = Sim::new(2);
    let a = sim.account("a", None);
    sim.run_with(1_000 * MILLI, |sim| {
        assert!(!sim.must_ask(a));
        while sim.queue.len() < 8 {
            sim.request(a, STEP);
        }
    });
    assert_eq!(sim.waits(a), 0);
    assert!(sim.used(a) >= 0.99 * 2_000e6);
}

#[test]
fn tenants_share_alike_however_many_workloads_and_guests_they_have() {
    let mut sim = Sim::new(2);
    let many: Vec<_> = (0..50).map(|_| sim.account("a", None)).collect();
    let one = sim.account("b", None);
    for account in &many {
        sim.spin(*account, 4);
    }
    sim.spin(one, 4);
    sim.run(500 * MILLI);
    let before = sim.used(one);
    sim.run(4_000 * MILLI);
    let share = (sim.used(one) - before) / 8_000e6;
    assert!(near(share, 0.5), "{share}");
}

#[test]
fn workloads_of_a_tenant_share_by_weight() {
    let mut sim = Sim::new(4);
    // Caps far above what they get, so that only the weights matter.
    let accounts = [1000, 2000, 4000, 9000].map(|weight| (weight, sim.account("a", Some(weight))));
    for (_, account) in accounts {
        sim.spin(account, 16);
    }
    sim.run(20_000 * MILLI);
    let all: f64 = accounts.iter().map(|(_, account)| sim.used(*account)).sum();
    assert!(all >= 0.99 * 80_000e6, "{all}");
    for (weight, account) in accounts {
        let share = sim.used(account) / all;
        let expected = f64::from(weight) / 16_000.0;
        // The smallest is capped at one core and gets a quarter of that.
        assert!(near(share, expected), "{weight}: {share} of {expected}");
    }
}

#[test]
fn a_cap_holds_with_others_and_alone() {
    for (limit, spinning) in [(10, 1), (250, 3), (1000, 8), (1500, 8)] {
        for others in [0, 8] {
            let mut sim = Sim::new(4);
            let (capped, other) = (sim.account("a", Some(limit)), sim.account("b", None));
            sim.spin(capped, spinning);
            sim.spin(other, others);
            sim.run(4_000 * MILLI);
            let cores = sim.used(capped) / 4_000e6;
            let most = f64::from(limit) / 1000.0;
            // The first slice of each is on top.
            let slack = (spinning.min(4) as f64 * TICK as f64) / 4_000e6;
            assert!(cores <= 1.03 * most + slack, "{limit}: {cores}");
            assert!(cores >= 0.95 * most, "{limit}: {cores}");
        }
    }
}

#[test]
fn a_cap_holds_over_every_tenth_of_a_second_but_for_its_burst() {
    let mut sim = Sim::new(4);
    let capped = sim.account("a", Some(500));
    sim.spin(capped, 20);
    sim.run(500 * MILLI);
    for _ in 0..50 {
        let before = sim.used(capped);
        sim.run(100 * MILLI);
        let used = sim.used(capped) - before;
        assert!(used <= 50e6 + TICK as f64, "{used}");
    }
}

#[test]
fn a_guest_that_spins_alone_gets_a_whole_core_beside_a_hundred_of_another() {
    let mut sim = Sim::new(4);
    let (many, one) = (sim.account("a", None), sim.account("b", None));
    sim.spin(many, 100);
    sim.spin(one, 1);
    sim.run(2_000 * MILLI);
    assert!(sim.used(one) >= 0.95 * 2_000e6, "{}", sim.used(one));
    assert!(sim.used(many) >= 0.95 * 6_000e6, "{}", sim.used(many));
}

#[test]
fn nobody_saves_up_credit_while_idle_or_modest() {
    for modest in [false, true] {
        let mut sim = Sim::new(4);
        let (a, b) = (sim.account("a", None), sim.account("b", None));
        sim.spin(a, 20);
        if modest {
            sim.spin(b, 1);
        }
        sim.run(5_000 * MILLI);
        sim.spin(b, 40);
        let before = (sim.used(a), sim.used(b));
        sim.run(1_000 * MILLI);
        let (a, b) = (sim.used(a) - before.0, sim.used(b) - before.1);
        assert!(b >= 0.45 * 4_000e6, "modest {modest}: b has {b}");
        assert!(a >= 0.42 * 4_000e6, "modest {modest}: a has {a}");
    }
}

#[test]
fn requests_that_each_end_within_a_tick_get_no_more_than_those_that_spin() {
    let mut sim = Sim::new(2);
    let (short, long) = (sim.account("a", None), sim.account("b", None));
    sim.spin(long, 8);
    sim.run_with(4_000 * MILLI, |sim| {
        let here = sim.queue.len() + sim.waiting.len();
        if here < 60 {
            sim.request(short, 9 * MILLI);
        }
    });
    let share = sim.used(short) / (sim.used(short) + sim.used(long));
    assert!((0.45..=0.55).contains(&share), "{share}");
}

#[test]
fn old_debt_is_forgiven() {
    let mut sim = Sim::new(2);
    let (a, b) = (sim.account("a", None), sim.account("b", None));
    for _ in 0..4 {
        sim.request(a, 500 * MILLI);
    }
    let mut next = 0;
    let mut light = |sim: &mut Sim| {
        if sim.now >= next {
            next += 20 * MILLI;
            sim.request(b, MILLI / 2);
            sim.request(a, MILLI / 2);
        }
    };
    sim.run_with(3_000 * MILLI, &mut light);
    let waits = sim.waits(a);
    sim.run_with(1_000 * MILLI, &mut light);
    assert_eq!(sim.waits(a), waits);
    assert!(!sim.must_ask(a) && !sim.must_ask(b));
}

#[test]
fn a_turn_that_is_not_given_back_lapses() {
    let mut ledger = Ledger::new(2);
    let a = ledger.open("a", None, 0);
    let turns = [ledger.come(a, None, 0), ledger.come(a, None, 0)];
    let Err(waiter) = ledger.come(a, None, 0) else {
        panic!("there are two turns")
    };
    ledger.tick(TICK);
    assert!(
        ledger.decisions().0.is_empty(),
        "a guest that computes has asked by then"
    );
    ledger.tick(LAPSE);
    let (granted, _) = ledger.decisions();
    assert_eq!(granted.first().map(|(waiter, _)| *waiter), Some(waiter));
    for turn in turns {
        let Ok(turn) = turn else { panic!("granted") };
        ledger.release(turn, LAPSE);
    }
    assert_eq!(
        ledger.counts(),
        (0, 1),
        "giving a lapsed turn back changes nothing"
    );
}

#[test]
fn an_account_that_is_closed_leaves_nothing_and_others_go_on() {
    let mut ledger = Ledger::new(1);
    let (a, b) = (ledger.open("a", Some(10), 0), ledger.open("b", None, 0));
    assert!(ledger.come(a, None, 0).is_ok());
    let waiting = [ledger.come(a, None, 0), ledger.come(b, None, 0)];
    assert!(waiting.iter().all(Result::is_err));
    ledger.close(a, 0);
    ledger.check();
    let (granted, _) = ledger.decisions();
    assert_eq!(granted.len(), 1);
    ledger.close(b, 0);
    ledger.check();
    assert!(ledger.is_empty());
}

#[test]
fn an_account_that_was_idle_is_active_no_more() {
    let mut ledger = Ledger::new(2);
    let a = ledger.open("a", None, 0);
    ledger.charge(a, MILLI, MILLI, 0);
    ledger.tick(ACTIVE);
    assert_eq!(ledger.active().count(), 1);
    ledger.tick(ACTIVE + TICK);
    assert_eq!(ledger.active().count(), 0);
    let (_, changed) = ledger.decisions();
    assert!(
        changed
            .last()
            .is_some_and(|(_, now)| !now.active && !now.must_ask)
    );
}

#[test]
fn many_that_wait_do_not_make_it_slow() {
    // Counted in steps of the simulation rather than in time: with 20,000 that wait, a quadratic ledger would need
    // minutes for this.
    let mut ledger = Ledger::new(2);
    let (a, b) = (ledger.open("a", None, 0), ledger.open("b", None, 0));
    let mut waiting = Vec::new();
    for n in 0..20_000 {
        if let Err(waiter) = ledger.come(a, None, n) {
            waiting.push(waiter);
        }
    }
    for n in 0..20_000 {
        ledger.charge(b, 100, 100, n * 1000);
        ledger.charge(a, 100, 100, n * 1000);
        if n % 10 == 0 {
            ledger.tick(n * 1000);
        }
    }
    for waiter in waiting {
        ledger.cancel(waiter);
    }
    ledger.check();
}

/// What happens to the ledger in the property tests.
#[derive(Clone, Debug)]
enum Step {
    Ask(prop::sample::Index),
    GoOn(prop::sample::Index),
    Cancel(prop::sample::Index),
    Release(prop::sample::Index),
    Charge(prop::sample::Index, Nanos),
    Open(u8, Option<u32>),
    Close(prop::sample::Index),
    Tick(Nanos),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<prop::sample::Index>;
    let limit = prop::option::of(1..5000u32);
    let step = prop_oneof![
        4 => index().prop_map(Step::Ask),
        3 => index().prop_map(Step::GoOn),
        1 => index().prop_map(Step::Cancel),
        2 => index().prop_map(Step::Release),
        4 => (index(), 0..30 * MILLI).prop_map(|(at, used)| Step::Charge(at, used)),
        1 => (0..3u8, limit).prop_map(|(tenant, limit)| Step::Open(tenant, limit)),
        1 => index().prop_map(Step::Close),
        3 => (0..40 * MILLI).prop_map(Step::Tick),
    ];
    prop::collection::vec(step, 0..150)
}

proptest! {
    /// The books agree with themselves after every step (`Ledger::check`; with it goes that no turn is free while
    /// somebody waits who may have it), each grant goes to one that waits, and nothing is left at the end.
    #[test]
    fn the_books_are_right_whatever_happens(steps in steps(), workers in 1..5usize) {
        let mut ledger = Ledger::new(workers);
        let (mut now, mut accounts, mut turns, mut waiting) = (0, Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Open(tenant, limit) => accounts.push(ledger.open(&format!("t{tenant}"), limit, now)),
                Step::Tick(time) => { now += time; ledger.tick(now); }
                _ if accounts.is_empty() => {}
                Step::Ask(at) => match ledger.come(accounts[at.index(accounts.len())], None, now) {
                    Ok(turn) => turns.push(turn),
                    Err(waiter) => waiting.push(waiter),
                },
                Step::GoOn(at) if !turns.is_empty() => {
                    let old = turns.remove(at.index(turns.len()));
                    let account = ledger.turns.get(&old).map_or(accounts[0], |held| held.account);
                    match ledger.come(account, Some(old), now) {
                        Ok(turn) => turns.push(turn),
                        Err(waiter) => waiting.push(waiter),
                    }
                }
                Step::Cancel(at) if !waiting.is_empty() => ledger.cancel(waiting.remove(at.index(waiting.len()))),
                Step::Release(at) if !turns.is_empty() => {
                    ledger.release(turns.remove(at.index(turns.len())), now);
                }
                Step::Charge(at, used) => ledger.charge(accounts[at.index(accounts.len())], used, used, now),
                Step::Close(at) => ledger.close(accounts.remove(at.index(accounts.len())), now),
                Step::GoOn(_) | Step::Cancel(_) | Step::Release(_) => {}
            }
            for (waiter, turn) in ledger.decisions().0 {
                let at = waiting.iter().position(|other| *other == waiter);
                prop_assert!(at.is_some(), "granted to one that does not wait");
                waiting.remove(at.unwrap_or_default());
                turns.push(turn);
            }
            ledger.check();
        }
        for account in accounts {
            ledger.close(account, now);
        }
        prop_assert!(ledger.is_empty(), "{ledger:?}");
    }

    /// Whoever spins gets what is due to it: its share of the machine, or what its guests can use, or its cap.
    #[test]
    fn nobody_starves(
        workers in 1..5usize,
        mix in prop::collection::vec((0..3u8, prop::option::of(100..4000u32), 1..12usize), 1..6),
    ) {
        let mut sim = Sim::new(workers);
        let accounts: Vec<_> = mix
            .iter()
            .map(|(tenant, limit, guests)| {
                let account = sim.account(&format!("t{tenant}"), *limit);
                sim.spin(account, *guests);
                account
            })
            .collect();
        sim.run(300 * MILLI);
        let before = sim.used.clone();
        sim.run(3_000 * MILLI);
        let tenants = mix.iter().map(|(tenant, ..)| tenant).collect::<std::collections::BTreeSet<_>>().len();
        for ((tenant, limit, guests), account) in mix.iter().zip(&accounts) {
            let used = sim.used(*account) - before.get(account).copied().unwrap_or(0) as f64;
            let weight = |limit: &Option<u32>| f64::from(limit.unwrap_or(1000));
            let peers: f64 = mix.iter().filter(|(other, ..)| other == tenant).map(|(_, limit, _)| weight(limit)).sum();
            // One that its cap holds back counts as active: the last worker is kept free for it.
            let due = (workers - 1).max(1) as f64 / tenants as f64 * weight(limit) / peers;
            let most = (*guests as f64).min(limit.map_or(f64::INFINITY, |limit| f64::from(limit) / 1000.0));
            let cores = used / 3_000e6;
            // With fewer guests than workers it is often not there when its turn comes, and a sibling takes it.
            let part = if *guests < workers { 0.5 } else { 0.8 };
            prop_assert!(
                cores >= part * due.min(most) - 0.02,
                "{mix:?} on {workers}: one got {cores} of {}", due.min(most)
            );
        }
    }
}

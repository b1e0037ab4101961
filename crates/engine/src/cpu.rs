//! Fair CPU time for guests that compute long.
//!
//! Guests share the worker threads of a runtime. One that computes without a pause is interrupted about every `TICK`
//! and asks for a turn before it goes on; one that starts asks only if its account has to. Turns are as many as there
//! are workers, and one less for accounts in debt: those that are ahead of another that is active. So a guest that
//! spins gets its weighted share (tenants alike, within a tenant by weight) and whatever nobody else wants, and a
//! short request of another finds a thread that is free or soon will be.
//!
//! `ledger` decides, with `level` (who is ahead) and `cap` (limits); this file measures, waits and wakes; `meter` is
//! what one instance holds.
//!
//! Invariants:
//! - one that is not in debt, not capped and does not compute long never takes a lock to start;
//! - no lock is held while anything is awaited or anybody is woken;
//! - if `tick` is late, everything that depends on it is late and nothing else.

mod cap;
mod ledger;
mod level;
mod meter;
mod table;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use ledger::{AccountKey, Asked, Ledger, Standing, TurnKey, Waiter};
pub(crate) use meter::Meter;
use table::Table;

use crate::usage::CpuUsage;

/// Time in nanoseconds since the start of the clock, or CPU time in nanoseconds.
type Nanos = u64;

const MILLI: Nanos = 1_000_000;

/// How long a guest computes before it asks again, and how often `Cpu::tick` is called.
const TICK: Nanos = 10 * MILLI;

/// An account is active for this long after it was seen.
const ACTIVE: Nanos = 100 * MILLI;

/// How far one may be ahead of another before it is in debt.
const BURST: Nanos = 20 * MILLI;

/// How far behind the foremost one stays that does not want more; it may catch up this much at once.
const LAG: Nanos = 100 * MILLI;

/// A guest that has computed for so long goes to the end of the queue of its workload. Most requests need less, so
/// they are served in the order in which they came, and none is overtaken by all that came after it because a tick fell
/// into it. More than a tick, so that the first that falls into a request never does this.
const QUANTUM: Nanos = 15 * MILLI;

/// When a turn is over though nobody gave it back: more than a tick, so that a guest that computes has asked before.
const LAPSE: Nanos = 15 * MILLI;

/// A guest that computes this long without a pause computes long.
const LONG: Nanos = MILLI;

/// A tenant computes long while its long pieces come to this in the last few ticks. One of them alone may be a thread
/// that the kernel did not run.
const OFTEN: Nanos = TICK / 2;

/// A cap holds on average over this time.
const CAP_WINDOW: Nanos = 100 * MILLI;

/// What is used is written to the ledger when it amounts to this, and at each tick.
const FLUSH: Nanos = MILLI;

/// Tells the time since some start.
pub(crate) type Clock = Box<dyn Fn() -> Duration + Send + Sync>;

/// The CPU of a host, as its guests share it.
pub(crate) struct Cpu {
    clock: Clock,
    inner: Mutex<Inner>,
}

struct Inner {
    ledger: Ledger,
    accounts: Table<AccountKey, Arc<Shared>>,
    waiting: Table<Waiter, oneshot::Sender<Turn>>,
}

/// What is known of an account without a lock.
#[derive(Debug, Default)]
struct Shared {
    /// Nanoseconds.
    used: AtomicU64,
    /// Those of `used` that the ledger knows. Changed under the lock only.
    flushed: AtomicU64,
    active: AtomicBool,
    must_wait: AtomicBool,
    in_debt: AtomicBool,
}

/// One workload's use of the CPU. Its drop removes it from the books.
#[derive(Debug)]
pub(crate) struct Account {
    cpu: Arc<Cpu>,
    key: AccountKey,
    shared: Arc<Shared>,
}

/// The right to compute for a tick. To be dropped when the guest pauses or is done, so that another can go on at once;
/// otherwise it lapses.
#[derive(Debug)]
#[must_use = "the turn is over when this is dropped"]
struct Turn(Option<(Arc<Cpu>, TurnKey)>);

/// What a guest asks with.
#[derive(Debug)]
struct Claim {
    /// The turn that it has.
    turn: Turn,
    /// Its number in the queue, if it asked before and has had less than its quantum since.
    waiter: Option<Waiter>,
}

/// A guest in the queue for a turn. Leaves it when dropped.
struct Waiting {
    cpu: Arc<Cpu>,
    waiter: Waiter,
}

/// Turns to hand over once the lock is released.
type News = Vec<(oneshot::Sender<Turn>, Turn)>;

/// The clock of the system.
pub(crate) fn clock() -> Clock {
    let start = Instant::now();
    Box::new(move || start.elapsed())
}

impl Cpu {
    /// For a runtime with so many worker threads.
    ///
    /// Somebody has to call `tick` about every 10 ms, from a thread that guests cannot keep busy.
    pub(crate) fn new(workers: usize, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            clock,
            inner: Mutex::new(Inner {
                ledger: Ledger::new(workers),
                accounts: Table::default(),
                waiting: Table::default(),
            }),
        })
    }

    /// The account of a new workload. `limit` is in thousandths of a core: a cap, and a weight among the workloads of
    /// the tenant. Without one (or 0) there is no cap and the weight is that of 1000.
    pub(crate) fn account(self: &Arc<Self>, tenant: &str, limit: Option<u32>) -> Arc<Account> {
        let shared = Arc::new(Shared::default());
        let now = self.now();
        let mut inner = self.lock();
        let key = inner.ledger.open(tenant, limit, now);
        inner.accounts.insert(key, Arc::clone(&shared));
        Arc::new(Account {
            cpu: Arc::clone(self),
            key,
            shared,
        })
    }

    /// Lets turns lapse, fills caps, forgets what is long ago and wakes those whose turn it is.
    pub(crate) fn tick(self: &Arc<Self>) {
        let now = self.now();
        self.change(|inner| {
            let active: Vec<_> = inner.ledger.active().collect();
            for key in active {
                inner.flush(key, 0, now);
            }
            inner.ledger.tick(now);
        });
    }

    /// What is going on, for metrics.
    pub(crate) fn usage(&self) -> CpuUsage {
        let inner = self.lock();
        let (waiting, turns) = inner.ledger.counts();
        CpuUsage {
            waiting,
            turns,
            active: inner.ledger.active().count(),
        }
    }

    fn now(&self) -> Nanos {
        nanos((self.clock)())
    }

    /// Changes the books and tells those whom it concerns.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Inner) -> T) -> T {
        let (result, news) = {
            let mut inner = self.lock();
            let result = change(&mut inner);
            (result, self.news(&mut inner))
        };
        // A turn that nobody takes any more is dropped here, which takes the lock.
        for (sender, turn) in news {
            drop(sender.send(turn));
        }
        result
    }

    /// Takes from the ledger what it decided.
    fn news(self: &Arc<Self>, inner: &mut Inner) -> News {
        let (granted, changed) = inner.ledger.decisions();
        for (key, standing) in changed {
            if let Some(shared) = inner.accounts.get(&key) {
                shared.stand(standing);
            }
        }
        granted
            .into_iter()
            .filter_map(|(waiter, key)| {
                let turn = Turn(Some((Arc::clone(self), key)));
                Some((inner.waiting.remove(&waiter)?, turn))
            })
            .collect()
    }

    /// The books are whole between any two calls, and none of them panics half way: poison is used on.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Tells the ledger what it does not know of an account's use.
    fn flush(&mut self, key: AccountKey, slice: Nanos, now: Nanos) {
        let Some(shared) = self.accounts.get(&key) else {
            return;
        };
        let used = shared.used.load(Ordering::Relaxed);
        let known = shared.flushed.swap(used, Ordering::Relaxed);
        let fresh = used.saturating_sub(known);
        if fresh > 0 {
            self.ledger.charge(key, fresh, slice, now);
        }
    }
}

impl Shared {
    fn stand(&self, standing: Standing) {
        self.active.store(standing.active, Ordering::Relaxed);
        self.must_wait.store(standing.must_ask, Ordering::Relaxed);
        self.in_debt.store(standing.in_debt, Ordering::Relaxed);
    }
}

impl Account {
    /// Adds what a guest used: the time from where it was resumed to where it paused or was interrupted, in one piece.
    /// Cheap for short pieces; a long one takes the lock.
    pub(crate) fn charge(&self, nanos: u64) {
        let used = self.shared.used.fetch_add(nanos, Ordering::Relaxed);
        let known = self.shared.flushed.load(Ordering::Relaxed);
        let pending = used.saturating_add(nanos).saturating_sub(known);
        if pending >= FLUSH || !self.shared.active.load(Ordering::Relaxed) {
            let now = self.cpu.now();
            self.cpu.change(|inner| inner.flush(self.key, nanos, now));
        }
    }

    /// What the workload used in all.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.shared.used.load(Ordering::Relaxed))
    }

    /// Whether a guest that starts needs a turn. One that was interrupted always does (`go_on`).
    fn must_wait(&self) -> bool {
        self.shared.must_wait.load(Ordering::Relaxed)
    }

    /// Whether it has had more than its share, so that a guest of it needs a turn whenever a tick falls into its work.
    fn in_debt(&self) -> bool {
        self.shared.in_debt.load(Ordering::Relaxed)
    }

    /// Waits until a guest may start; at once unless `must_wait`. To be awaited in the task that runs the guest and
    /// right before it, so that what was charged in the meantime counts. The instance may still have a turn.
    async fn start(&self, claim: Claim) -> Claim {
        if !self.shared.active.load(Ordering::Relaxed) {
            // Whether it has to wait is not known while it rests.
            let now = self.cpu.now();
            self.cpu.change(|inner| inner.ledger.seen(self.key, now));
        }
        if self.must_wait() {
            self.ask(claim).await
        } else {
            Claim {
                turn: Turn::none(),
                ..claim
            }
        }
    }

    /// Waits until a guest that was interrupted may go on. It hands in the turn that it had and gets it again if nobody
    /// has a better claim. What it used has to be charged before.
    ///
    /// Lets other tasks of the thread run in any case, and the runtime look at its sockets and timers. It does that
    /// last: a worker that is handed one waiting guest after another would not get to it otherwise.
    async fn go_on(&self, claim: Claim) -> Claim {
        let claim = self.ask(claim).await;
        tokio::task::yield_now().await;
        claim
    }

    async fn ask(&self, claim: Claim) -> Claim {
        let now = self.cpu.now();
        let Claim { turn, waiter } = claim;
        let (waiter, asked) = self.cpu.change(|inner| {
            let waiter = waiter.unwrap_or_else(|| inner.ledger.waiter());
            let asked = match inner.ledger.ask(self.key, waiter, turn.hand_in(), now) {
                Asked::Granted(key) => Ok(Turn(Some((Arc::clone(&self.cpu), key)))),
                Asked::Waits => {
                    let (sender, receiver) = oneshot::channel();
                    inner.waiting.insert(waiter, sender);
                    Err(receiver)
                }
            };
            (waiter, asked)
        });
        let turn = match asked {
            Ok(turn) => turn,
            Err(receiver) => {
                let _waiting = Waiting {
                    cpu: Arc::clone(&self.cpu),
                    waiter,
                };
                // The sender is kept until it is used; without one there is nothing to wait for.
                receiver.await.unwrap_or(Turn(None))
            }
        };
        Claim {
            turn,
            waiter: Some(waiter),
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let now = self.cpu.now();
        self.cpu.change(|inner| {
            inner.accounts.remove(&self.key);
            inner.ledger.close(self.key, now);
        });
    }
}

impl Claim {
    /// That of a guest which has not asked yet.
    fn none() -> Self {
        Self {
            turn: Turn::none(),
            waiter: None,
        }
    }
}

impl Turn {
    /// The start that needs no turn.
    fn none() -> Self {
        Self(None)
    }

    /// What the ledger knows it by; nothing is given back by a drop then.
    fn hand_in(mut self) -> Option<TurnKey> {
        self.0.take().map(|(_, key)| key)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((cpu, key)) = self.0.take() {
            let now = cpu.now();
            cpu.change(|inner| inner.ledger.release(key, now));
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut inner = self.cpu.lock();
        inner.waiting.remove(&self.waiter);
        inner.ledger.cancel(self.waiter);
    }
}

impl fmt::Debug for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cpu").finish_non_exhaustive()
    }
}

fn nanos(time: Duration) -> Nanos {
    Nanos::try_from(time.as_nanos()).unwrap_or(Nanos::MAX)
}

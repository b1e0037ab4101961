//! What one instance uses of the CPU, and the turn that it holds. An instance computes on one thread at a time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Account, Claim, Nanos, QUANTUM, TICK, Turn};

/// One instance's part of its account.
#[derive(Debug)]
pub(crate) struct Meter {
    account: Arc<Account>,
    /// When the guest was entered, in nanoseconds of the clock; `OUTSIDE` while it does not compute.
    entered: AtomicU64,
    /// When it was entered first since the instance was last seen to wait; `OUTSIDE` until then.
    since: AtomicU64,
    /// CPU time in nanoseconds since the guest took its number in the queue.
    slice: AtomicU64,
    /// CPU time in nanoseconds in all.
    used: AtomicU64,
    /// A request starts, which has to ask before it computes.
    begins: AtomicBool,
    /// A request was taken since the instance was last seen to wait.
    fresh: AtomicBool,
    /// The instance goes on once more before it is seen to wait.
    unseen: AtomicBool,
    claim: Mutex<Claim>,
}

const OUTSIDE: u64 = u64::MAX;

impl Meter {
    /// For a new instance of a workload.
    pub(crate) fn new(account: Arc<Account>) -> Arc<Self> {
        Arc::new(Self {
            account,
            entered: AtomicU64::new(OUTSIDE),
            since: AtomicU64::new(OUTSIDE),
            slice: AtomicU64::new(0),
            used: AtomicU64::new(0),
            begins: AtomicBool::new(false),
            fresh: AtomicBool::new(false),
            unseen: AtomicBool::new(false),
            claim: Mutex::new(Claim::none()),
        })
    }

    /// CPU time of the instance up to now, in nanoseconds.
    pub(crate) fn used(&self) -> Nanos {
        let entered = self.entered.load(Ordering::Relaxed);
        let running = match entered {
            OUTSIDE => 0,
            entered => self.account.cpu.now().saturating_sub(entered),
        };
        self.used.load(Ordering::Relaxed).saturating_add(running)
    }

    /// Waits until a request may start on the instance. To be awaited in the task that runs it, right before.
    pub(crate) async fn start(&self) {
        let claim = self.account.start(self.take()).await;
        self.keep(claim);
    }

    /// A request starts on the instance. Whether it has to ask for a turn: then it has to be interrupted at once.
    pub(crate) fn begin(&self) -> bool {
        let must_ask = self.account.must_wait() && !self.has_turn();
        self.begins.store(must_ask, Ordering::Relaxed);
        self.fresh.store(true, Ordering::Relaxed);
        must_ask
    }

    /// Guest code is entered, or a call to the host returns to it. Where the guest computes already, which is so after
    /// a call that did not have to wait, nothing happens: what the host does at once for a guest is charged to it.
    pub(crate) fn enter(&self) {
        if self.entered.load(Ordering::Relaxed) == OUTSIDE {
            let now = self.account.cpu.now();
            self.entered.store(now, Ordering::Relaxed);
            if self.since.load(Ordering::Relaxed) == OUTSIDE {
                self.since.store(now, Ordering::Relaxed);
            }
        }
    }

    /// The guest calls the host. What the host does at once for it is charged to it as well; while its waits are not
    /// seen, any call is taken for one.
    pub(crate) fn call(&self) {
        if self.unseen.load(Ordering::Relaxed) {
            self.leave();
        }
    }

    /// The instance is seen to wait for something: charges it, and another may have its turn.
    ///
    /// An instance that has just taken a request is run once more after that, and waits unseen then (wasmtime's handler
    /// looks whether it takes another request). Its guest may well compute in that time.
    pub(crate) fn waits(&self) {
        self.pause();
        self.rest();
        let fresh = self.fresh.swap(false, Ordering::Relaxed);
        self.unseen.store(fresh, Ordering::Relaxed);
    }

    /// The task of the instance gives way, whatever for: charges it, and it may compute for a while again.
    pub(crate) fn pause(&self) {
        self.leave();
        self.since.store(OUTSIDE, Ordering::Relaxed);
    }

    /// Guest code is left, or its instance waits for something. Charges the time since `enter`; without one it charges
    /// nothing.
    pub(crate) fn leave(&self) {
        let entered = self.entered.swap(OUTSIDE, Ordering::Relaxed);
        if entered != OUTSIDE {
            let used = self.account.cpu.now().saturating_sub(entered);
            self.slice.fetch_add(used, Ordering::Relaxed);
            self.used.fetch_add(used, Ordering::Relaxed);
            self.account.charge(used);
        }
    }

    /// The epoch moved on while the guest computed. If it has computed for a good part of a tick, it is charged at once,
    /// and the future waits until it may go on. Belongs into the callback of the epoch.
    ///
    /// One that was entered only just goes on, if it is not in debt: the tick fell into a wait before that, and the next
    /// will come soon. Else every guest that often waits would have to ask after each wait.
    pub(crate) fn interrupted(self: &Arc<Self>) -> Option<impl Future<Output = ()> + Send + use<>> {
        let begins = self.begins.swap(false, Ordering::Relaxed);
        if !begins && self.computed() < TICK / 2 && (self.has_turn() || !self.account.in_debt()) {
            return None;
        }
        self.pause();
        let meter = Arc::clone(self);
        Some(async move {
            let claim = meter.account.go_on(meter.take()).await;
            meter.keep(claim);
            meter.enter();
        })
    }

    fn has_turn(&self) -> bool {
        self.claim().turn.0.is_some()
    }

    /// For how long the task of the instance has not given way. However often the guest is left and entered meanwhile.
    fn computed(&self) -> Nanos {
        let since = self.since.load(Ordering::Relaxed);
        if since == OUTSIDE {
            return 0;
        }
        self.account.cpu.now().saturating_sub(since)
    }

    /// The instance waits for something: another may have its turn. Without this the turn lapses. A guest that wakes up
    /// computes without a turn until it is interrupted, and is charged for that.
    pub(super) fn rest(&self) {
        let turn = std::mem::replace(&mut self.claim().turn, Turn::none());
        drop(turn);
    }

    /// A request is over: the next comes after all that wait.
    pub(crate) fn done(&self) {
        self.slice.store(0, Ordering::Relaxed);
        drop(self.swap(Claim::none()));
    }

    /// What it asks with: from the end of the queue once it has had its quantum.
    fn take(&self) -> Claim {
        let mut claim = self.swap(Claim::none());
        if claim.waiter.is_none() || self.slice.load(Ordering::Relaxed) >= QUANTUM {
            self.slice.store(0, Ordering::Relaxed);
            claim.waiter = None;
        }
        claim
    }

    fn keep(&self, claim: Claim) {
        drop(self.swap(claim));
    }

    /// What comes out is dropped by the caller, after the lock: its drop takes that of the books.
    fn swap(&self, claim: Claim) -> Claim {
        std::mem::replace(&mut *self.claim(), claim)
    }

    fn claim(&self) -> MutexGuard<'_, Claim> {
        self.claim.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.leave();
    }
}

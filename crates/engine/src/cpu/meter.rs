//! What one instance uses of the CPU, and the turn that it holds. An instance computes on one thread at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Account, Turn};

/// One instance's part of its account.
#[derive(Debug)]
pub(crate) struct Meter {
    account: Arc<Account>,
    /// When the guest was entered, in nanoseconds of the clock; `OUTSIDE` while it does not compute.
    entered: AtomicU64,
    turn: Mutex<Turn>,
}

const OUTSIDE: u64 = u64::MAX;

impl Meter {
    /// For a new instance of a workload.
    pub(crate) fn new(account: Arc<Account>) -> Arc<Self> {
        Arc::new(Self {
            account,
            entered: AtomicU64::new(OUTSIDE),
            turn: Mutex::new(Turn::none()),
        })
    }

    /// The account that it is charged to.
    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Waits until a request may start on the instance. To be awaited in the task that runs it, right before.
    pub(crate) async fn start(&self) {
        let turn = self.account.start(self.take()).await;
        self.keep(turn);
    }

    /// Guest code is entered, or a call to the host returns to it. Where the guest computes already, which is so after
    /// a call that did not have to wait, nothing happens: what the host does at once for a guest is charged to it.
    pub(crate) fn enter(&self) {
        if self.entered.load(Ordering::Relaxed) == OUTSIDE {
            let now = self.account.cpu.now();
            self.entered.store(now, Ordering::Relaxed);
        }
    }

    /// Guest code is left, or its instance waits for something. Charges the time since `enter`; without one it charges
    /// nothing.
    pub(crate) fn leave(&self) {
        let entered = self.entered.swap(OUTSIDE, Ordering::Relaxed);
        if entered != OUTSIDE {
            let used = self.account.cpu.now().saturating_sub(entered);
            self.account.charge(used);
        }
    }

    /// The guest was interrupted because it computed for a tick: charges it at once, and the future waits until it may
    /// go on. Belongs into the callback of the epoch.
    pub(crate) fn interrupted(self: &Arc<Self>) -> impl Future<Output = ()> + Send + 'static {
        self.leave();
        let meter = Arc::clone(self);
        async move {
            let turn = meter.account.go_on(meter.take()).await;
            meter.keep(turn);
            meter.enter();
        }
    }

    /// The instance waits for something, or its request is over: another may have its turn. Without this the turn
    /// lapses. A guest that wakes up computes without a turn until it is interrupted, and is charged for that.
    pub(crate) fn rest(&self) {
        drop(self.take());
    }

    fn take(&self) -> Turn {
        self.swap(Turn::none())
    }

    fn keep(&self, turn: Turn) {
        drop(self.swap(turn));
    }

    /// What comes out is dropped by the caller, after the lock: its drop takes that of the books.
    fn swap(&self, turn: Turn) -> Turn {
        let mut held = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut held, turn)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.leave();
    }
}

//! What is in use of a GPU, and by whom. Accounts form a tree: a workload's in its tenant's in the adapter's. What is
//! charged to one is charged to all above it, or to none, and goes back when the [`Credit`] is dropped. The ledger, not the
//! driver, is the first to refuse.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::bill::{Bill, Billed, Statement};
use crate::budget::{Budget, Share};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charged {
    /// Bytes of buffers and textures, and what they take beyond that.
    Memory,
    /// Bytes on their way to the GPU, and bytes that are mapped.
    Staging,
    /// Buffers, textures, samplers, layouts, groups, pipelines, encoders and all other objects.
    Objects,
    /// Devices.
    Devices,
    /// Bytes of WGSL of living modules.
    Shaders,
    /// Submissions that wait or run.
    Submissions,
}

/// Every kind, in the order of the arrays below.
pub const CHARGED: [Charged; 6] = [
    Charged::Memory,
    Charged::Staging,
    Charged::Objects,
    Charged::Devices,
    Charged::Shaders,
    Charged::Submissions,
];

/// How much of each an account may have; `u64::MAX` is no cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps(pub [u64; CHARGED.len()]);

/// One account. Whoever holds it can charge it; it lives as long as what was charged.
#[derive(Debug)]
pub struct Account {
    /// Whose it is, for messages: `the workload shop`.
    owner: String,
    above: Option<Arc<Self>>,
    caps: Caps,
    used: [AtomicU64; CHARGED.len()],
    peak: [AtomicU64; CHARGED.len()],
    refused: [AtomicU64; CHARGED.len()],
    bill: Bill,
    budget: Option<Budget>,
}

/// What was charged, until this is dropped.
#[derive(Debug)]
#[must_use = "what is charged goes back when this is dropped"]
pub struct Credit {
    account: Arc<Account>,
    what: Charged,
    amount: u64,
}

/// An account has no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{owner} has {used} of {cap} {what} in use, and {asked} more were asked for")]
pub struct OverCap {
    /// Whose account refused.
    pub owner: String,
    /// What there is not enough of.
    pub what: Charged,
    /// How much was asked for.
    pub asked: u64,
    /// How much was in use.
    pub used: u64,
    /// How much there may be.
    pub cap: u64,
}

impl Charged {
    const fn slot(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Charged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "bytes of GPU memory",
            Self::Staging => "bytes of staging memory",
            Self::Objects => "GPU objects",
            Self::Devices => "GPU devices",
            Self::Shaders => "bytes of WGSL",
            Self::Submissions => "GPU submissions",
        })
    }
}

impl Caps {
    /// No cap at all: what an account has whose members are bounded.
    pub const NONE: Self = Self([u64::MAX; CHARGED.len()]);

    /// The same with another cap for one kind.
    #[must_use]
    pub const fn with(mut self, what: Charged, cap: u64) -> Self {
        let mut slot = 0;
        // `slot` is below the length of both: there is a place for each kind.
        while slot < CHARGED.len() {
            if slot == what.slot() {
                self = self.set(slot, cap);
            }
            slot += 1;
        }
        self
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "a const function has no `get_mut`; the caller's loop bounds the index"
    )]
    const fn set(mut self, slot: usize, cap: u64) -> Self {
        self.0[slot] = cap;
        self
    }

    /// How much of it there may be.
    pub fn of(&self, what: Charged) -> u64 {
        self.0.get(what.slot()).copied().unwrap_or(u64::MAX)
    }
}

impl Account {
    /// An account below another, or one that nothing is above.
    pub fn new(owner: impl Into<String>, caps: Caps, above: Option<Arc<Self>>) -> Arc<Self> {
        Self::limited(owner, caps, None, above)
    }

    /// The same with a share of the GPU's time: none is all that there is.
    pub fn limited(
        owner: impl Into<String>,
        caps: Caps,
        share: Option<Share>,
        above: Option<Arc<Self>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            owner: owner.into(),
            above,
            caps,
            used: Default::default(),
            peak: Default::default(),
            refused: Default::default(),
            bill: Bill::default(),
            budget: share.map(|share| Budget::new(share, Instant::now())),
        })
    }

    /// Adds to the bill of this account and of all above it.
    pub(crate) fn bill(&self, what: Billed, amount: u64) {
        for account in self.upwards() {
            account.bill.add(what, amount);
        }
    }

    /// What it has used up.
    pub fn statement(&self) -> Statement {
        self.bill.read()
    }

    /// When its submissions are let in again, if they are not now: one of the accounts has used up its share.
    pub(crate) fn opens(&self, now: Instant) -> Option<Instant> {
        let budgets = self.upwards().filter_map(|account| account.budget.as_ref());
        budgets.filter_map(|budget| budget.opens(now)).max()
    }

    /// A submission took so long on the GPU: it is billed and taken from the shares.
    pub(crate) fn worked(&self, nanos: u64, now: Instant) {
        self.bill(Billed::GpuTime, nanos);
        for budget in self.upwards().filter_map(|account| account.budget.as_ref()) {
            budget.spend(nanos, now);
        }
    }

    /// Charges this account and all above it, or none of them.
    ///
    /// # Errors
    ///
    /// One of them would have more than it may; it counts the refusal.
    pub fn charge(self: &Arc<Self>, what: Charged, amount: u64) -> Result<Credit, OverCap> {
        for account in self.upwards() {
            if let Err(used) = account.take(what, amount) {
                for taken in self
                    .upwards()
                    .take_while(|taken| !std::ptr::eq(*taken, account))
                {
                    taken.give_back(what, amount);
                }
                account.refused(what);
                return Err(OverCap {
                    owner: account.owner.clone(),
                    what,
                    asked: amount,
                    used,
                    cap: account.caps.of(what),
                });
            }
        }
        Ok(Credit {
            account: Arc::clone(self),
            what,
            amount,
        })
    }

    /// How much is in use.
    pub fn used(&self, what: Charged) -> u64 {
        self.cell(&self.used, what, |cell| cell.load(Ordering::Relaxed))
    }

    /// The most that ever was in use.
    pub fn peak(&self, what: Charged) -> u64 {
        self.cell(&self.peak, what, |cell| cell.load(Ordering::Relaxed))
    }

    /// How often this account refused.
    pub fn refusals(&self, what: Charged) -> u64 {
        self.cell(&self.refused, what, |cell| cell.load(Ordering::Relaxed))
    }

    /// The account above, or this one if there is none: a workload's tenant, whose turns at the gate are one queue.
    pub(crate) fn payer(self: &Arc<Self>) -> &Arc<Self> {
        self.above.as_ref().unwrap_or(self)
    }

    /// What this account may have; those above may have less left.
    pub fn caps(&self) -> Caps {
        self.caps
    }

    /// The most that a single charge could ever get: the smallest cap from here to the top.
    pub fn ceiling(&self, what: Charged) -> u64 {
        self.upwards()
            .map(|account| account.caps.of(what))
            .min()
            .unwrap_or(u64::MAX)
    }

    fn upwards(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |account| account.above.as_deref())
    }

    /// `Err` is what was in use.
    fn take(&self, what: Charged, amount: u64) -> Result<(), u64> {
        let cap = self.caps.of(what);
        let add = |used: u64| used.checked_add(amount).filter(|used| *used <= cap);
        let before = self.cell(&self.used, what, |cell| {
            cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
        })?;
        self.cell(&self.peak, what, |cell| {
            cell.fetch_max(before.saturating_add(amount), Ordering::Relaxed)
        });
        if what == Charged::Memory {
            self.bill.holds(amount, 0);
        }
        Ok(())
    }

    fn give_back(&self, what: Charged, amount: u64) {
        self.cell(&self.used, what, |cell| {
            cell.fetch_sub(amount, Ordering::Relaxed)
        });
        if what == Charged::Memory {
            self.bill.holds(0, amount);
        }
    }

    fn refused(&self, what: Charged) {
        self.cell(&self.refused, what, |cell| {
            cell.fetch_add(1, Ordering::Relaxed)
        });
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the arrays have a place for each kind"
    )]
    fn cell<R>(
        &self,
        cells: &[AtomicU64; CHARGED.len()],
        what: Charged,
        then: impl FnOnce(&AtomicU64) -> R,
    ) -> R {
        then(&cells[what.slot()])
    }
}

impl Credit {
    /// How much was charged.
    pub fn amount(&self) -> u64 {
        self.amount
    }
}

impl Drop for Credit {
    fn drop(&mut self) {
        for account in self.account.upwards() {
            account.give_back(self.what, self.amount);
        }
    }
}

#[cfg(test)]
mod tests;

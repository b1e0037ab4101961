//! What the ledger keeps of a tenant, a workload and a turn.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{AccountKey, Standing, TenantKey, Waiter};
use crate::cpu::cap::Cap;
use crate::cpu::level::{Level, Survey};
use crate::cpu::{ACTIVE, Nanos, TICK};

#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) name: Arc<str>,
    pub(super) accounts: usize,
    pub(super) vtime: Nanos,
    pub(super) turns: usize,
    pub(super) level: Level,
    /// Accounts that wait and may compute, by virtual time.
    pub(super) ready: BTreeSet<(Nanos, AccountKey)>,
    /// Where it is in the ledger's order.
    pub(super) place: Option<Nanos>,
    pub(super) held_back: bool,
    /// What its guests computed lately in long pieces: halved at each tick.
    pub(super) long: Nanos,
    /// Of its accounts, while a tick looks at them.
    pub(super) survey: Option<Survey>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) tenant: TenantKey,
    pub(super) weight: Nanos,
    pub(super) cap: Option<Cap>,
    pub(super) vtime: Nanos,
    pub(super) turns: usize,
    pub(super) waiting: BTreeSet<Waiter>,
    /// Where it is in the tenant's order.
    pub(super) place: Option<Nanos>,
    pub(super) held_back: bool,
    pub(super) seen: Nanos,
    pub(super) standing: Standing,
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) account: AccountKey,
    pub(super) granted: Nanos,
    pub(super) indebted: bool,
}

impl Tenant {
    /// Its virtual time as if its turns were over.
    pub(super) fn rank(&self) -> Nanos {
        self.vtime
            .saturating_add(TICK.saturating_mul(count(self.turns)))
    }
}

impl Entry {
    pub(super) fn rank(&self) -> Nanos {
        let turns = TICK.saturating_mul(count(self.turns));
        self.vtime.saturating_add(self.weighted(turns))
    }

    pub(super) fn weighted(&self, used: Nanos) -> Nanos {
        let weighted = u128::from(used).saturating_mul(1000) / u128::from(self.weight.max(1));
        Nanos::try_from(weighted).unwrap_or(Nanos::MAX)
    }

    /// Whether it was not seen for long and owes its cap nothing.
    pub(super) fn is_idle(&mut self, now: Nanos) -> bool {
        if let Some(cap) = &mut self.cap {
            cap.refill(now);
        }
        self.turns == 0
            && self.waiting.is_empty()
            && now.saturating_sub(self.seen) > ACTIVE
            && !self.cap.as_ref().is_some_and(Cap::is_low)
    }

    pub(super) fn may_compute(&self) -> bool {
        self.cap
            .as_ref()
            .is_none_or(|cap| !cap.is_empty() && self.turns < cap.turns())
    }
}

fn count(n: usize) -> Nanos {
    Nanos::try_from(n).unwrap_or(Nanos::MAX)
}

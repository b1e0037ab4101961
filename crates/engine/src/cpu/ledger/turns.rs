//! Whose turn it is: grants, ends, and the order of those that wait.

use super::entry::Held;
use super::{AccountKey, Ledger, TurnKey};
use crate::cpu::Nanos;

impl Ledger {
    /// Grants turns as long as there are any and somebody may have one.
    pub(super) fn dispatch(&mut self, now: Nanos) {
        while let Some((key, indebted)) = self.first() {
            let turn = TurnKey(self.number());
            let Some(entry) = self.accounts.get_mut(&key) else {
                return;
            };
            let Some(waiter) = entry.waiting.pop_first() else {
                return;
            };
            entry.turns = entry.turns.saturating_add(1);
            if let Some(tenant) = self.tenants.get_mut(&entry.tenant) {
                tenant.turns = tenant.turns.saturating_add(1);
            }
            self.waiters.remove(&waiter);
            let held = Held {
                account: key,
                granted: now,
                indebted,
            };
            self.turns.insert(turn, held);
            self.indebted = self.indebted.saturating_add(usize::from(indebted));
            self.granted.push((waiter, turn));
            self.rank(key);
        }
    }

    /// Whose turn it is, and whether it is in debt.
    pub(super) fn first(&self) -> Option<(AccountKey, bool)> {
        if self.turns.len() >= self.turns_max {
            return None;
        }
        for (rank, key) in &self.ready {
            let tenant = self.tenants.get(key)?;
            let (account_rank, account) = tenant.ready.first()?;
            let behind = self.level.in_debt(*rank);
            let indebted = behind || tenant.level.in_debt(*account_rank);
            if !indebted || self.indebted < self.slots {
                return Some((*account, indebted));
            }
            if behind {
                // So are all that come after it.
                return None;
            }
        }
        None
    }

    /// Takes a turn back. Whether it was still held.
    pub(super) fn end(&mut self, turn: TurnKey) -> bool {
        let Some(held) = self.turns.remove(&turn) else {
            return false;
        };
        self.indebted = self.indebted.saturating_sub(usize::from(held.indebted));
        if let Some(entry) = self.accounts.get_mut(&held.account) {
            entry.turns = entry.turns.saturating_sub(1);
            if let Some(tenant) = self.tenants.get_mut(&entry.tenant) {
                tenant.turns = tenant.turns.saturating_sub(1);
            }
        }
        self.rank(held.account);
        true
    }

    /// Puts an account and its tenant where they belong among those that wait.
    pub(super) fn rank(&mut self, key: AccountKey) {
        let Some(entry) = self.accounts.get_mut(&key) else {
            return;
        };
        let Some(tenant) = self.tenants.get_mut(&entry.tenant) else {
            return;
        };
        let waits = !entry.waiting.is_empty();
        let may = entry.may_compute();
        let place = (waits && may).then(|| entry.rank());
        if place != entry.place {
            if let Some(old) = entry.place {
                tenant.ready.remove(&(old, key));
            }
            tenant.ready.extend(place.map(|place| (place, key)));
            entry.place = place;
        }
        if waits && !may {
            self.throttled.insert(key);
        } else {
            self.throttled.remove(&key);
        }
        let place = (!tenant.ready.is_empty()).then(|| tenant.rank());
        if place != tenant.place {
            if let Some(old) = tenant.place {
                self.ready.remove(&(old, entry.tenant));
            }
            self.ready.extend(place.map(|place| (place, entry.tenant)));
            tenant.place = place;
        }
    }
}

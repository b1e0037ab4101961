//! Who used how much CPU, who is ahead of whom, and who may compute next. Plain data with an explicit time.
//!
//! Two things are decided:
//! - who has to ask before it starts (`must_ask`): accounts in debt, those near their cap, and those of a tenant that
//!   is alone and computes long. For the last it is no loss, since there are as many turns as workers; but the queue of
//!   the runtime stays short, so that one who comes new is served within a tick or two. To go on after a tick of
//!   computing all ask;
//! - whose turn it is: of those that wait, the tenant with the least virtual time, and in it the workload with the
//!   least. A turn that is held counts as a tick of use until it is over.
//!
//! Changes are O(log n) in what is waiting, but for the search over the waiting tenants that are not in debt when the
//! turns of those in debt are all taken. A tick is linear in the accounts that are active, not in what waits.

mod entry;
mod tick;
mod turns;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::cap::Cap;
use super::level::Level;
use super::table::Table;
use super::{LONG, Nanos, OFTEN};
use entry::{Entry, Held, Tenant};

/// One workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AccountKey(u64);

/// One guest in the queue of its workload; a smaller one came earlier. It keeps its number until it has had a
/// quantum of time, however often it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Waiter(u64);

/// One guest's turn; a smaller one was granted earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TurnKey(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct TenantKey(u64);

/// The answer to one that asked for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Granted(TurnKey),
    Waits,
}

/// A turn, and whose it is now.
type Granted = (Waiter, TurnKey);

/// How an account stands from now on.
type Changed = (AccountKey, Standing);

#[derive(Debug)]
pub(super) struct Ledger {
    /// Turns in all, and those of them that accounts in debt may hold.
    turns_max: usize,
    slots: usize,
    names: HashMap<Arc<str>, TenantKey>,
    tenants: Table<TenantKey, Tenant>,
    accounts: Table<AccountKey, Entry>,
    active: BTreeSet<AccountKey>,
    level: Level,
    /// Tenants with somebody who waits and may compute, by virtual time.
    ready: BTreeSet<(Nanos, TenantKey)>,
    /// Accounts that wait for their caps.
    throttled: BTreeSet<AccountKey>,
    waiters: Table<Waiter, AccountKey>,
    turns: BTreeMap<TurnKey, Held>,
    /// Turns held that were granted to accounts in debt.
    indebted: usize,
    next: u64,
    granted: Vec<Granted>,
    changed: Vec<Changed>,
}

/// What others have to know of an account at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) active: bool,
    /// It has to ask before a request starts.
    pub(super) must_ask: bool,
    /// It has had more than its share, or its cap is low.
    pub(super) in_debt: bool,
}

impl Ledger {
    /// A ledger for `workers` threads.
    pub(super) fn new(workers: usize) -> Self {
        let turns_max = workers.max(1);
        Self {
            turns_max,
            slots: turns_max.saturating_sub(1).max(1),
            names: HashMap::new(),
            tenants: Table::default(),
            accounts: Table::default(),
            active: BTreeSet::new(),
            level: Level::default(),
            ready: BTreeSet::new(),
            throttled: BTreeSet::new(),
            waiters: Table::default(),
            turns: BTreeMap::new(),
            indebted: 0,
            next: 0,
            granted: Vec::new(),
            changed: Vec::new(),
        }
    }

    /// Adds a workload. `limit` in thousandths of a core is both its weight and its cap; without one it has the weight
    /// of a core and no cap.
    pub(super) fn open(&mut self, tenant: &str, limit: Option<u32>, now: Nanos) -> AccountKey {
        let key = AccountKey(self.number());
        let tenant = self.tenant(tenant);
        let limit = limit.filter(|limit| *limit > 0);
        self.accounts.insert(
            key,
            Entry {
                tenant,
                weight: limit.map_or(1000, Nanos::from),
                cap: limit.map(|limit| Cap::new(limit, now)),
                vtime: 0,
                turns: 0,
                waiting: BTreeSet::new(),
                place: None,
                held_back: false,
                seen: now,
                standing: Standing::default(),
            },
        );
        key
    }

    fn tenant(&mut self, name: &str) -> TenantKey {
        let fresh = TenantKey(self.number());
        let key = match self.names.get(name) {
            Some(key) => *key,
            None => {
                let name: Arc<str> = name.into();
                self.names.insert(Arc::clone(&name), fresh);
                self.tenants.insert(
                    fresh,
                    Tenant {
                        name,
                        accounts: 0,
                        vtime: 0,
                        turns: 0,
                        level: Level::default(),
                        ready: BTreeSet::new(),
                        place: None,
                        held_back: false,
                        long: 0,
                        survey: None,
                    },
                );
                fresh
            }
        };
        if let Some(tenant) = self.tenants.get_mut(&key) {
            tenant.accounts = tenant.accounts.saturating_add(1);
        }
        key
    }

    /// Removes a workload and everything of it; its turns go to others.
    pub(super) fn close(&mut self, key: AccountKey, now: Nanos) {
        let Some(entry) = self.accounts.get_mut(&key) else {
            return;
        };
        for waiter in std::mem::take(&mut entry.waiting) {
            self.waiters.remove(&waiter);
        }
        let turns = self.turns.iter().filter(|(_, held)| held.account == key);
        let turns: Vec<_> = turns.map(|(turn, _)| *turn).collect();
        for turn in turns {
            self.end(turn);
        }
        self.rank(key);
        self.rest(key);
        self.throttled.remove(&key);
        if let Some(entry) = self.accounts.remove(&key)
            && let Some(tenant) = self.tenants.get_mut(&entry.tenant)
        {
            tenant.accounts = tenant.accounts.saturating_sub(1);
            if tenant.accounts == 0 {
                self.names.remove(&tenant.name);
                self.tenants.remove(&entry.tenant);
            }
        }
        self.dispatch(now);
    }

    /// Adds what guests of an account used. `slice` is the longest that one of them computed without a pause.
    pub(super) fn charge(&mut self, key: AccountKey, used: Nanos, slice: Nanos, now: Nanos) {
        self.wake(key, now);
        let Some(entry) = self.accounts.get_mut(&key) else {
            return;
        };
        entry.vtime = entry.vtime.saturating_add(entry.weighted(used));
        if let Some(cap) = &mut entry.cap {
            cap.refill(now);
            cap.charge(used);
        }
        if let Some(tenant) = self.tenants.get_mut(&entry.tenant) {
            if slice >= LONG {
                tenant.long = tenant.long.saturating_add(slice);
            }
            tenant.vtime = tenant.vtime.saturating_add(used);
        }
        self.rank(key);
        self.judge(key, now);
    }

    /// An account is seen, though it used nothing yet.
    pub(super) fn seen(&mut self, key: AccountKey, now: Nanos) {
        self.wake(key, now);
        self.judge(key, now);
    }

    /// The next in every queue.
    pub(super) fn waiter(&mut self) -> Waiter {
        Waiter(self.number())
    }

    /// Asks for a turn. One that goes on hands in its `old` turn, which it gets again if nobody has a better claim.
    pub(super) fn ask(
        &mut self,
        key: AccountKey,
        waiter: Waiter,
        old: Option<TurnKey>,
        now: Nanos,
    ) -> Asked {
        self.wake(key, now);
        if let Some(entry) = self.accounts.get_mut(&key) {
            entry.waiting.insert(waiter);
            self.waiters.insert(waiter, key);
        }
        self.rank(key);
        if let Some(old) = old {
            self.end(old);
        }
        self.dispatch(now);
        let granted = self.granted.iter().position(|(other, _)| *other == waiter);
        if let Some(at) = granted {
            return Asked::Granted(self.granted.remove(at).1);
        }
        // Its own cap holds it back, not the others: then it has nothing to claim from them.
        if let Some(entry) = self.accounts.get_mut(&key)
            && entry.may_compute()
        {
            entry.held_back = true;
            if let Some(tenant) = self.tenants.get_mut(&entry.tenant) {
                tenant.held_back = true;
            }
        }
        Asked::Waits
    }

    /// One does not wait any more.
    pub(super) fn cancel(&mut self, waiter: Waiter) {
        let Some(key) = self.waiters.remove(&waiter) else {
            return;
        };
        if let Some(entry) = self.accounts.get_mut(&key) {
            entry.waiting.remove(&waiter);
        }
        self.rank(key);
    }

    /// A turn is over. Nothing happens if it lapsed.
    pub(super) fn release(&mut self, turn: TurnKey, now: Nanos) {
        if self.end(turn) {
            self.dispatch(now);
        }
    }

    /// Accounts that used CPU or waited lately.
    pub(super) fn active(&self) -> impl Iterator<Item = AccountKey> {
        self.active.iter().copied()
    }

    /// Guests that wait, and turns that are held.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.waiters.len(), self.turns.len())
    }

    /// Turns that were granted, and accounts that stand differently, since this was asked last.
    pub(super) fn decisions(&mut self) -> (Vec<Granted>, Vec<Changed>) {
        (
            std::mem::take(&mut self.granted),
            std::mem::take(&mut self.changed),
        )
    }

    /// An account is active from now on.
    fn wake(&mut self, key: AccountKey, now: Nanos) {
        let Some(entry) = self.accounts.get_mut(&key) else {
            return;
        };
        entry.seen = now;
        if !self.active.insert(key) {
            return;
        }
        if let Some(tenant) = self.tenants.get_mut(&entry.tenant) {
            if tenant.level.active == 0 {
                self.level.active = self.level.active.saturating_add(1);
                tenant.vtime = self.level.at_least(tenant.vtime);
            }
            tenant.level.active = tenant.level.active.saturating_add(1);
            entry.vtime = tenant.level.at_least(entry.vtime);
        }
    }

    /// An account is active no more.
    fn rest(&mut self, key: AccountKey) {
        if !self.active.remove(&key) {
            return;
        }
        let tenant = self.accounts.get(&key).map(|entry| entry.tenant);
        if let Some(tenant) = tenant.and_then(|key| self.tenants.get_mut(&key)) {
            tenant.level.active = tenant.level.active.saturating_sub(1);
            if tenant.level.active == 0 {
                self.level.active = self.level.active.saturating_sub(1);
            }
        }
    }

    /// Finds out how an account stands.
    fn judge(&mut self, key: AccountKey, now: Nanos) {
        let active = self.active.contains(&key);
        let Some(entry) = self.accounts.get_mut(&key) else {
            return;
        };
        let Some(tenant) = self.tenants.get(&entry.tenant) else {
            return;
        };
        let low = entry.cap.as_mut().is_some_and(|cap| {
            cap.refill(now);
            cap.is_low()
        });
        let ahead = self.level.in_debt(tenant.vtime) || tenant.level.in_debt(entry.vtime);
        let in_debt = active && (ahead || low);
        let long = self.level.active <= 1 && tenant.long >= OFTEN;
        let standing = Standing {
            active,
            must_ask: in_debt || (active && long),
            in_debt,
        };
        if standing != entry.standing {
            entry.standing = standing;
            self.changed.push((key, standing));
        }
    }

    fn number(&mut self) -> u64 {
        self.next = self.next.wrapping_add(1);
        self.next
    }
}

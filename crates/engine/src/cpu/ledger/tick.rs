//! What time does to the ledger: turns lapse, caps fill, idle accounts rest, floors rise.

use super::{AccountKey, Ledger};
use crate::cpu::level::Survey;
use crate::cpu::{LAPSE, Nanos};

impl Ledger {
    /// Time goes on. To be called about once in `TICK`; later only makes it all later.
    pub(in crate::cpu) fn tick(&mut self, now: Nanos) {
        while let Some((&turn, held)) = self.turns.first_key_value() {
            if now.saturating_sub(held.granted) < LAPSE {
                break;
            }
            self.end(turn);
        }
        let active: Vec<_> = self.active.iter().copied().collect();
        self.raise(&active, now);
        for key in self.throttled.clone() {
            if let Some(cap) = self.accounts.get_mut(&key).and_then(|e| e.cap.as_mut()) {
                cap.refill(now);
            }
            self.rank(key);
        }
        for key in active {
            self.follow(key, now);
        }
        self.dispatch(now);
    }

    /// Lets those rest that were not seen for long, and moves the floors up to where the others are.
    fn raise(&mut self, active: &[AccountKey], now: Nanos) {
        let mut tenants = Vec::new();
        for key in active {
            let Some(entry) = self.accounts.get_mut(key) else {
                continue;
            };
            if entry.is_idle(now) {
                self.rest(*key);
            } else if let Some(tenant) = self.tenants.get_mut(&entry.tenant) {
                if tenant.survey.is_none() {
                    tenants.push(entry.tenant);
                }
                let survey = tenant.survey.get_or_insert_default();
                survey.add(entry.vtime, entry.held_back || entry.place.is_some());
                entry.held_back = false;
            }
        }
        let mut all = Survey::default();
        for key in &tenants {
            if let Some(tenant) = self.tenants.get_mut(key) {
                all.add(tenant.vtime, tenant.held_back || tenant.place.is_some());
                tenant.held_back = false;
                tenant.long /= 2;
                tenant
                    .level
                    .raise(&tenant.survey.take().unwrap_or_default());
            }
        }
        self.level.raise(&all);
        for key in &tenants {
            if let Some(tenant) = self.tenants.get_mut(key) {
                tenant.vtime = self.level.at_least(tenant.vtime);
            }
        }
    }

    /// Draws an account up to the floor and finds out how it stands. Those that wait keep their ranks: no floor is ever
    /// above them.
    fn follow(&mut self, key: AccountKey, now: Nanos) {
        if let Some(entry) = self.accounts.get_mut(&key)
            && entry.place.is_none()
            && let Some(tenant) = self.tenants.get(&entry.tenant)
        {
            entry.vtime = tenant.level.at_least(entry.vtime);
        }
        self.judge(key, now);
    }
}

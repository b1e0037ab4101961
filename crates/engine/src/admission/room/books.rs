//! Who holds places, who waits, who is idle, and what follows: plain data, so that every order of events can be tried.
//!
//! All steps are O(log n). Decisions are gathered and taken away by the caller (`decisions`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// One that waits for a place, or an instance that is idle. Numbers grow: a smaller one came earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket(u64);

/// A place while somebody holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PlaceId(u64);

/// What became of a request for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Place(PlaceId),
    Queued(Ticket),
}

/// How full a room is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// All places.
    pub(crate) places: usize,
    /// Places that are held.
    pub(crate) taken: usize,
    /// Requests that wait for one.
    pub(crate) waiting: usize,
    /// Instances that are idle and were not asked to go.
    pub(crate) idle: usize,
}

/// A place that was granted: to whom, for which tenant, and which.
pub(super) type Granted = (Ticket, Arc<str>, PlaceId);

#[derive(Debug)]
pub(super) struct Books {
    places: usize,
    share: usize,
    taken: usize,
    waiting: usize,
    tenants: HashMap<Arc<str>, Tenant>,
    /// Tenants that wait and may have more, in the order of their turns.
    turns: BTreeMap<u64, Arc<str>>,
    /// Idle instances, those first that have been so for longest.
    idle: BTreeMap<Ticket, (PlaceId, Arc<str>)>,
    /// Places whose holders were asked to go and have not gone.
    called: BTreeSet<PlaceId>,
    /// Places that could be given at once if they were free.
    demand: usize,
    /// Numbers tickets, places and turns.
    next: u64,
    granted: Vec<Granted>,
    told: Vec<Ticket>,
}

#[derive(Debug, Default)]
struct Tenant {
    held: usize,
    waiting: BTreeSet<Ticket>,
    idle: BTreeSet<Ticket>,
    called: usize,
    turn: Option<u64>,
}

impl Tenant {
    /// Places that it waits for and may have.
    fn demand(&self, share: usize) -> usize {
        self.waiting.len().min(share.saturating_sub(self.held))
    }

    /// Whether an idle instance of its own has to go before it gets another.
    fn needs_own(&self, share: usize) -> bool {
        self.held >= share && self.waiting.len() > self.called
    }

    fn is_gone(&self) -> bool {
        self.held == 0 && self.waiting.is_empty() && self.idle.is_empty() && self.called == 0
    }
}

impl Books {
    pub(super) fn new(places: usize, share: usize) -> Self {
        Self {
            places,
            share,
            taken: 0,
            waiting: 0,
            tenants: HashMap::new(),
            turns: BTreeMap::new(),
            idle: BTreeMap::new(),
            called: BTreeSet::new(),
            demand: 0,
            next: 0,
            granted: Vec::new(),
            told: Vec::new(),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            places: self.places,
            taken: self.taken,
            waiting: self.waiting,
            idle: self.idle.len(),
        }
    }

    pub(super) fn held(&self, tenant: &str) -> usize {
        self.tenants.get(tenant).map_or(0, |tenant| tenant.held)
    }

    /// Places that were granted, and idle instances that have to be told, since this was asked last.
    pub(super) fn decisions(&mut self) -> (Vec<Granted>, Vec<Ticket>) {
        (
            std::mem::take(&mut self.granted),
            std::mem::take(&mut self.told),
        )
    }

    /// A place, or a ticket for the queue.
    pub(super) fn take(&mut self, tenant: &Arc<str>) -> Taken {
        // While a place is free nobody waits who may have it, so that this overtakes nobody.
        if self.taken < self.places && self.held(tenant) < self.share {
            return Taken::Place(self.give(tenant));
        }
        let ticket = Ticket(self.number());
        self.waiting = self.waiting.saturating_add(1);
        self.change(tenant, |tenant| {
            tenant.waiting.insert(ticket);
        });
        self.call_own(tenant);
        self.call_any();
        Taken::Queued(ticket)
    }

    /// One does not wait any more. Nothing happens if it has its place already.
    pub(super) fn cancel(&mut self, tenant: &Arc<str>, ticket: Ticket) {
        let mut waited = false;
        self.change(tenant, |tenant| waited = tenant.waiting.remove(&ticket));
        self.waiting = self.waiting.saturating_sub(usize::from(waited));
    }

    /// The instance at a place is over.
    pub(super) fn give_back(&mut self, tenant: &Arc<str>, place: PlaceId) {
        self.taken = self.taken.saturating_sub(1);
        let called = self.called.remove(&place);
        self.change(tenant, |tenant| {
            tenant.held = tenant.held.saturating_sub(1);
            tenant.called = tenant.called.saturating_sub(usize::from(called));
        });
        self.grant();
        self.call_any();
    }

    /// The instance at a place has nothing to do.
    pub(super) fn idle(&mut self, tenant: &Arc<str>, place: PlaceId) -> Ticket {
        let ticket = Ticket(self.number());
        self.idle.insert(ticket, (place, Arc::clone(tenant)));
        self.change(tenant, |tenant| {
            tenant.idle.insert(ticket);
        });
        self.call_own(tenant);
        self.call_any();
        ticket
    }

    /// The instance at a place works again, and has not heard of a call if there was one.
    pub(super) fn busy(&mut self, tenant: &Arc<str>, ticket: Ticket, place: PlaceId) {
        let was_idle = self.idle.remove(&ticket).is_some();
        let called = !was_idle && self.called.remove(&place);
        self.change(tenant, |tenant| {
            tenant.idle.remove(&ticket);
            tenant.called = tenant.called.saturating_sub(usize::from(called));
        });
        if called {
            self.call_own(tenant);
            self.call_any();
        }
    }

    /// Gives free places to those whose turn it is.
    fn grant(&mut self) {
        while self.taken < self.places {
            let Some((_, tenant)) = self.turns.pop_first() else {
                return;
            };
            let mut first = None;
            if let Some(entry) = self.tenants.get_mut(&tenant) {
                entry.turn = None;
                first = entry.waiting.first().copied();
            }
            let Some(ticket) = first else { continue };
            self.cancel(&tenant, ticket);
            let place = self.give(&tenant);
            self.call_own(&tenant);
            self.granted.push((ticket, tenant, place));
        }
    }

    fn give(&mut self, tenant: &Arc<str>) -> PlaceId {
        self.taken = self.taken.saturating_add(1);
        self.change(tenant, |tenant| {
            tenant.held = tenant.held.saturating_add(1);
        });
        PlaceId(self.number())
    }

    /// Calls idle instances of anyone, as many as places are wanted beyond those that are coming.
    fn call_any(&mut self) {
        while self.demand > self.called.len() {
            let Some((&ticket, _)) = self.idle.first_key_value() else {
                return;
            };
            self.call(ticket);
        }
    }

    /// Calls idle instances of a tenant that waits and has its share.
    fn call_own(&mut self, tenant: &Arc<str>) {
        while let Some(entry) = self.tenants.get(tenant) {
            let oldest = entry.idle.first().copied();
            let Some(ticket) = oldest.filter(|_| entry.needs_own(self.share)) else {
                return;
            };
            self.call(ticket);
        }
    }

    fn call(&mut self, ticket: Ticket) {
        let Some((place, tenant)) = self.idle.remove(&ticket) else {
            return;
        };
        let newly = self.called.insert(place);
        self.change(&tenant, |tenant| {
            tenant.idle.remove(&ticket);
            tenant.called = tenant.called.saturating_add(usize::from(newly));
        });
        self.told.push(ticket);
    }

    /// Changes a tenant's entry and what follows from it.
    fn change(&mut self, tenant: &Arc<str>, change: impl FnOnce(&mut Tenant)) {
        let turn = self.number();
        let share = self.share;
        let entry = self.tenants.entry(Arc::clone(tenant)).or_default();
        let before = entry.demand(share);
        change(entry);
        let after = entry.demand(share);
        self.demand = self.demand.saturating_sub(before).saturating_add(after);
        match (entry.turn, after) {
            (Some(turn), 0) => {
                entry.turn = None;
                self.turns.remove(&turn);
            }
            (None, 1..) => {
                entry.turn = Some(turn);
                self.turns.insert(turn, Arc::clone(tenant));
            }
            (Some(_), 1..) | (None, 0) => {}
        }
        if entry.is_gone() {
            self.tenants.remove(tenant);
        }
    }

    fn number(&mut self) -> u64 {
        self.next = self.next.wrapping_add(1);
        self.next
    }
}

#[cfg(test)]
impl Books {
    /// What must hold between any two steps.
    pub(super) fn check(&self) {
        let demand: usize = self.tenants.values().map(|t| t.demand(self.share)).sum();
        assert_eq!(self.demand, demand);
        let held: usize = self.tenants.values().map(|t| t.held).sum();
        assert_eq!(self.taken, held);
        assert!(self.taken <= self.places);
        let waiting: usize = self.tenants.values().map(|t| t.waiting.len()).sum();
        assert_eq!(self.waiting, waiting);
        let idle: usize = self.tenants.values().map(|t| t.idle.len()).sum();
        assert_eq!(self.idle.len(), idle);
        let called: usize = self.tenants.values().map(|t| t.called).sum();
        assert_eq!(self.called.len(), called);
        assert!(self.tenants.values().all(|t| t.held <= self.share));
        assert!(self.tenants.values().all(|t| !t.is_gone()));
        let turns = self.tenants.values().filter(|t| t.turn.is_some()).count();
        assert_eq!(self.turns.len(), turns);
        assert!(
            self.taken == self.places || self.turns.is_empty(),
            "a place is free and somebody waits who may have it"
        );
        assert!(
            self.idle.is_empty() || self.demand <= self.called.len(),
            "somebody waits and an idle instance was not asked"
        );
        for tenant in self.tenants.values() {
            assert!(!tenant.needs_own(self.share) || tenant.idle.is_empty());
            assert_eq!(tenant.turn.is_some(), tenant.demand(self.share) > 0);
        }
    }

    /// Whether nothing is left of anyone.
    pub(super) fn is_empty(&self) -> bool {
        self.tenants.is_empty()
            && self.turns.is_empty()
            && self.idle.is_empty()
            && self.called.is_empty()
    }
}

//! Who is next: fair queueing by virtual time (Goyal, Vin and Cheng 1996), between tenants, by the GPU time that they used.
//! A tenant's clock runs by what it used, divided by its weight; the one whose clock is behind is next. Whoever wants nothing
//! earns nothing: its clock is set forward when it comes back. A tenant that is alone gets everything. Pure: no time is
//! asked for here.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

/// The weight that is usual.
const USUAL: u64 = 100;
/// What a submission is taken to cost before it is known, in nanoseconds.
const FIRST: u64 = 1_000_000;

/// After so many turns, tenants that want nothing any more are looked for.
const FORGET: u64 = 256;

/// What waits at a gate, by tenant.
#[derive(Debug)]
pub(crate) struct Fair<K, T> {
    tenants: HashMap<K, Tenant<T>>,
    /// The clock of the tenant that was served last: where others begin.
    clock: u64,
    flights: BTreeMap<u64, Flight<K>>,
    next: u64,
}

#[derive(Debug)]
struct Tenant<T> {
    waiting: VecDeque<(T, u32)>,
    /// In nanoseconds of GPU time at the usual weight.
    clock: u64,
    flying: usize,
    /// What its submissions cost lately.
    usual: u64,
}

#[derive(Debug)]
struct Flight<K> {
    tenant: K,
    weight: u32,
    charged: u64,
}

/// Which turn something had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl<K, T> Default for Fair<K, T> {
    fn default() -> Self {
        Self {
            tenants: HashMap::new(),
            clock: 0,
            flights: BTreeMap::new(),
            next: 0,
        }
    }
}

impl<K: Clone + Eq + Hash + Ord, T> Fair<K, T> {
    /// Something of a tenant waits; `weight` is its share beside others, 100 being usual.
    pub(crate) fn enqueue(&mut self, tenant: K, weight: u32, item: T) {
        let clock = self.clock;
        let tenant = self.tenants.entry(tenant).or_insert_with(|| Tenant {
            waiting: VecDeque::new(),
            clock,
            flying: 0,
            usual: FIRST,
        });
        if tenant.waiting.is_empty() && tenant.flying == 0 {
            tenant.clock = tenant.clock.max(clock);
        }
        tenant.waiting.push_back((item, weight.max(1)));
    }

    /// Takes what is next of what `may` have a turn. It is charged what the tenant's submissions usually cost, until it is
    /// known.
    pub(crate) fn next(&mut self, mut may: impl FnMut(&T) -> bool) -> Option<(Ticket, T)> {
        let waiting = self.tenants.iter_mut().filter_map(|(key, tenant)| {
            let place = tenant.waiting.iter().position(|(item, _)| may(item))?;
            Some((key, tenant, place))
        });
        let (key, tenant, place) = waiting.min_by(|(one, first, _), (other, second, _)| {
            first.clock.cmp(&second.clock).then_with(|| one.cmp(other))
        })?;
        let (item, weight) = tenant.waiting.remove(place)?;
        self.clock = self.clock.max(tenant.clock);
        let charged = tenant.usual;
        tenant.clock = tenant.clock.saturating_add(weighed(charged, weight));
        tenant.flying += 1;
        self.next += 1;
        self.flights.insert(
            self.next,
            Flight {
                tenant: key.clone(),
                weight,
                charged,
            },
        );
        Some((Ticket(self.next), item))
    }

    /// What had this turn is over and took so long on the GPU.
    pub(crate) fn finished(&mut self, ticket: Ticket, nanos: u64) {
        let Some(flight) = self.flights.remove(&ticket.0) else {
            return;
        };
        let Some(tenant) = self.tenants.get_mut(&flight.tenant) else {
            return;
        };
        let (charged, cost) = (
            weighed(flight.charged, flight.weight),
            weighed(nanos, flight.weight),
        );
        tenant.clock = tenant.clock.saturating_add(cost).saturating_sub(charged);
        tenant.usual = (tenant.usual / 4)
            .saturating_mul(3)
            .saturating_add(nanos / 4)
            .max(1);
        tenant.flying = tenant.flying.saturating_sub(1);
        self.forget();
    }

    /// A tenant that wants nothing and is not ahead of the others is the same as one that was never here; when nobody wants
    /// anything, that is everybody.
    fn forget(&mut self) {
        let idle = |tenant: &Tenant<T>| tenant.flying == 0 && tenant.waiting.is_empty();
        if self.flights.is_empty() && self.tenants.values().all(idle) {
            self.tenants.clear();
            self.clock = 0;
        } else if self.next.is_multiple_of(FORGET) {
            let clock = self.clock;
            self.tenants
                .retain(|_, tenant| !idle(tenant) || tenant.clock > clock);
        }
    }

    /// What has a turn.
    pub(crate) fn flying(&self) -> usize {
        self.flights.len()
    }
}

fn weighed(nanos: u64, weight: u32) -> u64 {
    nanos.saturating_mul(USUAL) / u64::from(weight)
}

#[cfg(test)]
mod tests;

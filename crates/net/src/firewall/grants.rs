//! Addresses that a guest found under a name: the entry for the name is one for these addresses also, as long as the
//! answer lasts. Without this, an entry with a name would mean nothing to a plain socket.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::host::Name;
use super::resolve::Answer;

/// Names under which one address is remembered: the shared front of a provider serves more, the last ones count.
const NAMES: usize = 16;

/// How long an address stays usable after its answer has expired: from the look-up to the connection takes a moment.
const GRACE: Duration = Duration::from_secs(5);

/// What the look-ups of one workload gave.
#[derive(Debug)]
pub struct Grants {
    most: usize,
    now: fn() -> Instant,
    found: Mutex<HashMap<IpAddr, Vec<Found>>>,
}

#[derive(Clone, Debug)]
struct Found {
    name: Name,
    until: Instant,
}

impl Grants {
    /// Remembers at most this many addresses; the one that expires first gives way.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            now: Instant::now,
            found: Mutex::default(),
        }
    }

    /// The guest was told these addresses for the name.
    pub(super) fn add(&self, name: &Name, answer: &Answer) {
        let until = (self.now)() + answer.ttl + GRACE;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for address in answer.addresses.iter().map(IpAddr::to_canonical) {
            if !found.contains_key(&address) && found.len() >= self.most && !make_room(&mut found) {
                return;
            }
            let names = found.entry(address).or_default();
            names.retain(|old| old.name != *name);
            if names.len() >= NAMES {
                names.remove(0);
            }
            names.push(Found {
                name: name.clone(),
                until,
            });
        }
    }

    /// The names under which the guest found this address, the latest first.
    pub(super) fn names(&self, address: IpAddr) -> Vec<Name> {
        let now = (self.now)();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(names) = found.get_mut(&address.to_canonical()) else {
            return Vec::new();
        };
        names.retain(|one| one.until > now);
        let fresh = names.iter().rev().map(|one| one.name.clone()).collect();
        if names.is_empty() {
            found.remove(&address.to_canonical());
        }
        fresh
    }
}

/// Forgets what expires first; `false` where there is nothing to forget.
fn make_room(found: &mut HashMap<IpAddr, Vec<Found>>) -> bool {
    let last = |names: &Vec<Found>| names.iter().map(|one| one.until).max();
    let address = found.iter().min_by_key(|(_, names)| last(names));
    let Some(address) = address.map(|(address, _)| *address) else {
        return false;
    };
    found.remove(&address).is_some()
}

#[cfg(test)]
mod tests;

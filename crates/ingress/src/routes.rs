//! Which target answers a host name: a snapshot that requests read without a lock, and the guards that change it.
//!
//! An exact name beats a wildcard, a longer wildcard beats a shorter one, and the catch-all comes last. Writers build a
//! new snapshot under the one lock of this crate; `swap` changes a slot that all names of a route share, so it is
//! atomic for all of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use weft_api::ids::{Tenant, WorkloadName};

use crate::activity::Active;
use crate::hostname::HostPattern;
use crate::target::Target;

use self::snapshot::{Slot, Snapshot};

mod snapshot;

/// The routes of one server. Clones share them.
#[derive(Clone, Default)]
pub struct Routes {
    table: Arc<Table>,
}

/// The routes of one workload: dropping it removes them.
#[must_use = "dropping the guard removes the routes"]
pub struct RouteGuard {
    table: Arc<Table>,
    slot: Arc<Slot>,
    hosts: Vec<HostPattern>,
}

/// Why routes were not published; then none of them was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Another tenant has the name, or a wildcard that covers it, or names that the wildcard would cover.
    #[error(transparent)]
    Claimed(Box<Conflict>),
    /// The list of names is empty, so no request could ever arrive.
    #[error("workload `{tenant}/{workload}` has no host name; give it at least one")]
    NoHosts {
        /// Whose workload it is.
        tenant: Tenant,
        /// The workload.
        workload: WorkloadName,
    },
}

/// Two tenants that want the same name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "host name `{host}` of workload `{tenant}/{workload}` is taken: tenant `{owner}` has `{owner_host}` for its \
     workload `{owner_workload}`, and a host name belongs to one tenant; choose another name, or remove it there"
)]
pub struct Conflict {
    /// The name that was asked for.
    pub host: HostPattern,
    /// Who asked for it.
    pub tenant: Tenant,
    /// The workload that it was for.
    pub workload: WorkloadName,
    /// The name that stands in the way: the same, or one that overlaps.
    pub owner_host: HostPattern,
    /// Whose it is.
    pub owner: Tenant,
    /// A workload that it leads to.
    pub owner_workload: WorkloadName,
}

impl Routes {
    /// No routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leads `hosts` to `target` until the guard is dropped. Several workloads of one tenant may share a name; a
    /// request goes to the one with the fewest requests in flight.
    pub fn publish(
        &self,
        tenant: Tenant,
        workload: WorkloadName,
        mut hosts: Vec<HostPattern>,
        target: Arc<dyn Target>,
    ) -> Result<RouteGuard, RouteError> {
        hosts.sort();
        hosts.dedup();
        if hosts.is_empty() {
            return Err(RouteError::NoHosts { tenant, workload });
        }
        let _writing = self.table.lock();
        let mut snapshot = Snapshot::clone(&self.table.snapshot.load());
        for host in &hosts {
            if let Some((owner_host, owner)) = snapshot.rival(host, &tenant) {
                return Err(RouteError::Claimed(Box::new(Conflict {
                    host: host.clone(),
                    tenant,
                    workload,
                    owner_host: owner_host.clone(),
                    owner: owner.tenant.clone(),
                    owner_workload: owner.workload.clone(),
                })));
            }
        }
        let slot = Arc::new(Slot {
            tenant,
            workload,
            activity: Arc::default(),
            target: ArcSwap::from_pointee(target),
        });
        for host in &hosts {
            snapshot.insert(host, &slot);
        }
        self.table.snapshot.store(Arc::new(snapshot));
        Ok(RouteGuard {
            table: Arc::clone(&self.table),
            slot,
            hosts,
        })
    }

    /// All names that lead somewhere, sorted.
    pub fn hosts(&self) -> Vec<HostPattern> {
        let snapshot = self.table.snapshot.load();
        let mut hosts: Vec<_> = snapshot.hosts().cloned().collect();
        hosts.sort();
        hosts
    }

    /// The target for a host name in the one form of [`crate::hostname`], held until the lease is dropped.
    pub(crate) fn find(&self, host: &str) -> Option<Lease> {
        let snapshot = self.table.snapshot.load();
        let turn = self.table.turn.fetch_add(1, Ordering::Relaxed);
        let slot = least_busy(snapshot.find(host)?, turn)?;
        Some(Lease {
            _active: slot.activity.enter(),
            target: Arc::clone(&slot.target.load()),
        })
    }
}

impl RouteGuard {
    /// The names that lead to this workload, sorted.
    pub fn hosts(&self) -> &[HostPattern] {
        &self.hosts
    }

    /// Puts another target in place, for all names at once, and returns the old one. Requests in flight finish on the
    /// target that they started with: the old one is dropped with the last of them.
    pub fn swap(&self, target: Arc<dyn Target>) -> Arc<dyn Target> {
        Arc::clone(&self.slot.target.swap(Arc::new(target)))
    }
}

impl Drop for RouteGuard {
    fn drop(&mut self) {
        let _writing = self.table.lock();
        let mut snapshot = Snapshot::clone(&self.table.snapshot.load());
        for host in &self.hosts {
            snapshot.remove(host, &self.slot);
        }
        self.table.snapshot.store(Arc::new(snapshot));
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Routes").field(&self.hosts()).finish()
    }
}

impl std::fmt::Debug for RouteGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RouteGuard").field(&self.hosts).finish()
    }
}

/// A target in use by one request.
pub(crate) struct Lease {
    _active: Active,
    pub(crate) target: Arc<dyn Target>,
}

#[derive(Default)]
struct Table {
    snapshot: ArcSwap<Snapshot>,
    writing: Mutex<()>,
    /// Counts look-ups, so that equally busy targets take turns.
    turn: AtomicUsize,
}

impl Table {
    /// Taken by writers only. A writer that panicked left the old snapshot in place, so poison means nothing here.
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The slot with the fewest requests in flight; among equals, the next in turn.
fn least_busy(slots: &[Arc<Slot>], turn: usize) -> Option<&Arc<Slot>> {
    let (later, first) = slots.split_at_checked(turn.checked_rem(slots.len())?)?;
    first
        .iter()
        .chain(later)
        .min_by_key(|slot| slot.activity.in_flight())
}

#[cfg(test)]
mod tests;

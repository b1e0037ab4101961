//! Which target answers a host name and a path: a snapshot that requests read without a lock, and the guards that
//! change it.
//!
//! The host name comes first: an exact name beats a wildcard, a longer wildcard beats a shorter one, and the catch-all
//! comes last. Among the routes of that one pattern, the longest path prefix wins. Writers build a new snapshot under
//! the one lock of this crate; `swap` changes a slot that all routes of a workload share, so it is atomic for all of
//! them.
//!
//! `hosts` says what stands at which pattern, `snapshot` has the routes of HTTP, `names` those of forwarded connections.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use weft_api::ids::{Tenant, WorkloadName};

use crate::activity::Active;
use crate::hostname::HostPattern;
use crate::path::PathPrefix;
use crate::target::Target;

use self::names::Names;
use self::snapshot::{Slot, Snapshot};

mod hosts;
mod names;
mod snapshot;

pub use self::names::NameGuard;
pub(crate) use self::names::NameSlot;

/// The routes of one server. Clones share them.
#[derive(Clone, Default)]
pub struct Routes {
    table: Arc<Table>,
}

/// What a route answers: the host names of one pattern, and the paths below one prefix of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoutePattern {
    /// The host names. Whoever publishes a route has them to itself, whatever the path is.
    pub host: HostPattern,
    /// The paths; `/` for all.
    pub path: PathPrefix,
}

/// The routes of one workload: dropping it removes them.
#[must_use = "dropping the guard removes the routes"]
pub struct RouteGuard {
    table: Arc<Table>,
    slot: Arc<Slot>,
    patterns: Vec<RoutePattern>,
}

/// Why routes were not published; then none of them was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Another tenant has the name, or a wildcard that covers it, or names that the wildcard would cover.
    #[error(transparent)]
    Claimed(Box<Conflict>),
    /// The list of routes is empty, so no request could ever arrive.
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

    /// Leads requests to `target` until the guard is dropped. Several workloads of one tenant may share a route; a
    /// request goes to the one with the fewest requests in flight.
    pub fn publish(
        &self,
        tenant: Tenant,
        workload: WorkloadName,
        mut patterns: Vec<RoutePattern>,
        target: Arc<dyn Target>,
    ) -> Result<RouteGuard, RouteError> {
        patterns.sort();
        patterns.dedup();
        if patterns.is_empty() {
            return Err(RouteError::NoHosts { tenant, workload });
        }
        let _writing = self.table.lock();
        let mut snapshot = Snapshot::clone(&self.table.snapshot.load());
        for RoutePattern { host, .. } in &patterns {
            self.table.check_claim(host, &tenant, &workload)?;
        }
        let slot = Arc::new(Slot {
            tenant,
            workload,
            activity: Arc::default(),
            target: ArcSwap::from_pointee(target),
        });
        for pattern in &patterns {
            snapshot.insert(pattern, &slot);
        }
        self.table.snapshot.store(Arc::new(snapshot));
        Ok(RouteGuard {
            table: Arc::clone(&self.table),
            slot,
            patterns,
        })
    }

    /// All routes that lead somewhere, sorted.
    pub fn patterns(&self) -> Vec<RoutePattern> {
        let mut patterns: Vec<_> = self.table.snapshot.load().routes().collect();
        patterns.sort();
        patterns
    }

    /// The target for a host name in the one form of [`crate::hostname`] and a path as it was sent, held until the
    /// lease is dropped.
    pub(crate) fn find(&self, host: &str, path: &str) -> Result<Lease, Miss> {
        let snapshot = self.table.snapshot.load();
        let slots = snapshot.find(host, path)?;
        let slot = self.table.choose(slots).ok_or(Miss::Path)?;
        Ok(Lease {
            _active: slot.activity.enter(),
            target: Arc::clone(&slot.target.load()),
        })
    }
}

impl RouteGuard {
    /// The routes that lead to this workload, sorted.
    pub fn patterns(&self) -> &[RoutePattern] {
        &self.patterns
    }

    /// Puts another target in place, for all routes at once, and returns the old one. Requests in flight finish on the
    /// target that they started with: the old one is dropped with the last of them.
    pub fn swap(&self, target: Arc<dyn Target>) -> Arc<dyn Target> {
        Arc::clone(&self.slot.target.swap(Arc::new(target)))
    }
}

impl Drop for RouteGuard {
    fn drop(&mut self) {
        let _writing = self.table.lock();
        let mut snapshot = Snapshot::clone(&self.table.snapshot.load());
        for pattern in &self.patterns {
            snapshot.remove(pattern, &self.slot);
        }
        self.table.snapshot.store(Arc::new(snapshot));
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Routes").field(&self.patterns()).finish()
    }
}

impl std::fmt::Debug for RouteGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RouteGuard").field(&self.patterns).finish()
    }
}

/// Every path of a host pattern.
impl From<HostPattern> for RoutePattern {
    fn from(host: HostPattern) -> Self {
        let path = PathPrefix::default();
        Self { host, path }
    }
}

/// The host pattern, then the path unless it is `/`: `example.com/api`.
impl std::fmt::Display for RoutePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, path } = self;
        if path.is_root() {
            write!(f, "{host}")
        } else {
            write!(f, "{host}{path}")
        }
    }
}

/// Why a request has no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// No route has the host name.
    Host,
    /// Routes have the host name, but none of them the path.
    Path,
}

/// A target in use by one request.
pub(crate) struct Lease {
    _active: Active,
    pub(crate) target: Arc<dyn Target>,
}

#[derive(Default)]
struct Table {
    snapshot: ArcSwap<Snapshot>,
    /// What connections are forwarded by.
    names: ArcSwap<Names>,
    writing: Mutex<()>,
    /// Counts look-ups, so that equally busy targets take turns.
    turn: AtomicUsize,
}

impl Table {
    /// Taken by writers only. A writer that panicked left the old snapshot in place, so poison means nothing here.
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn choose<'a>(&self, slots: &'a [Arc<Slot>]) -> Option<&'a Arc<Slot>> {
        match slots {
            [one] => Some(one),
            _ => least_busy(slots, self.turn.fetch_add(1, Ordering::Relaxed)),
        }
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

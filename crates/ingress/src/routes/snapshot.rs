//! The routes at one moment: plain data, no locks, no I/O.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rpds::HashTrieMapSync;
use weft_api::ids::{Tenant, WorkloadName};

use crate::activity::Activity;
use crate::hostname::HostPattern;
use crate::path::{PathPrefix, prefixes};
use crate::target::Target;

use super::hosts::{self, HostMap, Owner};
use super::{Miss, RoutePattern};

/// All routes.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    hosts: HostMap<Entry>,
}

/// What one `publish` put in: shared by all its routes, in every snapshot.
pub(super) struct Slot {
    pub(super) tenant: Tenant,
    pub(super) workload: WorkloadName,
    pub(super) activity: Arc<Activity>,
    pub(super) target: ArcSwap<Arc<dyn Target>>,
}

/// The slots that share one host pattern and one path prefix.
type Slots = Vec<Arc<Slot>>;

/// One host pattern and where its paths lead.
#[derive(Clone)]
struct Entry {
    host: HostPattern,
    root: Slots,
    paths: HashTrieMapSync<PathPrefix, Slots>,
    /// The length of the longest key that `paths` has ever had: it bounds how much of a request's path is looked at.
    longest: usize,
}

impl Snapshot {
    /// The slots for a host name in the one form, and a path. The best pattern for the host decides alone: a path that
    /// it has no prefix for is not looked up under another pattern, which may be another tenant's.
    pub(super) fn find(&self, host: &str, path: &str) -> Result<&[Arc<Slot>], Miss> {
        let entry = self.hosts.find(host).ok_or(Miss::Host)?;
        entry.find(path).ok_or(Miss::Path)
    }

    /// What stands in the way of a tenant's claim: another tenant's route for a name that `host` covers, whatever its
    /// path.
    pub(super) fn rival(&self, host: &HostPattern, tenant: &Tenant) -> Option<Owner<'_>> {
        self.hosts.rival(host, tenant)
    }

    /// All routes, in no order.
    pub(super) fn routes(&self) -> impl Iterator<Item = RoutePattern> {
        self.hosts.entries().flat_map(|entry| entry.routes())
    }

    /// Adds a slot to a route.
    pub(super) fn insert(&mut self, route: &RoutePattern, slot: &Arc<Slot>) {
        let mut entry = match self.hosts.get(&route.host) {
            Some(entry) => Entry::clone(entry),
            None => Entry::new(&route.host),
        };
        entry.insert(&route.path, slot);
        self.hosts.put(&route.host, entry);
    }

    /// Takes a slot out of a route.
    pub(super) fn remove(&mut self, route: &RoutePattern, slot: &Arc<Slot>) {
        let Some(entry) = self.hosts.get(&route.host) else {
            return;
        };
        let mut entry = Entry::clone(entry);
        entry.remove(&route.path, slot);
        self.hosts.put(&route.host, entry);
    }
}

impl hosts::Entry for Entry {
    fn owner(&self) -> Option<Owner<'_>> {
        let slot = self
            .root
            .iter()
            .chain(self.paths.values().flatten())
            .next()?;
        Some(Owner {
            host: &self.host,
            tenant: &slot.tenant,
            workload: &slot.workload,
        })
    }
}

impl Entry {
    fn new(host: &HostPattern) -> Self {
        Self {
            host: host.clone(),
            root: Slots::new(),
            paths: HashTrieMapSync::new_sync(),
            longest: 0,
        }
    }

    fn find(&self, path: &str) -> Option<&[Arc<Slot>]> {
        let mut found = prefixes(path, self.longest).filter_map(|prefix| self.paths.get(prefix));
        let slots = found.next().unwrap_or(&self.root);
        (!slots.is_empty()).then_some(slots)
    }

    fn insert(&mut self, path: &PathPrefix, slot: &Arc<Slot>) {
        if path.is_root() {
            self.root.push(Arc::clone(slot));
            return;
        }
        let mut slots = self.paths.get(path).cloned().unwrap_or_default();
        slots.push(Arc::clone(slot));
        self.paths.insert_mut(path.clone(), slots);
        self.longest = self.longest.max(path.len());
    }

    fn remove(&mut self, path: &PathPrefix, slot: &Arc<Slot>) {
        let others = |slots: &Slots| -> Slots {
            let others = slots.iter().filter(|other| !Arc::ptr_eq(other, slot));
            others.cloned().collect()
        };
        if path.is_root() {
            self.root = others(&self.root);
            return;
        }
        let left = self.paths.get(path).map(others).unwrap_or_default();
        if left.is_empty() {
            self.paths.remove_mut(path);
        } else {
            self.paths.insert_mut(path.clone(), left);
        }
    }

    fn routes(&self) -> impl Iterator<Item = RoutePattern> {
        let root = (!self.root.is_empty()).then(PathPrefix::default);
        let paths = root.into_iter().chain(self.paths.keys().cloned());
        paths.map(|path| RoutePattern {
            host: self.host.clone(),
            path,
        })
    }
}

//! The routes at one moment: plain data, no locks, no I/O.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use weft_api::ids::{Tenant, WorkloadName};

use crate::activity::Activity;
use crate::hostname::{HostPattern, suffixes};
use crate::target::Target;

/// All routes. No entry is empty, and the slots of one entry belong to one tenant.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    exact: HashMap<Arc<str>, Arc<Entry>>,
    /// By suffix, without the `*.`.
    below: HashMap<Arc<str>, Arc<Entry>>,
    any: Option<Arc<Entry>>,
}

/// What one `publish` put in: shared by all its names, in every snapshot.
pub(super) struct Slot {
    pub(super) tenant: Tenant,
    pub(super) workload: WorkloadName,
    pub(super) activity: Arc<Activity>,
    pub(super) target: ArcSwap<Arc<dyn Target>>,
}

impl Snapshot {
    /// The slots for a host name in the one form.
    pub(super) fn find(&self, host: &str) -> Option<&[Arc<Slot>]> {
        let entry = self
            .exact
            .get(host)
            .or_else(|| suffixes(host).find_map(|suffix| self.below.get(suffix)))
            .or(self.any.as_ref())?;
        Some(&entry.slots)
    }

    /// What stands in the way of a tenant's claim: another tenant's route for a name that `host` covers.
    pub(super) fn rival(
        &self,
        host: &HostPattern,
        tenant: &Tenant,
    ) -> Option<(&HostPattern, &Slot)> {
        self.entries()
            .filter(|entry| entry.host.overlaps(host))
            .flat_map(|entry| entry.slots.iter().map(|slot| (&entry.host, slot.as_ref())))
            .filter(|(_, slot)| slot.tenant != *tenant)
            .min_by_key(|(host, _)| *host)
    }

    /// All patterns, in no order.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &HostPattern> {
        self.entries().map(|entry| &entry.host)
    }

    /// Adds a slot to a pattern's entry.
    pub(super) fn insert(&mut self, host: &HostPattern, slot: &Arc<Slot>) {
        let new = || {
            Arc::new(Entry {
                host: host.clone(),
                slots: Vec::new(),
            })
        };
        let entry = match host {
            HostPattern::Exact(name) => self.exact.entry(name.as_str().into()).or_insert_with(new),
            HostPattern::Below(name) => self.below.entry(name.as_str().into()).or_insert_with(new),
            HostPattern::Any => self.any.get_or_insert_with(new),
        };
        Arc::make_mut(entry).slots.push(Arc::clone(slot));
    }

    /// Takes a slot out of a pattern's entry.
    pub(super) fn remove(&mut self, host: &HostPattern, slot: &Arc<Slot>) {
        let entry = match host {
            HostPattern::Exact(name) => self.exact.get_mut(name.as_str()),
            HostPattern::Below(name) => self.below.get_mut(name.as_str()),
            HostPattern::Any => self.any.as_mut(),
        };
        let Some(entry) = entry.map(Arc::make_mut) else {
            return;
        };
        entry.slots.retain(|other| !Arc::ptr_eq(other, slot));
        if entry.slots.is_empty() {
            match host {
                HostPattern::Exact(name) => drop(self.exact.remove(name.as_str())),
                HostPattern::Below(name) => drop(self.below.remove(name.as_str())),
                HostPattern::Any => self.any = None,
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let all = self
            .exact
            .values()
            .chain(self.below.values())
            .chain(&self.any);
        all.map(AsRef::as_ref)
    }
}

/// One pattern and where it leads.
#[derive(Clone)]
struct Entry {
    host: HostPattern,
    slots: Vec<Arc<Slot>>,
}

//! The routes at one moment: plain data, no locks, no I/O.
//!
//! The maps share what they have in common with the snapshot before, so that a change costs about the same whether
//! there are ten routes or ten thousand.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rpds::{HashTrieMapSync, RedBlackTreeMapSync};
use weft_api::ids::{Tenant, WorkloadName};

use crate::activity::Activity;
use crate::hostname::{HostPattern, suffixes};
use crate::path::{PathPrefix, prefixes};
use crate::target::Target;

use super::{Miss, RoutePattern};

/// All routes. No entry is empty, and the slots of one entry belong to one tenant.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    exact: HashTrieMapSync<Arc<str>, Arc<Entry>>,
    /// By suffix, without the `*.`.
    below: HashTrieMapSync<Arc<str>, Arc<Entry>>,
    any: Option<Arc<Entry>>,
    /// The patterns of `exact` and `below` by their labels from the right, so that all names below a suffix stand side
    /// by side. For writers only.
    from_the_right: RedBlackTreeMapSync<String, HostPattern>,
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
        let entry = self
            .exact
            .get(host)
            .or_else(|| suffixes(host).find_map(|suffix| self.below.get(suffix)))
            .or(self.any.as_ref())
            .ok_or(Miss::Host)?;
        entry.find(path).ok_or(Miss::Path)
    }

    /// What stands in the way of a tenant's claim: another tenant's route for a name that `host` covers, whatever its
    /// path.
    pub(super) fn rival(
        &self,
        host: &HostPattern,
        tenant: &Tenant,
    ) -> Option<(&HostPattern, &Slot)> {
        let foreign =
            |entry: &&Arc<Entry>| entry.owner().is_some_and(|slot| slot.tenant != *tenant);
        let found = match host {
            HostPattern::Any => self.any.as_ref().filter(foreign),
            HostPattern::Exact(name) => {
                let same = self.exact.get(name.as_str()).into_iter();
                same.chain(self.covering(name.as_str())).find(foreign)
            }
            HostPattern::Below(suffix) => {
                let same = self.below.get(suffix.as_str()).into_iter();
                match same.chain(self.covering(suffix.as_str())).next() {
                    // Whoever has a wildcard has all names below it, so there is nobody else to find there.
                    Some(wildcard) => Some(wildcard).filter(foreign),
                    None => self.beneath(suffix.as_str()).find(foreign),
                }
            }
        };
        found.and_then(|entry| Some((&entry.host, entry.owner()?.as_ref())))
    }

    /// All routes, in no order.
    pub(super) fn routes(&self) -> impl Iterator<Item = RoutePattern> {
        let hosts = self.exact.values().chain(self.below.values());
        hosts.chain(&self.any).flat_map(|entry| entry.routes())
    }

    /// Adds a slot to a route.
    pub(super) fn insert(&mut self, route: &RoutePattern, slot: &Arc<Slot>) {
        let mut entry = match self.get(&route.host) {
            Some(entry) => Entry::clone(entry),
            None => Entry::new(&route.host),
        };
        entry.insert(&route.path, slot);
        self.put(&route.host, entry);
    }

    /// Takes a slot out of a route.
    pub(super) fn remove(&mut self, route: &RoutePattern, slot: &Arc<Slot>) {
        let Some(entry) = self.get(&route.host) else {
            return;
        };
        let mut entry = Entry::clone(entry);
        entry.remove(&route.path, slot);
        self.put(&route.host, entry);
    }

    fn get(&self, host: &HostPattern) -> Option<&Arc<Entry>> {
        match host {
            HostPattern::Any => self.any.as_ref(),
            HostPattern::Exact(name) => self.exact.get(name.as_str()),
            HostPattern::Below(suffix) => self.below.get(suffix.as_str()),
        }
    }

    /// Puts an entry in the place of the one before, or takes that away if the new one is empty.
    fn put(&mut self, host: &HostPattern, entry: Entry) {
        let (map, name, key) = match host {
            HostPattern::Any => {
                self.any = (!entry.is_empty()).then(|| Arc::new(entry));
                return;
            }
            HostPattern::Exact(name) => (&mut self.exact, name.as_str(), reversed(name.as_str())),
            HostPattern::Below(suffix) => {
                let key = format!("{}*", below(suffix.as_str()));
                (&mut self.below, suffix.as_str(), key)
            }
        };
        if entry.is_empty() {
            map.remove_mut(name);
            self.from_the_right.remove_mut(&key);
        } else {
            map.insert_mut(name.into(), Arc::new(entry));
            self.from_the_right.insert_mut(key, host.clone());
        }
    }

    /// The wildcards that cover a name.
    fn covering(&self, name: &str) -> impl Iterator<Item = &Arc<Entry>> {
        suffixes(name).filter_map(|suffix| self.below.get(suffix))
    }

    /// The names and wildcards below a suffix.
    fn beneath(&self, suffix: &str) -> impl Iterator<Item = &Arc<Entry>> {
        let prefix = below(suffix);
        let from = self.from_the_right.range(prefix.clone()..);
        from.take_while(move |(key, _)| key.starts_with(&prefix))
            .filter_map(|(_, host)| self.get(host))
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

    /// One of its slots: all belong to the same tenant.
    fn owner(&self) -> Option<&Arc<Slot>> {
        self.root.iter().chain(self.paths.values().flatten()).next()
    }

    fn is_empty(&self) -> bool {
        self.root.is_empty() && self.paths.is_empty()
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

/// `a.b.c` as `c.b.a`.
fn reversed(name: &str) -> String {
    let labels: Vec<_> = name.rsplit('.').collect();
    labels.join(".")
}

/// What the reversed names below a suffix begin with: `c.b.` for `b.c`.
fn below(suffix: &str) -> String {
    format!("{}.", reversed(suffix))
}

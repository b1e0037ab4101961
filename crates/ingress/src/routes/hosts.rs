//! What stands at which host pattern: plain data, no locks, no I/O. HTTP routes and names of forwarded connections are
//! both kept like this, so that both belong to tenants by the same rules.
//!
//! The maps share what they have in common with their copies, so that a change costs about the same whether there are
//! ten entries or ten thousand.

use std::sync::Arc;

use rpds::{HashTrieMapSync, RedBlackTreeMapSync};
use weft_api::ids::{Tenant, WorkloadName};

use crate::hostname::{HostPattern, suffixes};

/// What stands at a host pattern. All that is in one entry belongs to one tenant.
pub(super) trait Entry {
    /// Where it stands, and whose it is; none if there is nothing in it.
    fn owner(&self) -> Option<Owner<'_>>;
}

/// Whose a host pattern is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub(super) host: &'a HostPattern,
    pub(super) tenant: &'a Tenant,
    /// A workload that it leads to.
    pub(super) workload: &'a WorkloadName,
}

/// Entries by host pattern. None is empty.
#[derive(Clone)]
pub(super) struct HostMap<E> {
    exact: HashTrieMapSync<Arc<str>, Arc<E>>,
    /// By suffix, without the `*.`.
    below: HashTrieMapSync<Arc<str>, Arc<E>>,
    any: Option<Arc<E>>,
    /// The patterns of `exact` and `below` by their labels from the right, so that all names below a suffix stand side
    /// by side. For writers only.
    from_the_right: RedBlackTreeMapSync<String, HostPattern>,
}

impl<E> Default for HostMap<E> {
    fn default() -> Self {
        Self {
            exact: HashTrieMapSync::new_sync(),
            below: HashTrieMapSync::new_sync(),
            any: None,
            from_the_right: RedBlackTreeMapSync::new_sync(),
        }
    }
}

impl<E: Entry> HostMap<E> {
    /// The entry for a host name in the one form: an exact name beats a wildcard, a longer wildcard a shorter one.
    pub(super) fn find(&self, host: &str) -> Option<&Arc<E>> {
        self.exact
            .get(host)
            .or_else(|| self.covering(host).next())
            .or(self.any.as_ref())
    }

    /// What stands in the way of a tenant's claim: another tenant's entry for a name that `host` covers.
    pub(super) fn rival(&self, host: &HostPattern, tenant: &Tenant) -> Option<Owner<'_>> {
        let foreign = |entry: &&Arc<E>| entry.owner().is_some_and(|owner| owner.tenant != tenant);
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
        found?.owner()
    }

    /// All entries, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Arc<E>> {
        let hosts = self.exact.values().chain(self.below.values());
        hosts.chain(&self.any)
    }

    /// The entry that stands at exactly this pattern.
    pub(super) fn get(&self, host: &HostPattern) -> Option<&Arc<E>> {
        match host {
            HostPattern::Any => self.any.as_ref(),
            HostPattern::Exact(name) => self.exact.get(name.as_str()),
            HostPattern::Below(suffix) => self.below.get(suffix.as_str()),
        }
    }

    /// Puts an entry in the place of the one before, or takes that away if the new one is empty.
    pub(super) fn put(&mut self, host: &HostPattern, entry: E) {
        let is_empty = entry.owner().is_none();
        let (map, name, key) = match host {
            HostPattern::Any => {
                self.any = (!is_empty).then(|| Arc::new(entry));
                return;
            }
            HostPattern::Exact(name) => (&mut self.exact, name.as_str(), reversed(name.as_str())),
            HostPattern::Below(suffix) => {
                let key = format!("{}*", below(suffix.as_str()));
                (&mut self.below, suffix.as_str(), key)
            }
        };
        if is_empty {
            map.remove_mut(name);
            self.from_the_right.remove_mut(&key);
        } else {
            map.insert_mut(name.into(), Arc::new(entry));
            self.from_the_right.insert_mut(key, host.clone());
        }
    }

    /// The wildcards that cover a name, the longest first.
    fn covering(&self, name: &str) -> impl Iterator<Item = &Arc<E>> {
        suffixes(name).filter_map(|suffix| self.below.get(suffix))
    }

    /// The names and wildcards below a suffix.
    fn beneath(&self, suffix: &str) -> impl Iterator<Item = &Arc<E>> {
        let prefix = below(suffix);
        let from = self.from_the_right.range(prefix.clone()..);
        from.take_while(move |(key, _)| key.starts_with(&prefix))
            .filter_map(|(_, host)| self.get(host))
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

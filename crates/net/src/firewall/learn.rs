//! Learning a policy: what would be denied for want of an entry is allowed and remembered, and the entries that were
//! wanted are the policy that a workload needs.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::denial::List;

/// What was seen of one component.
#[derive(Debug)]
pub struct Learned {
    most: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    entries: BTreeSet<(List, String)>,
    left_out: u64,
}

/// The smallest lists that cover what was seen, sorted. Each entry is for one destination: nothing is generalised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearnedPolicy {
    pub allowed_hosts: Vec<String>,
    pub allowed_ip_name_lookups: Vec<String>,
    pub allowed_host_loopback_ports: Vec<String>,
    /// Times that something was denied because there was no room to remember it: the lists are not complete.
    pub left_out: u64,
}

impl Learned {
    /// Remembers at most this many entries.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            seen: Mutex::default(),
        }
    }

    /// Remembers an entry; `false` where there is no room, and then it has to be denied.
    pub(super) fn record(&self, list: List, entry: String) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = (list, entry);
        if seen.entries.contains(&entry) {
            return true;
        }
        if seen.entries.len() >= self.most {
            seen.left_out = seen.left_out.saturating_add(1);
            return false;
        }
        seen.entries.insert(entry)
    }

    /// Whether this entry was recorded.
    pub(super) fn has(&self, list: List, entry: &str) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entries.contains(&(list, entry.to_owned()))
    }

    /// The policy that covers what was seen so far.
    pub fn policy(&self) -> LearnedPolicy {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |list: List| {
            let entries = seen.entries.iter();
            entries
                .filter(|(own, _)| *own == list)
                .map(|(_, entry)| entry.clone())
                .collect()
        };
        LearnedPolicy {
            allowed_hosts: of(List::AllowedHosts),
            allowed_ip_name_lookups: of(List::AllowedIpNameLookups),
            allowed_host_loopback_ports: of(List::AllowedHostLoopbackPorts),
            left_out: seen.left_out,
        }
    }
}

//! Which adapter is taken: the same one whenever the machine is the same, and never silently another than was asked for.

use std::cmp::Reverse;
use std::fmt;

use super::adapter::{Adapter, Health, Kind};
use super::inventory::Inventory;
use super::selector::Selector;

/// Adapters that a message lists.
const LISTED_MAX: usize = 16;

/// The adapter that was taken, and what is to be said about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selected<'a> {
    /// The adapter.
    pub adapter: &'a Adapter,
    /// `auto` found no hardware: the host has to say loudly that it computes on the CPU.
    pub software_by_default: bool,
    /// How many healthy adapters the selector also fits; the first by PCI address was taken.
    pub others: usize,
}

impl Selected<'_> {
    /// What the operator should know of the choice, if it was not the only one.
    pub fn remark(&self) -> Option<String> {
        let label = self.adapter.label();
        if self.software_by_default {
            return Some(format!(
                "no GPU can be used: WebGPU runs on the CPU, with {label}, which is slow (`weft gpu list` says why)"
            ));
        }
        match self.others {
            0 => None,
            others => Some(format!(
                "{} adapters fit; {label} was taken, the first by PCI address (`pci:..` names one)",
                others + 1
            )),
        }
    }
}

/// No adapter can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAdapter {
    /// What was asked for.
    pub wanted: Selector,
    /// What there is, each with why it was not taken.
    pub considered: Vec<(String, String)>,
}

impl fmt::Display for NoAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wanted == Selector::Off {
            return f.write_str("the GPU is switched off (`--gpu off`)");
        }
        write!(f, "no GPU adapter for `{}`", self.wanted)?;
        if self.considered.is_empty() {
            return f.write_str(
                ": the machine shows none, not even a software adapter; install a Vulkan driver (Debian and Ubuntu: \
                 `mesa-vulkan-drivers` has the software adapter, too)",
            );
        }
        f.write_str("; there is:")?;
        for (label, why) in self.considered.iter().take(LISTED_MAX) {
            write!(f, "\n  {label}: {why}")?;
        }
        match self.considered.len().saturating_sub(LISTED_MAX) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more (`weft gpu list`)"),
        }
    }
}

impl std::error::Error for NoAdapter {}

impl Inventory {
    /// The adapter that this selector means.
    ///
    /// # Errors
    ///
    /// None fits, none that fits is healthy, or the selector is `off`.
    pub fn select(&self, selector: &Selector) -> Result<Selected<'_>, NoAdapter> {
        self.select_but(selector, |_| false)
    }

    /// The same without those that are `stuck` since they were found healthy.
    pub(super) fn select_but(
        &self,
        selector: &Selector,
        stuck: impl Fn(&Adapter) -> bool,
    ) -> Result<Selected<'_>, NoAdapter> {
        let fit = |adapter: &&Adapter| adapter.is_healthy() && !stuck(adapter);
        let healthy = || self.adapters.iter().filter(fit);
        if *selector == Selector::Auto {
            let hardware = healthy().filter(|adapter| adapter.kind.is_hardware());
            // The least is taken, so the best comes first; of equals, the first of the list.
            let best = hardware
                .min_by_key(|adapter| (adapter.integrated, Reverse(adapter.memory), adapter.index));
            let fallback = || healthy().min_by_key(|adapter| (adapter.kind, adapter.index));
            let adapter = best.or_else(fallback);
            return adapter
                .map(|adapter| Selected {
                    adapter,
                    software_by_default: !adapter.kind.is_hardware(),
                    others: 0,
                })
                .ok_or_else(|| self.none(selector, &stuck));
        }
        // The list is in the order of PCI addresses.
        let mut fitting = healthy().filter(|adapter| fits(selector, adapter));
        let adapter = fitting.next().ok_or_else(|| self.none(selector, &stuck))?;
        Ok(Selected {
            adapter,
            software_by_default: false,
            others: fitting.count(),
        })
    }

    fn none(&self, selector: &Selector, stuck: &impl Fn(&Adapter) -> bool) -> NoAdapter {
        let why = |adapter: &Adapter| match &adapter.health {
            _ if *selector != Selector::Auto && !fits(selector, adapter) => {
                let mut is = format!("is index:{}, kind:{}", adapter.index, adapter.kind.word());
                if let Some(uuid) = adapter.uuid {
                    is.push_str(&format!(", uuid:{uuid}"));
                }
                is
            }
            Health::Unusable(problem) => format!("{}; {}", problem.reason, problem.remedy),
            Health::Healthy if stuck(adapter) => {
                "does not come back from a submission; restart the host".to_owned()
            }
            Health::Healthy => "is healthy".to_owned(),
        };
        // What was meant and cannot be used comes first.
        let mut adapters: Vec<&Adapter> = self.adapters.iter().collect();
        adapters.sort_by_key(|adapter| !fits(selector, adapter));
        NoAdapter {
            wanted: selector.clone(),
            considered: adapters
                .into_iter()
                .map(|adapter| (adapter.label(), why(adapter)))
                .collect(),
        }
    }
}

/// Whether a selector means this adapter, be it healthy or not.
fn fits(selector: &Selector, adapter: &Adapter) -> bool {
    match selector {
        Selector::Auto => true,
        Selector::Off => false,
        Selector::Software => adapter.kind == Kind::Software,
        Selector::Pci(address) => adapter.pci == Some(*address),
        Selector::Uuid(uuid) => adapter.uuid == Some(*uuid),
        Selector::Kind(kind) => adapter.kind == *kind,
        Selector::Name(pattern) => pattern.matches(&adapter.name),
        Selector::Index(index) => u32::try_from(adapter.index) == Ok(*index),
    }
}

#[cfg(test)]
mod tests;

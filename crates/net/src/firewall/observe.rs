//! Who is told about denials, and how often the same one came before.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::denial::Denial;

/// Different denials of one component that are counted apart; all others are counted together.
const KINDS: usize = 256;

/// What is told about denials. The caller counts, logs and makes events; it must not block.
pub trait Observer: Send + Sync + 'static {
    fn denied(&self, event: &DenialEvent<'_>);
}

/// One denial.
#[derive(Clone, Copy, Debug)]
pub struct DenialEvent<'a> {
    /// Whose, as `tenant/workload/component`.
    pub owner: &'a str,
    pub denial: &'a Denial,
    /// How often the same was denied to the same component, this time included.
    pub times: u64,
}

impl DenialEvent<'_> {
    /// Whether a line in the log says something new: the first time, the second, the fourth, and so on. So a guest that
    /// tries for ever writes some sixty lines.
    pub fn worth_a_line(&self) -> bool {
        self.times.is_power_of_two()
    }
}

/// Observes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn denied(&self, _event: &DenialEvent<'_>) {}
}

/// How often each denial came.
#[derive(Debug, Default)]
pub(super) struct Tally {
    times: Mutex<HashMap<(&'static str, String), u64>>,
}

impl Tally {
    /// Counts the denial and says which one of its kind it is.
    pub(super) fn count(&self, denial: &Denial) -> u64 {
        let key = (denial.reason.label(), denial.asked.clone());
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let key = if times.len() < KINDS || times.contains_key(&key) {
            key
        } else {
            (key.0, String::new())
        };
        let count = times.entry(key).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

#[cfg(test)]
mod tests;

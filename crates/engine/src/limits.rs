//! What one workload may use up: the manifest's wishes where it has some, the host's defaults elsewhere. Pure.

use std::time::Duration;

use weft_api::spec;

use crate::plan::Program;

/// Bounds of a line of requests: how many are worked on, how many wait, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Requests that are worked on at the same time, at least 1.
    pub max_in_flight: u32,
    /// Requests that wait for their turn.
    pub max_queue: u32,
    /// How long a request waits for its turn.
    pub queue_wait: Duration,
}

/// The limits of one workload, all settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all linear memories and tables of one instance.
    pub memory: u64,
    /// Thousandths of a core; none = a fair share of what there is.
    pub cpu: Option<u32>,
    /// From the admission of a request to the last byte of its response.
    pub request_timeout: Duration,
    /// Requests of the workload.
    pub requests: Bounds,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_in_flight: 1000,
            max_queue: 1000,
            queue_wait: Duration::from_secs(5),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            cpu: None,
            request_timeout: Duration::from_secs(30),
            requests: Bounds::default(),
        }
    }
}

impl Limits {
    /// The limits of a program on a host with these defaults.
    pub fn of(program: &Program, default: &Self) -> Self {
        Self::settle(&program.parts.iter().map(|part| &part.limits), default)
    }

    /// The limits of a program, from the wishes of its parts.
    ///
    /// Parts share a store, so what they ask for of memory and CPU adds up; one that asks for nothing brings nothing. A
    /// request passes through all parts, so of times and numbers of requests the least that any part asks for counts.
    pub(crate) fn settle<'a>(
        parts: &(impl Iterator<Item = &'a spec::Limits> + Clone),
        default: &Self,
    ) -> Self {
        let memory = parts
            .clone()
            .filter_map(|part| part.memory)
            .reduce(u64::saturating_add);
        let cpu = parts
            .clone()
            .filter_map(|part| part.cpu)
            .reduce(u32::saturating_add);
        Self {
            memory: memory.unwrap_or(default.memory),
            cpu: cpu.or(default.cpu),
            request_timeout: least(parts, |part| part.request_timeout)
                .unwrap_or(default.request_timeout),
            requests: Bounds {
                max_in_flight: least(parts, |part| part.max_in_flight)
                    .unwrap_or(default.requests.max_in_flight)
                    .max(1),
                max_queue: least(parts, |part| part.max_queue)
                    .unwrap_or(default.requests.max_queue),
                queue_wait: least(parts, |part| part.queue_wait)
                    .unwrap_or(default.requests.queue_wait),
            },
        }
    }
}

fn least<'a, T: Ord>(
    parts: &(impl Iterator<Item = &'a spec::Limits> + Clone),
    wish: fn(&spec::Limits) -> Option<T>,
) -> Option<T> {
    parts.clone().filter_map(wish).min()
}

#[cfg(test)]
mod tests;

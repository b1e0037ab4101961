//! What is counted of one workload, from its first start to its last end on this host.
//!
//! Requests are counted here, in atomics. What the engine counts (CPU, failures) it counts for each version of a
//! workload by itself; here the versions are added up, so that no count falls when a version takes the place of another.

mod counts;
mod latency;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::StatusCode;
use weft_engine::gpu::Statement;
use weft_engine::limits::Limits;
use weft_engine::service::Service;
use weft_engine::usage::WorkloadUsage;
use weft_engine::workload::Workload;

use self::counts::Counts;
pub(crate) use self::latency::{Distribution, Latency};

/// How a request ended: the label of the counter of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    /// The hundreds of the status: 2 for 2xx; 0 for statuses that HTTP does not have. A guest chooses the status, so the
    /// whole number is no label.
    pub(crate) class: u16,
    /// The code of the failure; empty if there was none.
    pub(crate) code: &'static str,
}

/// A request that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over {
    pub(crate) status: StatusCode,
    /// The code of the failure, if it was one.
    pub(crate) code: Option<&'static str>,
    pub(crate) latency: Duration,
    /// Bytes of the two bodies.
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

/// How many different answers are told apart: five classes, and about twenty codes.
const ANSWERS: usize = 32;

/// What becomes of answers beyond these.
const OTHER: Answer = Answer {
    class: 0,
    code: "other",
};

/// The counters of requests.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    answers: Counts<Answer, ANSWERS>,
    latency: Latency,
    received: AtomicU64,
    sent: AtomicU64,
}

/// Something that says what it uses: a version of a workload.
pub(crate) trait Metered: Send + Sync {
    fn usage(&self) -> WorkloadUsage;
}

/// All that is counted of one workload.
#[derive(Default)]
pub(crate) struct Series {
    pub(crate) requests: Requests,
    versions: Mutex<Versions>,
}

/// The versions of a workload: usually one, two while requests finish on an old one.
#[derive(Default)]
struct Versions {
    live: Vec<Weak<dyn Metered>>,
    /// What versions that are gone have used up.
    gone: Spent,
}

/// What is used up for good.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Spent {
    pub(crate) cpu: Duration,
    pub(crate) failures: BTreeMap<&'static str, u64>,
    /// What guests asked for outside and did not get, by reason.
    pub(crate) denied: BTreeMap<&'static str, u64>,
    /// How often a service was started again.
    pub(crate) restarts: u64,
    /// How often guests looked at a secret.
    pub(crate) reveals: u64,
    /// What of GPUs.
    pub(crate) gpu: Statement,
}

/// Everything that only rises.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Totals {
    pub(crate) answers: BTreeMap<Answer, u64>,
    pub(crate) latency: Distribution,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) spent: Spent,
}

/// What a workload uses at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Present {
    pub(crate) in_flight: u64,
    pub(crate) queued: u64,
    pub(crate) instances: u64,
    /// Bytes.
    pub(crate) memory: u64,
    /// Bytes of that for virtual networks.
    pub(crate) network: u64,
    /// Bytes of GPU memory.
    pub(crate) gpu_memory: u64,
    /// Connections to the outside.
    pub(crate) connections: u64,
    /// Whether the code of the newest version is in memory.
    pub(crate) loaded: bool,
    /// What bounds the newest version; none if no version is left.
    pub(crate) limits: Option<Limits>,
}

/// A series at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) totals: Totals,
    pub(crate) present: Present,
    /// Which GPU the newest version may use, and how much memory of it.
    pub(crate) adapter: Option<(Arc<str>, u64)>,
}

impl Requests {
    /// Counts a request that is over. No lock, no allocation.
    pub(crate) fn count(&self, over: &Over) {
        let class = match over.status.as_u16() / 100 {
            class @ 1..=5 => class,
            _ => 0,
        };
        self.answers.add(Answer {
            class,
            code: over.code.unwrap_or_default(),
        });
        self.latency.observe(over.latency);
        self.received.fetch_add(over.received, Ordering::Relaxed);
        self.sent.fetch_add(over.sent, Ordering::Relaxed);
    }

    /// Whether there was none.
    pub(crate) fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// What was counted so far.
    pub(crate) fn read(&self) -> Totals {
        Totals {
            answers: self.answers.read(OTHER).collect(),
            latency: self.latency.read(),
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            spent: Spent::default(),
        }
    }
}

impl Series {
    /// A version begins. It has to be announced as gone before it is dropped.
    pub(crate) fn begin(&self, version: &Arc<impl Metered + 'static>) {
        let version: Weak<dyn Metered> = Arc::downgrade(version) as _;
        self.versions().live.push(version);
    }

    /// A version is about to be dropped: what it has used up is kept.
    pub(crate) fn end(&self, version: &Arc<impl Metered + 'static>) {
        let mut versions = self.versions();
        let before = versions.live.len();
        let this = Arc::as_ptr(version).cast::<()>();
        versions
            .live
            .retain(|live| !std::ptr::eq(live.as_ptr().cast::<()>(), this));
        if versions.live.len() < before {
            versions.gone.add(&version.usage());
        }
    }

    /// Whether no version is left, so that nothing will change any more.
    pub(crate) fn is_over(&self) -> bool {
        self.versions().live.is_empty()
    }

    /// What was counted, and what is used now.
    pub(crate) fn read(&self) -> Reading {
        let mut totals = self.requests.read();
        let (mut present, mut adapter) = (Present::default(), None);
        // Held for the whole reading: a version that ends meanwhile is either still alive or already added up.
        let versions = self.versions();
        totals.spent = versions.gone.clone();
        for version in versions.live.iter().filter_map(Weak::upgrade) {
            let usage = version.usage();
            totals.spent.add(&usage);
            present.add(&usage);
            adapter = usage
                .gpu
                .map(|gpu| (gpu.adapter, gpu.memory_max))
                .or(adapter);
        }
        Reading {
            totals,
            present,
            adapter,
        }
    }

    fn versions(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spent {
    fn add(&mut self, usage: &WorkloadUsage) {
        self.cpu = self.cpu.saturating_add(usage.cpu);
        add_counts(&mut self.failures, &usage.failures);
        add_counts(&mut self.denied, &usage.denied);
        self.restarts = self.restarts.saturating_add(usage.restarts);
        self.reveals = self.reveals.saturating_add(usage.reveals);
        if let Some(gpu) = &usage.gpu {
            self.gpu = self.gpu.plus(&gpu.spent);
        }
    }
}

impl Spent {
    /// Adds another workload.
    fn join(&mut self, other: &Self) {
        self.cpu = self.cpu.saturating_add(other.cpu);
        add_counts(&mut self.failures, &other.failures);
        add_counts(&mut self.denied, &other.denied);
        self.restarts = self.restarts.saturating_add(other.restarts);
        self.reveals = self.reveals.saturating_add(other.reveals);
        self.gpu = self.gpu.plus(&other.gpu);
    }
}

impl Present {
    /// Adds a version, which is newer than those before it.
    fn add(&mut self, usage: &WorkloadUsage) {
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.in_flight = self.in_flight.saturating_add(wide(usage.in_flight));
        self.queued = self.queued.saturating_add(u64::from(usage.waiting));
        self.instances = self.instances.saturating_add(wide(usage.instances));
        self.memory = self.memory.saturating_add(usage.memory);
        self.network = self.network.saturating_add(usage.network);
        let gpu = usage.gpu.as_ref().map_or(0, |gpu| gpu.memory);
        self.gpu_memory = self.gpu_memory.saturating_add(gpu);
        self.connections = self.connections.max(wide(usage.connections));
        self.loaded = usage.loaded;
        self.limits = Some(usage.limits);
    }

    /// Adds another workload.
    pub(crate) fn join(&mut self, other: &Self) {
        self.in_flight = self.in_flight.saturating_add(other.in_flight);
        self.queued = self.queued.saturating_add(other.queued);
        self.instances = self.instances.saturating_add(other.instances);
        self.memory = self.memory.saturating_add(other.memory);
        self.network = self.network.saturating_add(other.network);
        self.gpu_memory = self.gpu_memory.saturating_add(other.gpu_memory);
        self.connections = self.connections.saturating_add(other.connections);
    }
}

impl Totals {
    /// Adds what another has.
    pub(crate) fn add(&mut self, other: &Self) {
        add_counts(&mut self.answers, &other.answers);
        self.latency.add(&other.latency);
        self.received = self.received.saturating_add(other.received);
        self.sent = self.sent.saturating_add(other.sent);
        self.spent.join(&other.spent);
    }
}

fn add_counts<K: Copy + Ord>(to: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (label, more) in more {
        let count = to.entry(*label).or_default();
        *count = count.saturating_add(*more);
    }
}

impl Metered for Service {
    fn usage(&self) -> WorkloadUsage {
        Self::usage(self)
    }
}

impl Metered for Workload {
    fn usage(&self) -> WorkloadUsage {
        Self::usage(self)
    }
}

impl std::fmt::Debug for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Series").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;

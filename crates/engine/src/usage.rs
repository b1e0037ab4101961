//! What guests have of the host at one moment, for whoever watches it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use weft_gpu::bill::Statement;
use weft_gpu::broker::Hold;
use weft_gpu::ledger::Charged;

use crate::config::Capacity;
use crate::limits::{Bounds, Limits};
use crate::network::Denials;
use crate::secrets::Reveals;

/// What a workload uses, and what it may use.
#[derive(Clone, Debug)]
pub struct WorkloadUsage {
    /// Requests that are worked on.
    pub in_flight: usize,
    /// Requests that wait for their turn.
    pub waiting: u32,
    /// Instances alive, idle ones included.
    pub instances: usize,
    /// Bytes of memories and tables of all its instances, and of its virtual network.
    pub memory: u64,
    /// Those of its virtual network: what sockets and data on their way take on the host. Where a service runs beside
    /// components, it is the service's.
    pub network: u64,
    /// How long its code has run in all.
    pub cpu: Duration,
    /// Failed requests by cause, since it was started.
    pub failures: BTreeMap<&'static str, u64>,
    /// Whether its code is in memory.
    pub loaded: bool,
    /// How often it was started again: a service.
    pub restarts: u64,
    /// What its guests asked for outside and did not get, by reason.
    pub denied: BTreeMap<&'static str, u64>,
    /// How often its guests looked at a secret.
    pub reveals: u64,
    /// Connections out of it.
    pub connections: usize,
    /// What it has of a GPU, and has used up; none if it may have none, or if that is told by its service.
    pub gpu: Option<GpuUsage>,
    /// What bounds it.
    pub limits: Limits,
}

/// What a workload has of a GPU.
#[derive(Clone, Debug)]
pub struct GpuUsage {
    /// What the adapter is called.
    pub adapter: Arc<str>,
    /// Bytes of GPU memory.
    pub memory: u64,
    /// What it may have of that.
    pub memory_max: u64,
    /// Everything that it has used up.
    pub spent: Statement,
}

impl GpuUsage {
    pub(crate) fn of(hold: &Hold) -> Self {
        let account = hold.account();
        Self {
            adapter: Arc::clone(hold.adapter()),
            memory: account.used(Charged::Memory),
            memory_max: hold.quota().memory,
            spent: account.statement(),
        }
    }
}

/// What all guests of a host use.
#[derive(Clone, Debug)]
pub struct EngineUsage {
    /// What there is.
    pub capacity: Capacity,
    /// Instances alive.
    pub instances: usize,
    /// Instances that wait for their next request.
    pub idle: usize,
    /// Requests that wait for room for an instance.
    pub waiting: usize,
    /// Bytes of memories and tables of all instances, and of virtual networks.
    pub memory: u64,
    /// Who computes, and who waits to.
    pub cpu: CpuUsage,
    /// Where code came from.
    pub code: CodeUsage,
    /// Every tenant that has a workload.
    pub tenants: Vec<TenantUsage>,
}

/// Guests that compute long, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuUsage {
    /// Guests that wait for a turn to compute.
    pub waiting: usize,
    /// Turns that are held.
    pub turns: usize,
    /// Workloads that computed or waited within the last 100 ms.
    pub active: usize,
}

/// What the workloads of a tenant use together.
#[derive(Clone, Debug)]
pub struct TenantUsage {
    /// The tenant's name.
    pub tenant: String,
    /// Requests that are worked on.
    pub in_flight: usize,
    /// Requests that wait for their turn.
    pub waiting: u32,
    /// Instances alive.
    pub instances: usize,
    /// Bytes of memories and tables, and of virtual networks.
    pub memory: u64,
    /// What bounds the requests.
    pub requests: Bounds,
}

/// How often code was found, and how often it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeUsage {
    /// In memory.
    pub in_memory: u64,
    /// In the cache on disk.
    pub on_disk: u64,
    /// Compiled.
    pub compiled: u64,
}

/// Bytes as a number of 64 bits.
pub(crate) fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What the guests of one program were seen to do.
#[derive(Clone, Default)]
pub(crate) struct Observed {
    /// What they asked for outside and did not get.
    pub(crate) denials: Arc<Denials>,
    /// How often they looked at secrets.
    pub(crate) reveals: Arc<Reveals>,
}

/// What is counted of one workload.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    instances: AtomicUsize,
    /// An instance has said that it takes requests, and none has ended since.
    accepting: watch::Sender<bool>,
    failures: Mutex<BTreeMap<&'static str, u64>>,
}

/// One instance, counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Arc<Tally>);

impl Tally {
    /// Counts an instance.
    pub(crate) fn instance(self: &Arc<Self>) -> Counted {
        self.instances.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(self))
    }

    /// Whether an instance takes requests. Only of use where there is one at most.
    pub(crate) fn is_accepting(&self) -> bool {
        *self.accepting.borrow()
    }

    /// Waits until an instance takes requests.
    pub(crate) async fn until_accepting(&self) {
        // It fails only when the sender is gone, which is here.
        let _ = self.accepting.subscribe().wait_for(|so| *so).await;
    }

    /// Instances alive.
    pub(crate) fn instances(&self) -> usize {
        self.instances.load(Ordering::Relaxed)
    }

    /// Counts a failed request.
    pub(crate) fn failed(&self, cause: &'static str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(cause).or_default();
        *count = count.saturating_add(1);
    }

    /// Failed requests by cause.
    pub(crate) fn failures(&self) -> BTreeMap<&'static str, u64> {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Counted {
    /// The instance takes requests.
    pub(crate) fn accepts(&self) {
        self.0
            .accepting
            .send_if_modified(|accepting| !std::mem::replace(accepting, true));
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.accepting.send_replace(false);
        self.0.instances.fetch_sub(1, Ordering::Relaxed);
    }
}

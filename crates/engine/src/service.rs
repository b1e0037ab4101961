//! A long-lived component: started, watched, started again when it fails, and stopped.
//!
//! ```text
//! Starting -> Running -> Completed                 it returned, or exited with 0
//!                     -> Waiting -> Starting ..    it failed: again after a pause, in a new store
//!                     -> Failed                    it failed once more than it may
//!                     -> Stopped                   its workload ends
//! ```
//!
//! Whatever ends an incarnation, its store is dropped before anything else happens, and with it its sockets and ports.

mod backoff;
mod birth;
mod incarnation;
mod status;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use weft_gpu::broker::Hold;
use weft_net::loopback::Network;

pub use status::{End, ServiceState, ServiceStatus};

use crate::compile::Source;
use crate::cpu::Account;
use crate::engine::Engine;
use crate::limits::Limits;
use crate::linked::{Identity, LinkedProgram, Shared};
use crate::memory::Shares;
use crate::network::WayOut;
use crate::plan::Program;
use crate::traces::Known;
use crate::usage::{self, Counted, GpuUsage, Observed, Tally, WorkloadUsage};
use backoff::Budget;
use incarnation::Incarnation;

/// How services are started, started again and stopped.
#[derive(Clone, Copy, Debug)]
pub struct ServiceConfig {
    /// How long a workload waits for its service to listen, or to say that it is ready, before its routes are published
    /// all the same: a service may have work that nobody connects to.
    pub start_wait: Duration,
    /// How long a service may go on after its network was closed, before it is ended by force.
    pub grace: Duration,
    /// The pause before the first restart; it doubles with each further one.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// After running so long without a failure it has all its restarts again.
    pub healthy_after: Duration,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            start_wait: Duration::from_secs(10),
            grace: Duration::from_secs(10),
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(30),
            healthy_after: Duration::from_mins(1),
        }
    }
}

/// A service that was started. Clones are the same; when the last is dropped, it is stopped with its grace.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    origin: Origin,
    network: Arc<Network>,
    status: watch::Receiver<ServiceStatus>,
    /// Cancelled to stop it.
    stop: CancellationToken,
    account: Arc<Account>,
    tally: Arc<Tally>,
    memory: Shares,
    observed: Observed,
    way_out: Arc<WayOut>,
    /// What it may have of a GPU, if it asks for one.
    gpu: Option<Arc<Hold>>,
    limits: Limits,
    start_wait: Duration,
    _stop: DropGuard,
    /// Its name in telemetry.
    _known: Option<Known>,
}

/// What makes two services the same.
struct Origin {
    source: Source,
    program: Program,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Service").field(&self.inner.name).finish()
    }
}

impl Service {
    pub(crate) fn start(
        engine: Engine,
        identity: &Identity,
        shared: &Shared,
        linked: LinkedProgram,
        max_restarts: u32,
    ) -> Self {
        let config = engine.config().service;
        let (status, watched) = watch::channel(ServiceStatus::new(max_restarts));
        let stop = CancellationToken::new();
        let tally = Arc::<Tally>::default();
        let inner = Inner {
            name: identity.label(),
            origin: Origin {
                source: linked.built.source.clone(),
                program: linked.program.clone(),
            },
            network: Arc::clone(&shared.network),
            status: watched,
            stop: stop.clone(),
            account: Arc::clone(linked.template.account()),
            tally: Arc::clone(&tally),
            memory: linked.template.shares().clone(),
            observed: linked.observed.clone(),
            way_out: Arc::clone(&shared.way_out),
            gpu: shared.gpu.clone(),
            limits: linked.limits,
            start_wait: config.start_wait,
            _stop: stop.clone().drop_guard(),
            _known: linked
                .template
                .reporting()
                .map(|reporting| reporting.known_as(&identity.label())),
        };
        let supervisor = Supervisor {
            incarnation: Incarnation::new(engine, identity, shared, linked),
            network: Arc::clone(&shared.network),
            status,
            tally,
            stop,
            config,
            name: inner.name.clone(),
        };
        tokio::spawn(supervisor.run(max_restarts));
        Self {
            inner: Arc::new(inner),
        }
    }

    /// How it fares.
    pub fn status(&self) -> ServiceStatus {
        let mut status = self.inner.status.borrow().clone();
        status.listening = self.inner.network.listeners();
        status
    }

    /// What it uses of the host. What its workload is denied and has open outside is counted where that answers requests.
    pub fn usage(&self) -> WorkloadUsage {
        let inner = &self.inner;
        let instances = inner.tally.instances();
        let network = usage::bytes(inner.network.usage().charged);
        WorkloadUsage {
            in_flight: 0,
            waiting: 0,
            instances,
            memory: inner.memory.used().saturating_add(network),
            network,
            cpu: inner.account.used(),
            failures: inner.tally.failures(),
            loaded: instances > 0,
            restarts: inner.status.borrow().restarts,
            denied: inner.observed.denials.counts(),
            reveals: inner.observed.reveals.count(),
            connections: inner.way_out.connections(),
            gpu: inner.gpu.as_deref().map(GpuUsage::of),
            limits: inner.limits,
        }
    }

    /// Waits until it listens, says that it is ready, or has completed; for as long as the host waits for services.
    ///
    /// # Errors
    /// Why it failed, when it has failed for good.
    pub async fn until_ready(&self) -> Result<Readiness, String> {
        let mut status = self.inner.status.clone();
        let ready = status.wait_for(|status| !status.state.is_starting());
        match tokio::time::timeout(self.inner.start_wait, ready).await {
            Err(_) => Ok(Readiness::Unknown(self.inner.start_wait)),
            // Who reports is gone only when the runtime ends.
            Ok(Err(_)) => Err("it was ended before it was ready".to_owned()),
            Ok(Ok(status)) => match status.state {
                ServiceState::Failed => Err(status.reason().unwrap_or_default()),
                _ => Ok(Readiness::Ready),
            },
        }
    }

    /// Why the workload cannot work, if its service has failed for good.
    pub(crate) fn failure(&self) -> Option<String> {
        let status = self.inner.status.borrow();
        let failed = status.state == ServiceState::Failed;
        failed.then(|| status.reason().unwrap_or_default())
    }

    /// Lets it end: its sockets close, and what is left of it after its grace is ended by force. Returns when it is gone.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        let mut status = self.inner.status.clone();
        // An error means that it is gone as well.
        let _ = status.wait_for(|status| status.state.is_over()).await;
    }

    /// What it may have of a GPU.
    pub(crate) fn gpu(&self) -> Option<&Arc<Hold>> {
        self.inner.gpu.as_ref()
    }

    /// The network that it listens on.
    pub fn network(&self) -> &Arc<Network> {
        &self.inner.network
    }

    /// Whether it runs this program, so that it can go on. One that has failed cannot, nor one that mounts volumes: they
    /// are those of the old version.
    pub(crate) fn is_of(&self, linked: &LinkedProgram) -> bool {
        let origin = &self.inner.origin;
        let has_volumes = linked
            .program
            .parts
            .iter()
            .any(|part| !part.mounts.is_empty());
        !has_volumes
            && self.failure().is_none()
            && origin.source.is_same(&linked.built.source)
            && origin.program == linked.program
    }
}

/// Whether a service is known to be ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It listens, has said that it is ready, or has done its work.
    Ready,
    /// It runs, but has done none of these for so long.
    Unknown(Duration),
}

/// What runs the incarnations of one service, one after the other.
struct Supervisor {
    incarnation: Incarnation,
    network: Arc<Network>,
    status: watch::Sender<ServiceStatus>,
    tally: Arc<Tally>,
    stop: CancellationToken,
    config: ServiceConfig,
    name: String,
}

impl Supervisor {
    async fn run(self, max_restarts: u32) {
        let mut budget = Budget::new(max_restarts, self.config);
        loop {
            self.status.send_modify(ServiceStatus::starting);
            let began = tokio::time::Instant::now();
            let end = self.live().await;
            if self.stop.is_cancelled() {
                self.status
                    .send_modify(|status| status.ended(ServiceState::Stopped, end));
                return;
            }
            if end.is_success() {
                tracing::info!(workload = self.name, "the service has completed");
                self.status
                    .send_modify(|status| status.ended(ServiceState::Completed, end));
                return;
            }
            let Some(pause) = budget.after(began.elapsed()) else {
                tracing::error!(
                    workload = self.name,
                    restarts = max_restarts,
                    "the service has failed for good: {end}"
                );
                self.network.close();
                self.status
                    .send_modify(|status| status.ended(ServiceState::Failed, end));
                return;
            };
            tracing::warn!(
                workload = self.name,
                ?pause,
                left = budget.left(),
                "the service is started again: {end}"
            );
            self.status
                .send_modify(|status| status.waiting(end, budget.left()));
            let paused = tokio::time::sleep(pause);
            if self.stop.run_until_cancelled(paused).await.is_none() {
                self.status
                    .send_modify(|status| status.enter(ServiceState::Stopped));
                return;
            }
        }
    }

    /// One incarnation, to its end.
    async fn live(&self) -> End {
        let _counted: Counted = self.tally.instance();
        let mut life = std::pin::pin!(self.incarnation.live());
        let mut ready = std::pin::pin!(self.incarnation.until_ready());
        let mut is_ready = false;
        loop {
            tokio::select! {
                biased;
                end = &mut life => return end,
                () = &mut ready, if !is_ready => {
                    is_ready = true;
                    self.status
                        .send_modify(|status| status.enter(ServiceState::Running));
                }
                () = self.stop.cancelled() => break,
            }
        }
        // What it has open closes; a guest that looks at its sockets sees that and returns.
        self.network.close();
        match tokio::time::timeout(self.config.grace, life).await {
            Ok(end) => end,
            Err(_) => End::Forced(self.config.grace),
        }
    }
}

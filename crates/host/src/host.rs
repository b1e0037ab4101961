//! What runs on this host, and the listener in front of it.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use weft_api::spec::WorkloadSpec;
use weft_engine::Engine;
use weft_engine::command::Command;
use weft_engine::config::Capacity;
use weft_engine::plan::{Granting, Purpose};
use weft_engine::secrets::Store as SecretStore;
use weft_ingress::{Config, Drained, ForwardLimits, Routes, Stats, Tls, TlsError, TlsFiles};

use crate::admin::{self, AdminError, Pages};
use crate::bridge::Unrouted;
use crate::config::HostConfig;
use crate::control::Control;
use crate::learned::{self, Learned};
use crate::publish::{PublishError, Publisher};
use crate::readiness::Readiness;
use crate::registry::Registry;
use crate::series::Requests;
use crate::start::{self, Foreseen, Prepared, StartError};

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error(transparent)]
    Engine(#[from] weft_engine::engine::EngineError),
    #[error(
        "no thread for health and metrics: {source}; this process or user has too many threads or open files"
    )]
    Control { source: std::io::Error },
}

/// A host. Cheap to clone; all clones are the same host.
#[derive(Clone)]
pub struct Host {
    pub(crate) engine: Engine,
    pub(crate) routes: Routes,
    config: Arc<HostConfig>,
    control: Control,
    pub(crate) registry: Arc<Registry>,
    readiness: Arc<Readiness>,
    connections: Arc<Stats>,
    unrouted: Arc<Requests>,
    tls: Arc<OnceLock<Tls>>,
    pub(crate) publisher: Arc<Publisher>,
}

impl Host {
    /// Sets a host up; nothing runs on it yet.
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        let mut engine = config.engine.clone();
        engine.telemetry.clone_from(&config.telemetry);
        let engine = Engine::new(engine)?;
        let control = Control::start().map_err(|source| HostError::Control { source })?;
        let routes = Routes::new();
        let tls: Arc<OnceLock<Tls>> = Arc::default();
        let forward_limits = ForwardLimits {
            max_connections_per_peer: config.limits.max_connections_per_peer,
            handshake_timeout: config.limits.handshake_timeout,
            idle_timeout: config.publish.idle_timeout,
            drain_timeout: config.limits.drain_timeout,
            ..ForwardLimits::default()
        };
        let publisher = Publisher::new(
            config.publish.clone(),
            forward_limits,
            routes.clone(),
            Arc::clone(&tls),
        );
        let host = Self {
            engine,
            routes,
            control,
            registry: Registry::new(config.metrics_workloads),
            readiness: Arc::default(),
            connections: Arc::default(),
            unrouted: Arc::default(),
            tls,
            publisher: Arc::new(publisher),
            config: Arc::new(config),
        };
        if let Some(telemetry) = &host.config.telemetry {
            telemetry.run_on(host.control.runtime());
            telemetry.watch(Arc::new(host.pages()), host.control.runtime());
        }
        Ok(host)
    }

    /// What this host shows of itself.
    fn pages(&self) -> Pages {
        Pages {
            engine: self.engine.clone(),
            registry: Arc::clone(&self.registry),
            readiness: Arc::clone(&self.readiness),
            connections: Arc::clone(&self.connections),
            forwarded: Arc::clone(self.publisher.stats()),
            unrouted: Arc::clone(&self.unrouted),
            tls: Arc::clone(&self.tls),
            learning: self.config.engine.network.learn,
            telemetry: self.config.telemetry.clone(),
        }
    }

    /// What this host has room for.
    pub fn capacity(&self) -> Capacity {
        self.engine.capacity()
    }

    /// The runtime for what must not wait for guests.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Serves health, metrics and the list of workloads on an address of their own, for as long as this host lives.
    /// Gives the address, whose port the system may have chosen.
    ///
    /// # Errors
    /// When nothing can listen there.
    pub fn open_admin(&self, addr: SocketAddr) -> Result<SocketAddr, AdminError> {
        admin::open(addr, self.pages(), &self.control)
    }

    /// Reads certificates. Listeners that are served from now on speak TLS with them, and take new ones from the files
    /// without an end to any connection. What is given back can do that at once.
    ///
    /// # Errors
    /// When a file cannot be used. A host that has certificates keeps those.
    pub async fn use_tls(&self, files: TlsFiles) -> Result<Tls, TlsError> {
        let tls = Tls::load(files, Arc::clone(&self.connections)).await?;
        Ok(self.tls.get_or_init(|| tls).clone())
    }

    /// What guests were seen to reach, if that is learned.
    pub fn learned(&self) -> Learned {
        learned::learned(&self.registry, self.config.engine.network.learn)
    }

    /// What runs, each workload as on the page `/workloads` of the admin listener.
    pub fn workloads(&self) -> Vec<serde_json::Value> {
        admin::workloads(&self.registry)
    }

    /// Opens the listener for connections by name (TLS, SNI). Certificates have to be read before, for names whose TLS
    /// ends here. Gives the address, whose port the system may have chosen. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// When nothing can listen there, or one is open already.
    pub fn open_names(&self, addr: SocketAddr) -> Result<SocketAddr, PublishError> {
        self.publisher.open_names(addr)
    }

    /// Says that everything runs that this host was to run from the beginning: with a listener, it is ready.
    pub fn set_started(&self) {
        self.readiness.set_started();
    }

    /// Reads, checks, compiles and links a workload without starting it.
    pub async fn prepare(
        &self,
        spec: &WorkloadSpec,
        granting: Granting,
        purpose: Purpose,
    ) -> Result<Prepared, StartError> {
        start::prepare(&self.engine, spec, granting, purpose, None).await
    }

    /// The same for a workload that has secrets which its manifest does not hold itself: they are in `secrets`.
    pub async fn prepare_with(
        &self,
        spec: &WorkloadSpec,
        granting: Granting,
        purpose: Purpose,
        secrets: Arc<dyn SecretStore>,
    ) -> Result<Prepared, StartError> {
        start::prepare(&self.engine, spec, granting, purpose, Some(secrets)).await
    }

    /// Looks at a workload without starting it, and tells everything that is against a start.
    pub async fn foresee(
        &self,
        spec: &WorkloadSpec,
        granting: Granting,
        purpose: Purpose,
    ) -> Foreseen {
        start::foresee(&self.engine, spec, granting, purpose).await
    }

    /// Makes a prepared command ready to run.
    ///
    /// None for a workload that is a service alone.
    pub fn command(&self, prepared: Prepared) -> Option<Command> {
        self.engine.command(prepared.linked)
    }

    /// Serves until `shutdown`, then drains. Dropping the future cuts everything at once. From `shutdown` on the host is
    /// not ready any more.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> Drained {
        let _listening = self.readiness.listening();
        let (stop, readiness) = (shutdown.clone(), Arc::clone(&self.readiness));
        let publisher = Arc::clone(&self.publisher);
        // Not here: this future may have to wait for guests.
        self.control.spawn(async move {
            stop.cancelled().await;
            readiness.set_draining();
            publisher.stop();
        });
        let config = Config {
            limits: self.config.limits,
            verbose_not_found: self.config.list_hosts_when_not_found,
            tls: self.tls.get().cloned(),
            proxy_protocol: self.config.proxy_protocol,
            observer: Some(Arc::new(Unrouted(Arc::clone(&self.unrouted)))),
            telemetry: self.config.telemetry.clone(),
            stats: Arc::clone(&self.connections),
        };
        let serving = weft_ingress::serve(listener, self.routes.clone(), config, shutdown);
        let (mut drained, cut) = tokio::join!(serving, self.publisher.finished());
        drained.cut_connections = drained.cut_connections.saturating_add(cut);
        drained
    }
}

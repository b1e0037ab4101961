//! What runs on this host, and the listener in front of it.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use weft_api::spec::{HttpRoute, WorkloadSpec};
use weft_engine::Engine;
use weft_engine::command::Command;
use weft_engine::config::Capacity;
use weft_engine::linked::{LinkedWorkload, Started};
use weft_engine::plan::{Granting, Purpose};
use weft_engine::service::{Readiness as ServiceReadiness, Service};
use weft_engine::workload::Workload;
use weft_ingress::{
    Config, Drained, ForwardLimits, HostPattern, PathPrefix, RouteGuard, RoutePattern, Routes,
    Stats, Tls, TlsError, TlsFiles,
};
use weft_net::loopback::Network;

use crate::admin::{self, AdminError, Pages};
use crate::bridge::{CountedService, Unrouted, WorkloadTarget};
use crate::config::HostConfig;
use crate::control::Control;
use crate::learned::{self, Learned};
use crate::publish::{PublishError, Published, PublishedPort, Publisher};
use crate::readiness::Readiness;
use crate::registry::{Registration, Registry};
use crate::series::Requests;
use crate::start::{self, Prepared, StartError};

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
    engine: Engine,
    routes: Routes,
    config: Arc<HostConfig>,
    control: Control,
    registry: Arc<Registry>,
    readiness: Arc<Readiness>,
    connections: Arc<Stats>,
    unrouted: Arc<Requests>,
    tls: Arc<OnceLock<Tls>>,
    publisher: Arc<Publisher>,
}

/// A workload that runs. Dropping it takes its routes away, then the workload itself once its last request is done, and
/// its service by force; [`Running::stop`] lets that end.
pub struct Running {
    /// The spec that it was started from.
    pub spec: WorkloadSpec,
    /// Host names that lead to it, each with its path prefix if it has one: `example.com/api`; `*` for every name. Empty
    /// for a workload that is a service alone.
    pub hosts: Vec<String>,
    /// Ports of its service that stay closed, and why.
    pub notes: Vec<String>,
    // In this order: what is not reached any more is then said to have ended.
    published: Published,
    route: Option<RouteGuard>,
    service: Option<CountedService>,
    registration: Registration,
}

impl Running {
    /// The long-lived component, if it has one that runs beside the others.
    pub fn service(&self) -> Option<&Service> {
        self.service.as_deref()
    }

    /// Takes its routes away, and lets its service end: that sees its sockets close, and is ended by force when its grace
    /// is over.
    pub async fn stop(self) {
        drop(self.route);
        if let Some(service) = &self.service {
            service.stop().await;
        }
    }
}

impl Host {
    /// Sets a host up; nothing runs on it yet.
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        let engine = Engine::new(config.engine.clone())?;
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
        Ok(Self {
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
        })
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
        let pages = Pages {
            engine: self.engine.clone(),
            registry: Arc::clone(&self.registry),
            readiness: Arc::clone(&self.readiness),
            connections: Arc::clone(&self.connections),
            unrouted: Arc::clone(&self.unrouted),
            tls: Arc::clone(&self.tls),
            learning: self.config.engine.network.learn,
        };
        admin::open(addr, pages, &self.control)
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

    /// Opens the listener for connections by name (TLS, SNI). Certificates have to be read before, for names whose TLS
    /// ends here. Gives the address, whose port the system may have chosen. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// When nothing can listen there, or one is open already.
    pub fn open_names(&self, addr: SocketAddr) -> Result<SocketAddr, PublishError> {
        self.publisher.open_names(addr)
    }

    /// Opens the ports of a workload's service to the outside, as far as the host allows it: they lead to the service on
    /// this network, which is that of the workload. Those that were open before are closed first. Has to be called within a
    /// tokio runtime.
    ///
    /// # Errors
    /// When an address is in use, a name is somebody else's or a certificate is missing; then none of them is open.
    pub async fn publish_ports(
        &self,
        running: &mut Running,
        network: &Arc<Network>,
    ) -> Result<(), PublishError> {
        running.show_ports(Published::default()).close().await;
        let (published, notes) = self.publisher.publish(&running.spec, network)?;
        let _none = running.show_ports(published);
        running.notes = notes;
        Ok(())
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
        start::prepare(&self.engine, spec, granting, purpose).await
    }

    /// Starts a prepared workload: first its service, and when that is ready, its routes are published. A workload without
    /// host names answers every name. Dropping the future takes everything back.
    pub async fn start(
        &self,
        spec: &WorkloadSpec,
        prepared: Prepared,
    ) -> Result<Running, StartError> {
        let patterns = patterns(spec)?;
        let learning = prepared.linked.learning();
        let network = Arc::clone(prepared.linked.network());
        let Started { front, service } = self.engine.start(prepared.linked);
        let hosts: Vec<String> = match &front {
            Some(_) => patterns.iter().map(ToString::to_string).collect(),
            None => Vec::new(),
        };
        let registration = self.registry.register(
            &spec.tenant,
            &spec.name,
            hosts.clone(),
            service.clone(),
            learning,
        );
        let service = service.map(|service| CountedService::new(service, registration.series()));
        if let Some(service) = &service {
            until_ready(spec, service).await?;
        }
        let route = match front {
            Some(front) => Some(self.publish(spec, patterns, front, &registration)?),
            None => None,
        };
        let mut running = Running {
            spec: spec.clone(),
            hosts,
            published: Published::default(),
            route,
            service,
            registration,
            notes: Vec::new(),
        };
        self.publish_ports(&mut running, &network).await?;
        Ok(running)
    }

    fn publish(
        &self,
        spec: &WorkloadSpec,
        patterns: Vec<RoutePattern>,
        front: Workload,
        registration: &Registration,
    ) -> Result<RouteGuard, StartError> {
        let target = Arc::new(WorkloadTarget::new(front, registration.series()));
        self.routes
            .publish(spec.tenant.clone(), spec.name.clone(), patterns, target)
            .map_err(|source| StartError::Route {
                workload: full_name(spec),
                source,
            })
    }

    /// Puts a prepared new version in the place of a running one: from now on requests go to it, those in flight
    /// finish on the old one. All counters of the workload go on, and so does its service if that has not changed.
    pub async fn swap(
        &self,
        running: &mut Running,
        spec: &WorkloadSpec,
        prepared: Prepared,
    ) -> Result<(), StartError> {
        let same_name = spec.tenant == running.spec.tenant && spec.name == running.spec.name;
        let same_routes = same_name && spec.http_routes() == running.spec.http_routes();
        let Some(route) = running.route.as_mut().filter(|_| same_routes) else {
            *running = self.start(spec, prepared).await?;
            return Ok(());
        };
        let learning = prepared.linked.learning();
        let mut network = Arc::clone(prepared.linked.network());
        let (front, service) = self.next_version(running.service.as_deref(), prepared.linked);
        let Some(front) = front else {
            return Err(StartError::NothingToServe {
                workload: full_name(spec),
            });
        };
        if let Some(service) = &service {
            until_ready(spec, service).await?;
        }
        let series = running.registration.series();
        route.swap(Arc::new(WorkloadTarget::new(front, series)));
        running.registration.replace(service.clone(), learning);
        let same_ports = running.spec.service_ports() == spec.service_ports();
        let goes_on = service.is_none() && running.service.is_some();
        match service {
            Some(service) => running.service = Some(CountedService::new(service, series)),
            None => {
                if let Some(service) = &running.service {
                    network = Arc::clone(service.network());
                }
            }
        }
        running.spec = spec.clone();
        if !(goes_on && same_ports) {
            self.publish_ports(running, &network).await?;
        }
        Ok(())
    }

    /// What answers requests next, and the service that has to be started for it, if it is not the one that runs.
    fn next_version(
        &self,
        service: Option<&Service>,
        linked: LinkedWorkload,
    ) -> (Option<Workload>, Option<Service>) {
        match service {
            Some(service) if linked.continues(service) => {
                (self.engine.start_beside(linked, service), None)
            }
            _ => {
                let Started { front, service } = self.engine.start(linked);
                (front, service)
            }
        }
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
            stats: Arc::clone(&self.connections),
        };
        let serving = weft_ingress::serve(listener, self.routes.clone(), config, shutdown);
        let (mut drained, cut) = tokio::join!(serving, self.publisher.finished());
        drained.cut_connections = drained.cut_connections.saturating_add(cut);
        drained
    }
}

impl Running {
    /// Ports of its service that can be reached from outside.
    pub fn ports(&self) -> &[PublishedPort] {
        self.published.ports()
    }

    /// Puts other ports in the place of those before, and gives these back.
    fn show_ports(&mut self, published: Published) -> Published {
        self.registration.show_ports(published.ports());
        std::mem::replace(&mut self.published, published)
    }
}

/// Waits for a service, for as long as the host waits for services.
async fn until_ready(spec: &WorkloadSpec, service: &Service) -> Result<(), StartError> {
    match service.until_ready().await {
        Ok(ServiceReadiness::Ready) => Ok(()),
        Ok(ServiceReadiness::Unknown(waited)) => {
            tracing::warn!(
                workload = full_name(spec),
                "the service neither listens nor has printed READY=1 after {waited:?}; the workload is used all the same"
            );
            Ok(())
        }
        Err(reason) => Err(StartError::Service {
            workload: full_name(spec),
            reason,
        }),
    }
}

/// The routes of a workload; one that names none answers everything.
fn patterns(spec: &WorkloadSpec) -> Result<Vec<RoutePattern>, StartError> {
    let routes = spec.http_routes();
    if routes.is_empty() {
        return Ok(vec![RoutePattern::from(HostPattern::Any)]);
    }
    let pattern = |route: &HttpRoute| {
        let host = match route.host.as_str() {
            "" => HostPattern::Any,
            host => host.parse().map_err(|source| StartError::HostName {
                workload: full_name(spec),
                host: host.to_owned(),
                source,
            })?,
        };
        let path = route.path.as_deref().unwrap_or("/").parse();
        let path: PathPrefix = path.map_err(|source| StartError::Path {
            workload: full_name(spec),
            source,
        })?;
        Ok(RoutePattern { host, path })
    };
    routes.iter().map(pattern).collect()
}

fn full_name(spec: &WorkloadSpec) -> String {
    format!("{}/{}", spec.tenant, spec.name)
}

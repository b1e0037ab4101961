//! Ports of services that can be reached from outside: each at an address of the host that it has to itself, or by name
//! on the one listener for names. Everything here is off until whoever runs the host allows it.
//!
//! Layout: `config` (what is allowed), `place` (where a port is, as people and programs are told), `error`, `target` and
//! `cord` (a port on the virtual network as the ingress sees it), `udp` (datagrams).
//!
//! Invariants:
//! - what the host does not allow is said in a note that names the flag, and nothing is opened;
//! - a port that is published is closed, with all of its connections, when its guard is dropped;
//! - a service that is being started again costs its clients time, within a bound, and not their connections.

mod config;
mod cord;
mod error;
mod place;
mod target;
mod udp;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use weft_api::spec::{Protocol, Publish, ServicePort, TlsEnd, WorkloadSpec};
use weft_ingress::{
    Entrance, ForwardConfig, ForwardLimits, ForwardStats, ForwardTarget, HostPattern, NameGuard,
    Places, Routes, Tls, forward, listen,
};
use weft_net::loopback::Network;

use self::target::PortTarget;

pub use self::config::{ChosenAddress, PublishConfig};
pub use self::error::PublishError;
pub use self::place::{Place, PublishedPort};
pub use self::udp::UdpLimits;

/// What opens ports on one host.
pub(crate) struct Publisher {
    config: PublishConfig,
    limits: ForwardLimits,
    places: Places,
    stats: Arc<ForwardStats>,
    routes: Routes,
    tls: Arc<OnceLock<Tls>>,
    /// The listener for names, once it is open.
    names: OnceLock<Task>,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Connections that were cut because they went on for too long after the stop.
    cut: Arc<AtomicUsize>,
}

/// The ports of one workload that are open. Dropping it closes them and resets their connections.
#[derive(Default)]
pub(crate) struct Published {
    ports: Vec<PublishedPort>,
    holds: Vec<Hold>,
}

/// What keeps a port open.
enum Hold {
    Listener { task: Task },
    Name { _guard: NameGuard },
}

/// A task that ends when this is dropped.
struct Task(JoinHandle<()>);

impl Task {
    /// Ends it, and waits until what it held is closed.
    async fn end(mut self) {
        self.0.abort();
        // That it was cut is no news.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Publisher {
    pub(crate) fn new(
        config: PublishConfig,
        limits: ForwardLimits,
        routes: Routes,
        tls: Arc<OnceLock<Tls>>,
    ) -> Self {
        Self {
            places: Places::new(config.max_connections, config.tenant_connections()),
            config,
            limits,
            stats: Arc::default(),
            routes,
            tls,
            names: OnceLock::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            cut: Arc::default(),
        }
    }

    /// What happened to connections.
    pub(crate) fn stats(&self) -> &Arc<ForwardStats> {
        &self.stats
    }

    /// Opens the listener for names. Gives its address, whose port the system may have chosen.
    pub(crate) fn open_names(&self, address: SocketAddr) -> Result<SocketAddr, PublishError> {
        let failed = |source| PublishError::Names { address, source };
        let listener = listen(address).map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let entrance = Entrance::Names {
            routes: self.routes.clone(),
            tls: self.tls.get().cloned(),
        };
        let limits = ForwardLimits {
            max_connections: self.config.max_connections,
            ..self.limits
        };
        let task = self.forward(listener, entrance, limits);
        // Whoever asks twice has two addresses, and the first one stays.
        match self.names.set(task) {
            Ok(()) => Ok(bound),
            Err(_) => Err(PublishError::NamesTwice),
        }
    }

    /// Opens the ports of a workload's service. Gives notes on those that stay closed.
    pub(crate) fn publish(
        &self,
        spec: &WorkloadSpec,
        network: &Arc<Network>,
    ) -> Result<(Published, Vec<String>), PublishError> {
        let mut published = Published::default();
        let mut notes = Vec::new();
        let ports = spec.service.iter().flat_map(|service| &service.ports);
        for port in ports {
            let workload = Workload { spec, network };
            let chosen: Vec<_> = self.config.chosen_for(spec, port).collect();
            for address in &chosen {
                published.add(self.at_address(&workload, port, *address)?);
            }
            if !chosen.is_empty() {
                continue;
            }
            match &port.publish {
                None => {}
                Some(Publish::Address(_)) if !self.config.addresses => {
                    notes.push(closed(port, "give the flag --publish to allow it"));
                }
                Some(Publish::Address(address)) => {
                    published.add(self.at_address(&workload, port, *address)?);
                }
                Some(Publish::ServerName { .. }) if self.names.get().is_none() => {
                    notes.push(closed(
                        port,
                        "give an address with --tls-forward to allow it",
                    ));
                }
                Some(Publish::ServerName { name, tls }) => {
                    published.add(self.by_name(&workload, port, name, *tls)?);
                }
            }
        }
        Ok((published, notes))
    }

    /// Stops taking connections; those that are open may finish.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
    }

    /// Waits until nothing is open any more after `stop`. Gives how many connections were cut.
    pub(crate) async fn finished(&self) -> usize {
        self.stop.cancelled().await;
        self.tasks.wait().await;
        self.cut.load(Ordering::Relaxed)
    }

    fn at_address(
        &self,
        workload: &Workload<'_>,
        port: &ServicePort,
        address: SocketAddr,
    ) -> Result<(PublishedPort, Hold), PublishError> {
        let failed = |source| PublishError::Address {
            port: port.name.clone(),
            workload: workload.name(),
            address,
            source,
        };
        let target = workload.target(port);
        let (bound, task) = match port.protocol {
            Protocol::Tcp => {
                let listener = listen(address).map_err(failed)?;
                let bound = listener.local_addr().map_err(failed)?;
                let entrance = Entrance::Target(Arc::new(target.clone()));
                (bound, self.forward(listener, entrance, self.limits))
            }
            Protocol::Udp => {
                let socket = std::net::UdpSocket::bind(address).map_err(failed)?;
                socket.set_nonblocking(true).map_err(failed)?;
                let socket = UdpSocket::from_std(socket).map_err(failed)?;
                let bound = socket.local_addr().map_err(failed)?;
                let task = udp::forward(socket, target.clone(), self.config.udp, self.stop.clone());
                (bound, Task(self.tasks.spawn(task)))
            }
        };
        let place = Place::Address(bound);
        let shown = PublishedPort::new(port, place, target.gauge());
        Ok((shown, Hold::Listener { task }))
    }

    fn by_name(
        &self,
        workload: &Workload<'_>,
        port: &ServicePort,
        name: &str,
        tls: TlsEnd,
    ) -> Result<(PublishedPort, Hold), PublishError> {
        if tls == TlsEnd::Terminate && self.tls.get().is_none() {
            return Err(PublishError::NoCertificate {
                port: port.name.clone(),
                workload: workload.name(),
                name: name.to_owned(),
            });
        }
        let host: HostPattern = name.parse().map_err(|source| PublishError::NotAName {
            port: port.name.clone(),
            workload: workload.name(),
            source,
        })?;
        let target = workload.target(port);
        let gauge = target.gauge();
        let target: Arc<dyn ForwardTarget> = Arc::new(target);
        let (tenant, name_of) = (workload.spec.tenant.clone(), workload.spec.name.clone());
        let guard = self
            .routes
            .publish_name(tenant, name_of, host, tls, target)
            .map_err(|source| PublishError::Name {
                port: port.name.clone(),
                workload: workload.name(),
                source,
            })?;
        let place = Place::ServerName {
            name: name.to_owned(),
            tls,
        };
        let shown = PublishedPort::new(port, place, gauge);
        Ok((shown, Hold::Name { _guard: guard }))
    }

    fn forward(
        &self,
        listener: tokio::net::TcpListener,
        entrance: Entrance,
        limits: ForwardLimits,
    ) -> Task {
        let config = ForwardConfig {
            limits,
            places: self.places.clone(),
            stats: Arc::clone(&self.stats),
        };
        let (stop, cut) = (self.stop.clone(), Arc::clone(&self.cut));
        Task(self.tasks.spawn(async move {
            let drained = forward(listener, entrance, config, stop).await;
            cut.fetch_add(drained.cut_connections, Ordering::Relaxed);
        }))
    }
}

impl Published {
    /// Where the ports are.
    pub(crate) fn ports(&self) -> &[PublishedPort] {
        &self.ports
    }

    /// Closes the ports, and waits until their addresses are free.
    pub(crate) async fn close(self) {
        for hold in self.holds {
            if let Hold::Listener { task } = hold {
                task.end().await;
            }
        }
    }

    fn add(&mut self, (port, hold): (PublishedPort, Hold)) {
        self.ports.push(port);
        self.holds.push(hold);
    }
}

/// Whose port it is, and where its service listens.
struct Workload<'a> {
    spec: &'a WorkloadSpec,
    network: &'a Arc<Network>,
}

impl Workload<'_> {
    fn name(&self) -> String {
        format!("{}/{}", self.spec.tenant, self.spec.name)
    }

    fn target(&self, port: &ServicePort) -> PortTarget {
        PortTarget::new(self.name(), Arc::clone(self.network), port.port.get())
    }
}

/// Says that a port is not published, and what would change that.
fn closed(port: &ServicePort, what_to_do: &str) -> String {
    let ServicePort { name, publish, .. } = port;
    let place = publish
        .as_ref()
        .map(|place| format!(" at {place}"))
        .unwrap_or_default();
    format!("its port `{name}` is not published{place}; {what_to_do}")
}

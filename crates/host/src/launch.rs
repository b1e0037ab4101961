//! From a prepared workload to one that runs, and from one version of it to the next: service, routes, ports, in this
//! order.

use std::sync::Arc;

use weft_api::spec::{HttpRoute, WorkloadSpec};
use weft_engine::linked::Started;
use weft_engine::service::{Readiness, Service};
use weft_engine::workload::Workload;
use weft_ingress::{HostPattern, PathPrefix, RouteGuard, RoutePattern};
use weft_net::loopback::Network;

use crate::bridge::{CountedService, WorkloadTarget};
use crate::host::Host;
use crate::publish::{PublishError, Published};
use crate::registry::Registration;
use crate::running::Running;
use crate::start::{Prepared, StartError};

impl Host {
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
        let linked = prepared.linked;
        let service = running.service.as_deref();
        let going_on = service.filter(|service| linked.continues(service));
        let Started { front, service } = match going_on {
            Some(service) => {
                network = Arc::clone(service.network());
                self.engine.start_beside(linked, service)
            }
            None => self.engine.start(linked),
        };
        let goes_on = going_on.is_some();
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
        if !goes_on {
            // The old one ends when the last request of the old version has.
            running.service = service.map(|service| CountedService::new(service, series));
        }
        let same_ports = running.spec.service_ports() == spec.service_ports();
        running.spec = spec.clone();
        if !(goes_on && same_ports) {
            self.publish_ports(running, &network).await?;
        }
        Ok(())
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
}

/// Waits for a service, for as long as the host waits for services.
async fn until_ready(spec: &WorkloadSpec, service: &Service) -> Result<(), StartError> {
    match service.until_ready().await {
        Ok(Readiness::Ready) => Ok(()),
        Ok(Readiness::Unknown(waited)) => {
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
pub(crate) fn patterns(spec: &WorkloadSpec) -> Result<Vec<RoutePattern>, StartError> {
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

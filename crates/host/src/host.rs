//! What runs on this host, and the listener in front of it.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use weft_api::spec::WorkloadSpec;
use weft_engine::Engine;
use weft_engine::command::Command;
use weft_engine::plan::{Granting, Purpose};
use weft_ingress::{Config, Drained, HostPattern, RouteGuard, RoutePattern, Routes, Target};

use crate::bridge::WorkloadTarget;
use crate::config::HostConfig;
use crate::start::{self, Prepared, StartError};

/// Why there is no host.
pub type HostError = weft_engine::engine::EngineError;

/// A host. Cheap to clone; all clones are the same host.
#[derive(Clone)]
pub struct Host {
    engine: Engine,
    routes: Routes,
    config: Arc<HostConfig>,
}

/// A workload that answers requests. Dropping it takes its routes away, then the workload itself once its last request
/// is done.
pub struct Running {
    /// The spec that it was started from.
    pub spec: WorkloadSpec,
    /// Host names that lead to it; `*` for every name.
    pub hosts: Vec<String>,
    route: RouteGuard,
}

impl Host {
    /// Sets a host up; nothing runs on it yet.
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        let engine = Engine::new(config.engine.clone())?;
        Ok(Self {
            engine,
            routes: Routes::new(),
            config: Arc::new(config),
        })
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

    /// Starts a prepared workload and publishes its routes. A workload without host names answers every name.
    pub fn start(&self, spec: &WorkloadSpec, prepared: Prepared) -> Result<Running, StartError> {
        let workload = self.engine.start(prepared.linked);
        let patterns = patterns(spec, workload.hosts())?;
        let hosts = patterns.iter().map(ToString::to_string).collect();
        let target: Arc<dyn Target> = Arc::new(WorkloadTarget(workload));
        let patterns = patterns.into_iter().map(RoutePattern::from).collect();
        let route = self
            .routes
            .publish(spec.tenant.clone(), spec.name.clone(), patterns, target)
            .map_err(|source| StartError::Route {
                workload: full_name(spec),
                source,
            })?;
        Ok(Running {
            spec: spec.clone(),
            hosts,
            route,
        })
    }

    /// Puts a prepared new version in the place of a running one: from now on requests go to it, those in flight
    /// finish on the old one.
    pub fn swap(
        &self,
        running: &mut Running,
        spec: &WorkloadSpec,
        prepared: Prepared,
    ) -> Result<(), StartError> {
        if spec.http_hosts() == running.spec.http_hosts() && spec.tenant == running.spec.tenant {
            running
                .route
                .swap(Arc::new(WorkloadTarget(self.engine.start(prepared.linked))));
            running.spec = spec.clone();
        } else {
            *running = self.start(spec, prepared)?;
        }
        Ok(())
    }

    /// Makes a prepared command ready to run.
    pub fn command(&self, prepared: Prepared) -> Command {
        self.engine.command(prepared.linked)
    }

    /// Serves until `shutdown`, then drains. Dropping the future cuts everything at once.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> Drained {
        let config = Config {
            limits: self.config.limits,
            verbose_not_found: self.config.list_hosts_when_not_found,
            observer: None,
        };
        weft_ingress::serve(listener, self.routes.clone(), config, shutdown).await
    }
}

fn patterns(spec: &WorkloadSpec, hosts: &[String]) -> Result<Vec<HostPattern>, StartError> {
    if hosts.is_empty() {
        return Ok(vec![HostPattern::Any]);
    }
    let parse = |host: &String| {
        host.parse().map_err(|source| StartError::HostName {
            workload: full_name(spec),
            host: host.clone(),
            source,
        })
    };
    hosts.iter().map(parse).collect()
}

fn full_name(spec: &WorkloadSpec) -> String {
    format!("{}/{}", spec.tenant, spec.name)
}

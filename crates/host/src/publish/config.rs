//! What whoever runs a host allows of ports that are to be reached from outside. The default is nothing.

use std::net::SocketAddr;
use std::time::Duration;

use weft_api::spec::{ServicePort, WorkloadSpec};

use super::UdpLimits;

/// What is allowed. Names are forwarded once their listener is open, which is not said here.
#[derive(Clone, Debug)]
pub struct PublishConfig {
    /// Whether ports are opened at the addresses that manifests ask for.
    pub addresses: bool,
    /// Ports that are opened elsewhere, whatever their manifests say.
    pub chosen: Vec<ChosenAddress>,
    /// Forwarded connections of the whole host at a time, at least 1. Further clients wait in the accept queue.
    pub max_connections: usize,
    /// Those of one tenant, at least 1; none = half of `max_connections`. Further clients wait, or are turned away where
    /// they come by name.
    pub max_tenant_connections: Option<usize>,
    /// How long a forwarded connection may move nothing in either direction.
    pub idle_timeout: Duration,
    /// What peers may use up of a UDP port.
    pub udp: UdpLimits,
}

/// A port of a service, and where to open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenAddress {
    /// `tenant/workload`; none if only one workload has a port of this name.
    pub workload: Option<String>,
    /// The name of the port.
    pub port: String,
    /// Where; port 0 leaves the choice to the system.
    pub address: SocketAddr,
}

impl Default for PublishConfig {
    fn default() -> Self {
        Self {
            addresses: false,
            chosen: Vec::new(),
            max_connections: 4096,
            max_tenant_connections: None,
            idle_timeout: Duration::from_hours(1),
            udp: UdpLimits::default(),
        }
    }
}

impl PublishConfig {
    /// The first choice that is for no port of these workloads, or for more than one: what is wrong, and what to do.
    pub fn wrong_choice(&self, specs: &[&WorkloadSpec]) -> Option<String> {
        self.chosen
            .iter()
            .find_map(|chosen| chosen.wrong_among(specs))
    }

    /// Connections of one tenant.
    pub(super) fn tenant_connections(&self) -> usize {
        self.max_tenant_connections
            .unwrap_or(self.max_connections.div_ceil(2))
    }

    /// Where to open a port instead of where its manifest says.
    pub(super) fn chosen_for(
        &self,
        spec: &WorkloadSpec,
        port: &ServicePort,
    ) -> impl Iterator<Item = SocketAddr> {
        let chosen = self.chosen.iter();
        chosen
            .filter(|chosen| chosen.port == port.name && chosen.is_for(spec))
            .map(|chosen| chosen.address)
    }
}

impl ChosenAddress {
    fn is_for(&self, spec: &WorkloadSpec) -> bool {
        let name = || format!("{}/{}", spec.tenant, spec.name);
        self.workload
            .as_ref()
            .is_none_or(|workload| *workload == name())
    }

    fn wrong_among(&self, specs: &[&WorkloadSpec]) -> Option<String> {
        let Self { port, address, .. } = self;
        let mut having = specs
            .iter()
            .filter(|spec| self.is_for(spec))
            .filter(|spec| {
                let mut ports = spec.service.iter().flat_map(|service| &service.ports);
                ports.any(|own| own.name == *port)
            });
        match (having.next(), having.next()) {
            (Some(_), None) => None,
            (Some(one), Some(other)) => Some(format!(
                "both `{}/{}` and `{}/{}` have a port `{port}`; say whose is meant, as in \
                 --publish={}/{}/{port}={address}",
                one.tenant, one.name, other.tenant, other.name, one.tenant, one.name
            )),
            (None, _) => {
                let whose = match &self.workload {
                    Some(workload) => format!("workload `{workload}` has no service with"),
                    None => "no service has".to_owned(),
                };
                Some(format!(
                    "{whose} a port `{port}`; name it in `service.ports` of the manifest"
                ))
            }
        }
    }
}

//! What guests were seen to reach while nothing was denied for want of an entry: the policy that they need.

use serde::{Deserialize, Serialize};

use crate::registry::Registry;

/// The page of the admin listener, and what `weft policy` prints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// Whether anything is learned at all: `--egress learn`.
    pub learning: bool,
    /// In order of tenant, workload and component.
    pub components: Vec<ComponentPolicy>,
}

/// The smallest lists that cover what one component was seen to reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentPolicy {
    /// Whose it is.
    pub tenant: String,
    /// Which workload it is part of.
    pub workload: String,
    /// Its name in the manifest; `service` for the service.
    pub component: String,
    /// As in a manifest.
    pub allowed_hosts: Vec<String>,
    /// As in a manifest.
    pub allowed_ip_name_lookups: Vec<String>,
    /// As in a manifest.
    pub allowed_host_loopback_ports: Vec<String>,
    /// Times that something was denied because there was no room to remember it: the lists are not complete.
    pub left_out: u64,
}

/// What was learned of all workloads that run.
pub(crate) fn learned(registry: &Registry, learning: bool) -> Learned {
    let mut components = Vec::new();
    for ((tenant, workload), learned) in registry.learned() {
        components.extend(
            learned
                .into_iter()
                .map(|(component, policy)| ComponentPolicy {
                    tenant: tenant.to_string(),
                    workload: workload.to_string(),
                    component,
                    allowed_hosts: policy.allowed_hosts,
                    allowed_ip_name_lookups: policy.allowed_ip_name_lookups,
                    allowed_host_loopback_ports: policy.allowed_host_loopback_ports,
                    left_out: policy.left_out,
                }),
        );
    }
    Learned {
        learning,
        components,
    }
}

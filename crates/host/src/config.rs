//! What a host is made with.

use weft_engine::config::EngineConfig;
use weft_ingress::Limits;
use weft_telemetry::Telemetry;

use crate::publish::PublishConfig;

/// The configuration of a host.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// How code is compiled, cached and limited.
    pub engine: EngineConfig,
    /// Limits of the HTTP listener.
    pub limits: Limits,
    /// Whether an unknown host name is answered with the names that exist. For development: it tells strangers what
    /// runs here.
    pub list_hosts_when_not_found: bool,
    /// Whether each connection of a client begins with a header of the PROXY protocol, which says where it comes from.
    pub proxy_protocol: bool,
    /// How many workloads, and how many tenants, have labels of their own on the page of metrics. Those that come later
    /// are added up under one label.
    pub metrics_workloads: usize,
    /// Where the host tells what it does; none = nowhere. The engine's is set by the host itself.
    pub telemetry: Option<Telemetry>,
    /// What is allowed of ports of services that are to be reached from outside.
    pub publish: PublishConfig,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            engine: EngineConfig::default(),
            limits: Limits::default(),
            list_hosts_when_not_found: false,
            proxy_protocol: false,
            metrics_workloads: 1000,
            telemetry: None,
            publish: PublishConfig::default(),
        }
    }
}

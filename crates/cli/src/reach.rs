//! Flags that say what guests may reach, and how services are treated.

use std::time::Duration;

use weft_host::{EngineConfig, NetworkConfig, PrivateRanges, ServiceConfig};

use crate::limits::{at_least_one, some_time, time};

/// What guests may reach.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Network of guests")]
pub(crate) struct Reach {
    /// What becomes of what a manifest does not allow. `learn` allows it, except for special addresses, and `weft
    /// policy` shows what would have to be allowed
    #[arg(long, value_enum, default_value_t = Egress::Enforce, env = "WEFT_EGRESS")]
    egress: Egress,
    /// Who may reach private addresses such as 10.0.0.0/8: workloads that name the address, the block or the exact host
    /// name; nobody; or whoever may reach `*`
    #[arg(long, value_enum, default_value_t = Private::Explicit)]
    private_ranges: Private,
    /// Connections to the outside of one workload
    #[arg(long, value_name = "N", default_value_t = NetworkConfig::default().connections, value_parser = at_least_one)]
    max_egress: usize,
    /// Connections to the outside of all workloads of one tenant
    #[arg(long, value_name = "N", default_value_t = NetworkConfig::default().tenant_connections, value_parser = at_least_one)]
    tenant_max_egress: usize,
    /// How long a workload waits for its service to listen, before it takes requests all the same
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    service_wait: Duration,
    /// How long a service may go on when its workload is stopped and its sockets are closed
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = some_time)]
    service_grace: Duration,
}

/// What becomes of what a manifest does not allow.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Egress {
    Enforce,
    Learn,
}

/// Who may reach private addresses.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Private {
    Never,
    Explicit,
    Always,
}

impl Reach {
    /// Whether what is not allowed is allowed and remembered.
    pub(crate) fn learns(&self) -> bool {
        self.egress == Egress::Learn
    }

    /// Puts the settings where they count. `host_loopback`: whether guests may reach ports of this machine's own
    /// loopback that their manifests list.
    pub(crate) fn apply(&self, host_loopback: bool, config: &mut EngineConfig) {
        let network = &mut config.network;
        network.learn = self.learns();
        network.connections = self.max_egress;
        network.tenant_connections = self.tenant_max_egress;
        network.settings.host_loopback = host_loopback;
        network.settings.private_ranges = match self.private_ranges {
            Private::Never => PrivateRanges::Never,
            Private::Explicit => PrivateRanges::Explicit,
            Private::Always => PrivateRanges::Always,
        };
        config.service = ServiceConfig {
            start_wait: self.service_wait,
            grace: self.service_grace,
            ..config.service
        };
    }
}

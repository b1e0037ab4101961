//! Flags that say what guests may reach, and how services are treated.

use std::path::PathBuf;
use std::time::Duration;

use weft_api::project::{self, Dev};
use weft_host::{EngineConfig, NetworkConfig, PrivateRanges, RootsError, ServiceConfig, Trust};

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
    /// How long an HTTP request of a guest waits for one of those connections [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    http_connection_wait: Option<Duration>,
    /// Authorities (PEM) that HTTPS servers of guests may be signed by, besides the usual ones
    #[arg(long, value_name = "FILE")]
    http_client_ca_path: Vec<PathBuf>,
    /// The usual authorities: those of Mozilla, which come with weft; the machine's own; both; or none but the files
    /// [default: webpki]
    #[arg(long, value_enum, hide_default_value = true)]
    http_client_trust_roots: Option<TrustRoots>,
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

/// Whose certificates guests' HTTPS trusts.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum TrustRoots {
    Webpki,
    WebpkiAndNative,
    Native,
    ExtraOnly,
}

impl TrustRoots {
    fn trust(self) -> Trust {
        match self {
            Self::Webpki => Trust::Webpki,
            Self::WebpkiAndNative => Trust::WebpkiAndNative,
            Self::Native => Trust::Native,
            Self::ExtraOnly => Trust::Nobody,
        }
    }
}

impl From<project::TrustRoots> for TrustRoots {
    fn from(roots: project::TrustRoots) -> Self {
        match roots {
            project::TrustRoots::Webpki => Self::Webpki,
            project::TrustRoots::WebpkiAndNative => Self::WebpkiAndNative,
            project::TrustRoots::Native => Self::Native,
            project::TrustRoots::ExtraOnly => Self::ExtraOnly,
        }
    }
}

impl Reach {
    /// Whether what is not allowed is allowed and remembered.
    pub(crate) fn learns(&self) -> bool {
        self.egress == Egress::Learn
    }

    /// The same, and where a flag is not given, what the project file says. Its connections are bounded by the stricter
    /// of the two: HTTP and sockets share their places here, and so do their limits.
    pub(crate) fn with(&self, dev: &Dev) -> Self {
        let least = |limit: usize, asked: Option<u32>| {
            let asked = asked.and_then(|asked| usize::try_from(asked).ok());
            asked.map_or(limit, |asked| limit.min(asked))
        };
        let http = dev.max_outbound_http_connections_per_workload;
        let sockets = dev.max_outbound_socket_connections_per_workload;
        let mut authorities = self.http_client_ca_path.clone();
        authorities.extend(dev.http_client_ca_paths.iter().cloned());
        let roots = dev.http_client_trust_roots.map(TrustRoots::from);
        Self {
            max_egress: least(least(self.max_egress, http), sockets),
            tenant_max_egress: least(self.tenant_max_egress, dev.max_connections),
            http_connection_wait: self.http_connection_wait.or(dev.http_connection_wait),
            http_client_ca_path: authorities,
            http_client_trust_roots: self.http_client_trust_roots.or(roots),
            ..self.clone()
        }
    }

    /// Puts the settings where they count. `host_loopback`: whether guests may reach ports of this machine's own
    /// loopback that their manifests list.
    ///
    /// # Errors
    /// When a file of authorities cannot be used.
    pub(crate) fn apply(
        &self,
        host_loopback: bool,
        config: &mut EngineConfig,
    ) -> Result<(), RootsError> {
        let network = &mut config.network;
        network.learn = self.learns();
        network.connections = self.max_egress;
        network.tenant_connections = self.tenant_max_egress;
        if let Some(wait) = self.http_connection_wait {
            network.connection_wait = wait;
        }
        let roots = self.http_client_trust_roots.map(TrustRoots::trust);
        network.trust(roots.unwrap_or_default(), &self.http_client_ca_path)?;
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
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        reach: Reach,
    }

    fn reach(flags: &[&str]) -> Reach {
        let flags = std::iter::once("weft").chain(flags.iter().copied());
        Flags::try_parse_from(flags).unwrap().reach
    }

    fn applied(reach: &Reach) -> NetworkConfig {
        let mut config = EngineConfig::default();
        reach.apply(false, &mut config).unwrap();
        config.network
    }

    #[test]
    fn the_stricter_of_project_and_flags_bounds_connections() {
        let dev = Dev {
            max_connections: Some(1_000_000),
            max_outbound_http_connections_per_workload: Some(7),
            max_outbound_socket_connections_per_workload: Some(9),
            ..Dev::default()
        };
        let network = applied(&reach(&[]).with(&dev));
        let flags = NetworkConfig::default().tenant_connections;
        assert_eq!(
            (network.connections, network.tenant_connections),
            (7, flags)
        );
    }

    #[test]
    fn a_flag_wins_over_the_project_file_and_that_over_the_default() {
        let dev = Dev {
            http_connection_wait: Some(Duration::from_secs(7)),
            ..Dev::default()
        };
        let waits = |reach: &Reach| applied(reach).connection_wait;
        assert_eq!(waits(&reach(&[]).with(&dev)), Duration::from_secs(7));
        let flag = reach(&["--http-connection-wait", "9s"]);
        assert_eq!(waits(&flag.with(&dev)), Duration::from_secs(9));
        assert_eq!(waits(&reach(&[])), Duration::from_secs(5));
    }

    #[test]
    fn authorities_of_flags_and_project_count_both() {
        let reach = reach(&["--http-client-ca-path", "flag.pem"]);
        let dev = Dev {
            http_client_ca_paths: vec!["project.pem".into()],
            http_client_trust_roots: Some(project::TrustRoots::ExtraOnly),
            ..Dev::default()
        };
        let both = reach.with(&dev);
        let files: [PathBuf; 2] = ["flag.pem".into(), "project.pem".into()];
        assert_eq!(both.http_client_ca_path, files);
        assert_eq!(both.http_client_trust_roots, Some(TrustRoots::ExtraOnly));
    }

    #[test]
    fn trusting_nobody_is_refused() {
        let mut config = EngineConfig::default();
        let reach = reach(&["--http-client-trust-roots", "extra-only"]);
        let refused = reach.apply(false, &mut config).unwrap_err();
        assert!(matches!(refused, RootsError::Nobody), "{refused}");
    }
}

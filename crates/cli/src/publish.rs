//! Flags that open ports of services to the outside. Without them nothing is.

use std::net::SocketAddr;
use std::time::Duration;

use weft_api::spec::{WorkloadSpec, host_address};
use weft_host::{ChosenAddress, Host, HostConfig, PublishConfig};

use crate::limits::{address, at_least_one, some_time};

/// Which ports of services can be reached from outside.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Ports of services")]
pub(crate) struct Publish {
    /// Open ports of services at the addresses that manifests ask for; with a value, open one port at an address of
    /// your choice, whatever its manifest says: `--publish=db=127.0.0.1:5432`. Whose it is stands in front if several
    /// have it: `--publish=tenant/workload/db=:5432`. May be repeated
    #[arg(long, value_name = "PORT=ADDR", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = wish)]
    publish: Vec<Wish>,
    /// Where TLS connections are taken that are forwarded to services by the name that they ask for (SNI); nowhere, if
    /// not given
    #[arg(long, value_name = "ADDR", env = "WEFT_TLS_FORWARD", value_parser = address)]
    tls_forward: Option<SocketAddr>,
    /// Connections to published ports open at the same time; further ones wait
    #[arg(long, value_name = "N", default_value_t = PublishConfig::default().max_connections, value_parser = at_least_one)]
    max_forwarded: usize,
    /// The same for the ports of one tenant; half of all, if not given
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    tenant_max_forwarded: Option<usize>,
    /// How long a connection to a published port is kept while nothing moves
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = some_time)]
    forward_idle_timeout: Duration,
}

/// One `--publish`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    /// What manifests say is allowed.
    Manifests,
    /// A port at an address.
    Chosen(ChosenAddress),
}

impl Publish {
    /// Puts the settings where they count.
    pub(crate) fn apply(&self, config: &mut HostConfig) {
        let publish = &mut config.publish;
        publish.addresses = self.publish.contains(&Wish::Manifests);
        let chosen = self.publish.iter().filter_map(|wish| match wish {
            Wish::Manifests => None,
            Wish::Chosen(chosen) => Some(chosen.clone()),
        });
        publish.chosen = chosen.collect();
        publish.max_connections = self.max_forwarded;
        publish.max_tenant_connections = self.tenant_max_forwarded;
        publish.idle_timeout = self.forward_idle_timeout;
    }

    /// Refuses a choice that is for no port of these workloads, or for several.
    pub(crate) fn check(&self, specs: &[&WorkloadSpec]) -> anyhow::Result<()> {
        let mut config = HostConfig::default();
        self.apply(&mut config);
        match config.publish.wrong_choice(specs) {
            None => Ok(()),
            Some(why) => Err(anyhow::anyhow!("--publish: {why}")),
        }
    }

    /// Opens the listener for names, if one is asked for. Certificates have to be in use by then.
    pub(crate) fn open(&self, host: &Host) -> anyhow::Result<Option<SocketAddr>> {
        let open = |addr| Ok(host.open_names(addr)?);
        self.tls_forward.map(open).transpose()
    }
}

/// Reads nothing, or `[TENANT/WORKLOAD/]PORT=ADDRESS`.
fn wish(text: &str) -> Result<Wish, String> {
    if text.is_empty() {
        return Ok(Wish::Manifests);
    }
    let help = "write the name of a port and an address, as in --publish=db=127.0.0.1:5432";
    let (name, at) = text.split_once('=').ok_or(help)?;
    let address = host_address(at)?;
    let (workload, port) = match name.rsplit_once('/') {
        None => (None, name),
        Some((workload, port)) => (Some(workload.to_owned()), port),
    };
    let is_workload = |name: &String| {
        let parts: Vec<_> = name.split('/').collect();
        parts.len() == 2 && !parts.contains(&"")
    };
    if port.is_empty() || !workload.as_ref().is_none_or(is_workload) {
        return Err(format!(
            "{help}, with `tenant/workload/` in front of the port if several workloads have it"
        ));
    }
    Ok(Wish::Chosen(ChosenAddress {
        workload,
        port: port.to_owned(),
        address,
    }))
}

#[cfg(test)]
mod tests;

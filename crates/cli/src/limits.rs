//! Flags that say what guests and clients may use up. Every limit is on from the start; a flag changes its number. A
//! test compares the defaults that are shown here with those of the host.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use weft_host::{CertificateFiles, EngineConfig, HostConfig, Limits, TlsFiles};

use crate::{descriptors, gpu};

/// What guests may use up.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Limits of guests")]
pub(crate) struct Guests {
    /// Memory of all guests together; three quarters of what this machine or container has, if not given
    #[arg(long, value_name = "SIZE", value_parser = memory_size)]
    memory: Option<u64>,
    /// Memory of all guests of one tenant; half of --memory, if not given
    #[arg(long, value_name = "SIZE", value_parser = memory_size)]
    tenant_memory: Option<u64>,
    /// Instances alive at the same time; one for each 8 MiB that this machine has, 100 to 4000, if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    instances: Option<u32>,
    /// Resources of the host (open files, bodies, streams) that one instance may hold
    #[arg(long, value_name = "N", default_value_t = EngineConfig::default().max_handles, value_parser = at_least_one)]
    max_handles: usize,
    /// Resources of the host that a service may hold; a connection takes three
    #[arg(long, value_name = "N", default_value_t = EngineConfig::default().max_service_handles, value_parser = at_least_one)]
    max_service_handles: usize,
    /// Concurrent calls, streams and futures that one instance may have
    #[arg(long, value_name = "N", default_value_t = EngineConfig::default().max_tasks, value_parser = at_least_one)]
    max_tasks: usize,
    /// Requests of one tenant that are worked on at the same time
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=MAX_REQUESTS))]
    tenant_max_in_flight: u32,
    /// Requests of one tenant that wait because it has as many as it may have
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(..=MAX_REQUESTS))]
    tenant_max_queue: u32,
    /// How long such a request waits before it is refused
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    tenant_queue_wait: Duration,
    /// Memory of one instance, where a manifest does not say
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = memory_size)]
    instance_memory: u64,
    /// How long a request may take to the last byte of its response, where a manifest does not say
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = some_time)]
    request_timeout: Duration,
    /// Requests of one workload that are worked on at the same time, where a manifest does not say
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=MAX_REQUESTS))]
    max_in_flight: u32,
    /// Requests of one workload that wait for their turn, where a manifest does not say
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(..=MAX_REQUESTS))]
    max_queue: u32,
    /// How long such a request waits before it is refused, where a manifest does not say
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    queue_wait: Duration,
    #[command(flatten)]
    gpu: gpu::Flags,
}

/// What clients may use up.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Limits of clients")]
pub(crate) struct Clients {
    /// Connections open at the same time; further ones wait
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_connections, value_parser = at_least_one)]
    max_connections: usize,
    /// Connections open at the same time from one address (IPv6: from one /64); further ones are closed
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_connections_per_peer, value_parser = at_least_one)]
    max_connections_per_peer: usize,
    /// Bytes of a request's head, 8KiB at least; more is answered with 431
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = header_size)]
    max_header_bytes: usize,
    /// Bytes of a request's body; more is answered with 413
    #[arg(long, value_name = "SIZE", default_value = "100MiB", value_parser = size)]
    max_request_body: u64,
    /// How long a connection may take to its first request, and a request to the end of its head
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = some_time)]
    header_timeout: Duration,
    /// How long a connection is kept without a request
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = some_time)]
    idle_timeout: Duration,
    /// How long a client may pause in the midst of a request's body that is waited for
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = some_time)]
    body_idle_timeout: Duration,
    /// How long a client may take nothing of a response before it loses it
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = some_time)]
    write_timeout: Duration,
}

/// What the listener speaks.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "TLS and balancers")]
pub(crate) struct Listener {
    /// A certificate (PEM), with those that it was signed with; the listener then speaks TLS only. Again for further
    /// host names, each with its --tls-key; the first is for clients that name no host
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Vec<PathBuf>,
    /// The key (PEM) of the certificate at the same place
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Vec<PathBuf>,
    /// Authorities (PEM), one of which has to have signed the certificate of each client
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// How long TLS handshake and PROXY header may take together
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = some_time)]
    handshake_timeout: Duration,
    /// Each connection begins with a header of the PROXY protocol, version 2, from a balancer that nobody can bypass
    #[arg(long)]
    proxy_protocol: bool,
}

impl Listener {
    /// Puts the settings where they count.
    pub(crate) fn apply(&self, config: &mut HostConfig) {
        config.proxy_protocol = self.proxy_protocol;
        config.limits.handshake_timeout = self.handshake_timeout;
    }

    /// The files of TLS, if it is asked for.
    ///
    /// # Errors
    /// When there are more certificates than keys, or fewer.
    pub(crate) fn tls(&self) -> anyhow::Result<Option<TlsFiles>> {
        let (certificates, keys) = (self.tls_cert.len(), self.tls_key.len());
        if certificates != keys {
            bail!(
                "--tls-cert is given {certificates} times and --tls-key {keys} times; each certificate needs its key"
            );
        }
        let mut pairs = self.tls_cert.iter().zip(&self.tls_key);
        let Some((certificate, key)) = pairs.next() else {
            return Ok(None);
        };
        let mut files = TlsFiles::new(certificate, key);
        files
            .pairs
            .extend(pairs.map(|(certificate, key)| CertificateFiles {
                certificate: certificate.clone(),
                key: key.clone(),
            }));
        files.client_authorities.clone_from(&self.tls_client_ca);
        Ok(Some(files))
    }
}

impl Guests {
    /// Puts the numbers where they count.
    pub(crate) fn apply(&self, config: &mut EngineConfig) {
        self.gpu.apply(config);
        config.memory = self.memory;
        config.tenant_memory = self.tenant_memory;
        config.instances = self.instances;
        config.max_handles = self.max_handles;
        config.max_service_handles = self.max_service_handles;
        config.max_tasks = self.max_tasks;
        config.tenant_requests.max_in_flight = self.tenant_max_in_flight;
        config.tenant_requests.max_queue = self.tenant_max_queue;
        config.tenant_requests.queue_wait = self.tenant_queue_wait;
        config.limits.memory = self.instance_memory;
        config.limits.request_timeout = self.request_timeout;
        config.limits.requests.max_in_flight = self.max_in_flight;
        config.limits.requests.max_queue = self.max_queue;
        config.limits.requests.queue_wait = self.queue_wait;
    }
}

impl Clients {
    /// Puts the numbers where they count, as far as the system lets this process have so many connections.
    pub(crate) fn apply(&self, limits: &mut Limits) {
        limits.max_connections = descriptors::connections(self.max_connections);
        limits.max_connections_per_peer = self.max_connections_per_peer;
        limits.max_header_bytes = self.max_header_bytes;
        limits.max_request_body = self.max_request_body;
        limits.header_read_timeout = self.header_timeout;
        limits.idle_timeout = self.idle_timeout;
        limits.body_idle_timeout = self.body_idle_timeout;
        limits.write_stall_timeout = self.write_timeout;
    }
}

/// Reads `512MiB`, `1GiB`, `64k` or plain bytes.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text
        .get(digits.len()..)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let factor: u64 = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return Err("write bytes, or a number with KiB, MiB, GiB or TiB".to_owned()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "write a whole number, e.g. 512MiB".to_owned())?;
    number
        .checked_mul(factor)
        .ok_or_else(|| "that is more than can be counted".to_owned())
}

/// Memory for guests: with less than one page of WebAssembly, none of them could start. Manifests have the same bound.
pub(crate) fn memory_size(text: &str) -> Result<u64, String> {
    match size(text)? {
        bytes if bytes < MIN_MEMORY => Err("write 64KiB at least".to_owned()),
        bytes => Ok(bytes),
    }
}

const MIN_MEMORY: u64 = 64 << 10;

fn header_size(text: &str) -> Result<usize, String> {
    let bytes = usize::try_from(size(text)?).unwrap_or(usize::MAX);
    if (Limits::MIN_HEADER_BYTES..=MAX_HEADER_BYTES).contains(&bytes) {
        Ok(bytes)
    } else {
        Err("write a size from 8KiB to 16MiB".to_owned())
    }
}

/// A client may make the host hold this much for each connection, before anything is known of the request.
const MAX_HEADER_BYTES: usize = 16 << 20;

/// Requests at the same time and in a queue; manifests have the same bound.
const MAX_REQUESTS: i64 = 1_000_000;

/// Longer times are taken for mistakes; manifests have the same bound.
const MAX_TIME: Duration = Duration::from_hours(24);

/// Reads `500ms`, `5s` or `1m 30s`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let time = weft_api::duration::parse(text)?;
    if time > MAX_TIME {
        return Err("that is more than 24h".to_owned());
    }
    Ok(time)
}

/// The same, but not no time at all.
pub(crate) fn some_time(text: &str) -> Result<Duration, String> {
    match time(text)? {
        Duration::ZERO => Err("no request could be answered in no time".to_owned()),
        time => Ok(time),
    }
}

/// How long a drain may take. A number without a unit is seconds, as `terminationGracePeriodSeconds` of Kubernetes is.
pub(crate) fn drain(text: &str) -> Result<Duration, String> {
    let bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if bare {
        time(&format!("{text}s"))
    } else {
        time(text)
    }
}

/// Where to listen. Names are not looked up: which of their addresses would be meant is not clear.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| {
        "write an IP address and a port, such as 127.0.0.1:8000 or [::1]:8000".to_owned()
    })?;
    match weft_api::spec::never_of_a_host(address.ip()) {
        None => Ok(address),
        Some(why) => Err(format!(
            "{why}; write an address that this machine has, such as 127.0.0.1:{}",
            address.port()
        )),
    }
}

pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("write a whole number, 1 at least".to_owned()),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests;

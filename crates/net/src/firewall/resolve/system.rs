//! Look-ups by the name servers of the machine.
//!
//! hickory-resolver and not `getaddrinfo`: it says how long an answer lasts, which a grant to a guest must not outlive,
//! and a slow server costs a task and not one of the blocking threads, which all tenants share. It reads `resolv.conf`
//! (servers, search list, `ndots`) and the hosts file. It does not read `nsswitch.conf`: names that come from other
//! sources there are not found.

use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::Name as DnsName;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Answer, MOST_ADDRESSES, ResolveError, Resolver, Resolving};
use crate::firewall::host::Name;

/// What asks the name servers of the machine. One for the whole host: it remembers nothing, so tenants share nothing.
pub struct SystemResolver {
    inner: TokioResolver,
    places: Semaphore,
    limit: Duration,
}

/// Bounds of look-ups.
#[derive(Clone, Copy, Debug)]
pub struct LookupBounds {
    /// Look-ups at the same time; more of them wait, within their limit.
    pub concurrent: usize,
    /// Time for one look-up, the wait for a place included.
    pub limit: Duration,
}

impl Default for LookupBounds {
    fn default() -> Self {
        Self {
            concurrent: 256,
            limit: Duration::from_secs(10),
        }
    }
}

impl SystemResolver {
    /// With the configuration of the machine. An error says why that cannot be read.
    pub fn new(bounds: LookupBounds) -> Result<Self, ResolveError> {
        let (config, options) = hickory_resolver::system_conf::read_system_conf()
            .map_err(|error| ResolveError::Failed(error.to_string()))?;
        Self::with(config, options, bounds)
    }

    /// With these servers.
    pub fn with(
        config: ResolverConfig,
        mut options: ResolverOpts,
        bounds: LookupBounds,
    ) -> Result<Self, ResolveError> {
        // A cache here would be one for all tenants.
        options.cache_size = 0;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        let inner = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options)
            .build()
            .map_err(|error| ResolveError::Failed(error.to_string()))?;
        Ok(Self {
            inner,
            places: Semaphore::new(bounds.concurrent),
            limit: bounds.limit,
        })
    }

    async fn ask(&self, name: &Name) -> Result<Answer, ResolveError> {
        // Fails only when the semaphore is closed, which nobody does.
        let _place = self.places.acquire().await.ok();
        let name = DnsName::from_ascii(name.as_str())
            .map_err(|error| ResolveError::Failed(error.to_string()))?;
        let found = self.inner.lookup_ip(name).await.map_err(explain)?;
        let ttl = found.valid_until().duration_since(Instant::now());
        let addresses: Vec<_> = found.iter().take(MOST_ADDRESSES).collect();
        if addresses.is_empty() {
            return Err(ResolveError::NotFound);
        }
        Ok(Answer {
            addresses: addresses.into(),
            ttl,
        })
    }
}

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a Name) -> Resolving<'a> {
        Box::pin(async move {
            timeout(self.limit, self.ask(name))
                .await
                .unwrap_or(Err(ResolveError::TimedOut(self.limit)))
        })
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature of `map_err` asks for it"
)]
fn explain(error: NetError) -> ResolveError {
    if error.is_no_records_found() || error.is_nx_domain() {
        return ResolveError::NotFound;
    }
    match refusal(&error) {
        Some(code) => ResolveError::Refused(code),
        None => ResolveError::Failed(error.to_string()),
    }
}

/// The code of an answer that will be the same the next time, as the C library tells it from one that may not.
fn refusal(error: &NetError) -> Option<&'static str> {
    let NetError::Dns(DnsError::ResponseCode(code)) = error else {
        return None;
    };
    match code {
        ResponseCode::FormErr => Some("FORMERR"),
        ResponseCode::NotImp => Some("NOTIMP"),
        ResponseCode::Refused => Some("REFUSED"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

//! What a workload has of networks: its virtual loopback, and the way out that all its parts share.
//!
//! Shared by the host: the resolver that asks name servers, and the roots of TLS. By a tenant: remembered answers, and
//! places for connections. By a workload: its places among those, and what its guests found under which name. A
//! component has a firewall and connections of its own, so that no request goes over a connection that another
//! component was allowed.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use weft_net::firewall::gate::{Firewall, Parts};
use weft_net::firewall::grants::Grants;
use weft_net::firewall::learn::Learned;
pub use weft_net::firewall::learn::LearnedPolicy;
use weft_net::firewall::observe::{DenialEvent, Observer};
use weft_net::firewall::policy::Policy;
pub use weft_net::firewall::policy::{PrivateRanges, Settings};
use weft_net::firewall::quota::{Quota, TenantQuota};
use weft_net::firewall::resolve::cache::{CacheBounds, CachedResolver};
use weft_net::firewall::resolve::system::{LookupBounds, SystemResolver};
use weft_net::firewall::resolve::{ResolveError, Resolver, Resolving};
use weft_net::outbound::client::{ClientConfig, HttpClient, PoolLimits};
use weft_net::outbound::roots;
pub use weft_net::outbound::roots::{RootsError, Trust};

/// Addresses that a workload's look-ups are remembered for.
const GRANTS: usize = 4096;

/// Entries that are learned of one component.
const LEARNED: usize = 10_000;

/// What guests may reach, as far as the operator decides it.
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// Private ranges, and the loopback of this machine.
    pub settings: Settings,
    /// Connections out of one workload at the same time.
    pub connections: usize,
    /// Connections out of all workloads of one tenant at the same time.
    pub tenant_connections: usize,
    /// How long an HTTP request waits for a place among those connections.
    pub connection_wait: Duration,
    /// Who signs the certificates of HTTPS servers.
    pub roots: Arc<rustls::RootCertStore>,
    /// What `allowedHosts` and its sisters would deny is allowed and remembered.
    pub learn: bool,
    /// What asks for addresses in the place of the machine's name servers: for tests.
    pub resolver: Option<Injected>,
}

/// A resolver that was given.
#[derive(Clone)]
pub struct Injected(pub Arc<dyn Resolver>);

impl fmt::Debug for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Injected")
    }
}

impl NetworkConfig {
    /// Trusts the authorities of `trust`, and those in PEM files.
    ///
    /// # Errors
    /// When a file cannot be used, or when nobody would be trusted.
    pub fn trust(&mut self, trust: Trust, files: &[PathBuf]) -> Result<(), RootsError> {
        self.roots = roots::load(trust, files)?;
        Ok(())
    }
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            connections: 256,
            tenant_connections: 1024,
            connection_wait: Duration::from_secs(5),
            roots: roots::webpki(),
            learn: false,
            resolver: None,
        }
    }
}

/// The networks of a host.
pub(crate) struct Networks {
    config: NetworkConfig,
    resolver: Arc<dyn Resolver>,
    tenants: Mutex<HashMap<String, Weak<TenantNetwork>>>,
}

/// What the workloads of a tenant share.
struct TenantNetwork {
    resolver: Arc<CachedResolver>,
    quota: TenantQuota,
}

/// What the components of a workload share on their way out.
pub(crate) struct WayOut {
    settings: Settings,
    owner: String,
    roots: Arc<rustls::RootCertStore>,
    connection_wait: Duration,
    tenant: Arc<TenantNetwork>,
    grants: Arc<Grants>,
    quota: Quota,
    learn: bool,
    learned: Mutex<BTreeMap<String, Arc<Learned>>>,
}

/// What the guests of a workload are seen to reach. By default there are none.
#[derive(Clone, Default)]
pub struct Learning(pub(crate) Option<Arc<WayOut>>);

impl Learning {
    /// The policy that each component needs; empty if nothing is learned.
    pub fn policies(&self) -> BTreeMap<String, LearnedPolicy> {
        let way_out = self.0.as_ref();
        way_out
            .map(|way_out| way_out.policies())
            .unwrap_or_default()
    }
}

impl fmt::Debug for Learning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = self.0.as_ref().map(|way_out| &way_out.owner);
        f.debug_tuple("Learning").field(&owner).finish()
    }
}

/// A component's way out.
#[derive(Clone)]
pub(crate) struct ComponentNetwork {
    /// What it may reach.
    pub(crate) firewall: Firewall,
    /// Its HTTP connections.
    pub(crate) http: HttpClient,
}

/// Denials of one program: logged, and counted by reason.
#[derive(Debug, Default)]
pub(crate) struct Denials(Mutex<BTreeMap<&'static str, u64>>);

impl Networks {
    pub(crate) fn new(config: NetworkConfig) -> Self {
        let resolver = match &config.resolver {
            Some(Injected(resolver)) => Arc::clone(resolver),
            None => system_resolver(),
        };
        Self {
            resolver,
            tenants: Mutex::default(),
            config,
        }
    }

    /// The way out of a new workload.
    pub(crate) fn workload(&self, tenant: &str, name: &str) -> WayOut {
        let tenant_network = self.tenant(tenant);
        WayOut {
            settings: self.config.settings,
            owner: format!("{tenant}/{name}"),
            roots: Arc::clone(&self.config.roots),
            connection_wait: self.config.connection_wait,
            grants: Arc::new(Grants::new(GRANTS)),
            quota: tenant_network.quota.workload(self.config.connections),
            tenant: tenant_network,
            learn: self.config.learn,
            learned: Mutex::default(),
        }
    }

    fn tenant(&self, name: &str) -> Arc<TenantNetwork> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = tenants.get(name).and_then(Weak::upgrade) {
            return tenant;
        }
        tenants.retain(|_, tenant| tenant.strong_count() > 0);
        let resolver = CachedResolver::new(Arc::clone(&self.resolver), CacheBounds::default());
        let tenant = Arc::new(TenantNetwork {
            resolver: Arc::new(resolver),
            quota: TenantQuota::new(self.config.tenant_connections),
        });
        tenants.insert(name.to_owned(), Arc::downgrade(&tenant));
        tenant
    }
}

impl WayOut {
    /// The way out of one component.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn component(
        &self,
        name: &str,
        policy: Policy,
        denials: &Arc<Denials>,
    ) -> Result<ComponentNetwork, rustls::Error> {
        let learned = self.learn.then(|| self.learned(name));
        let firewall = Firewall::new(Parts {
            owner: format!("{}/{name}", self.owner).into(),
            policy: Arc::new(policy.under(self.settings)),
            resolver: Arc::clone(&self.tenant.resolver) as Arc<dyn Resolver>,
            grants: Arc::clone(&self.grants),
            quota: self.quota.clone(),
            observer: Arc::clone(denials) as Arc<dyn Observer>,
            learned,
        });
        let config = ClientConfig {
            roots: Arc::clone(&self.roots),
            place: self.connection_wait,
            pool: PoolLimits::default(),
        };
        let http = HttpClient::new(firewall.clone(), config)?;
        Ok(ComponentNetwork { firewall, http })
    }

    /// Connections out of the workload at the moment.
    pub(crate) fn connections(&self) -> usize {
        self.quota.used()
    }

    /// What was learned of each component.
    fn policies(&self) -> BTreeMap<String, LearnedPolicy> {
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let policies = learned.iter();
        policies
            .map(|(component, learned)| (component.clone(), learned.policy()))
            .collect()
    }

    fn learned(&self, component: &str) -> Arc<Learned> {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let learned = learned.entry(component.to_owned());
        Arc::clone(learned.or_insert_with(|| Arc::new(Learned::new(LEARNED))))
    }
}

impl Denials {
    /// How many, by reason.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.books().clone()
    }

    fn books(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Denials {
    fn denied(&self, event: &DenialEvent<'_>) {
        let reason = event.denial.reason.label();
        let mut counts = self.books();
        let count = counts.entry(reason).or_default();
        *count = count.saturating_add(1);
        drop(counts);
        if event.worth_a_line() {
            let (owner, denial, times) = (event.owner, event.denial, event.times);
            tracing::warn!(owner, reason, times, "egress denied: {denial}");
        }
    }
}

/// The name servers of this machine. A machine without any still runs workloads: each look-up says what is missing.
fn system_resolver() -> Arc<dyn Resolver> {
    match SystemResolver::new(LookupBounds::default()) {
        Ok(resolver) => Arc::new(resolver),
        Err(error) => {
            tracing::warn!(%error, "guests can look up no names: the name servers of this machine are not known");
            Arc::new(NoResolver(error))
        }
    }
}

struct NoResolver(ResolveError);

impl Resolver for NoResolver {
    fn resolve<'a>(&'a self, _: &'a weft_net::firewall::host::Name) -> Resolving<'a> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }
}

//! The firewall of one component: the one place where anything that leaves is decided, whoever asks.
//!
//! [`Firewall::dial`] is for what the host dials on behalf of a guest (HTTP, capabilities): the name is looked up once,
//! every address is checked, and what was checked is what is dialled. [`Firewall::look_up`] and [`Firewall::socket`]
//! are for a guest with sockets of its own, which looks up a name first and connects to an address later.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use super::ask::{Ask, Protocol};
use super::denial::{Denial, List, Reason, Remedy};
use super::grants::Grants;
use super::host::{Host, Name};
use super::learn::Learned;
use super::loopback_ports::LoopbackPort;
use super::observe::{DenialEvent, Observer, Tally};
use super::policy::{Policy, Way, is_host_loopback};
use super::quota::Quota;
use super::ranges::HOST_LOOPBACK;
use super::resolve::{ResolveError, Resolver};

/// Names that one component looks up at the same time, so that none keeps the name servers busy alone.
const LOOKUPS: usize = 32;

/// The firewall of one component. Clones are the same firewall.
#[derive(Clone)]
pub struct Firewall {
    pub(super) inner: Arc<Inner>,
}

/// What a firewall is made of.
pub struct Parts {
    /// Whose it is, as `tenant/workload/component`.
    pub owner: Arc<str>,
    /// What the component may reach.
    pub policy: Arc<Policy>,
    /// What finds addresses: the cache of the tenant.
    pub resolver: Arc<dyn Resolver>,
    /// What the guests of the workload found.
    pub grants: Arc<Grants>,
    /// How many connections the workload may have.
    pub quota: Quota,
    /// Who is told about denials.
    pub observer: Arc<dyn Observer>,
    /// What is learned, where nothing is denied for want of an entry.
    pub learned: Option<Arc<Learned>>,
}

pub(super) struct Inner {
    pub(super) parts: Parts,
    tally: Tally,
    lookups: Semaphore,
}

/// Why the look-up of a guest gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    #[error(transparent)]
    Denied(#[from] Denial),
    #[error("look up `{name}`")]
    Resolve {
        name: Name,
        #[source]
        error: ResolveError,
    },
}

/// That a destination may be asked for; its addresses are still to be checked.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) way: Way,
    /// What the policy says, where that is to be learned and not enforced.
    wanted: Option<Denial>,
}

impl Firewall {
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                parts,
                tally: Tally::default(),
                lookups: Semaphore::new(LOOKUPS),
            }),
        }
    }

    /// Whose firewall this is.
    pub fn owner(&self) -> &str {
        &self.inner.parts.owner
    }

    /// The connections of the workload; who connects without [`Firewall::dial`] takes a place here for each socket.
    pub fn quota(&self) -> &Quota {
        &self.inner.parts.quota
    }

    /// Tells the observer of a denial that came about before the firewall was asked, as [`Ask::url`] makes them.
    pub fn report(&self, denial: Denial) -> Denial {
        self.inner.parts.observer.denied(&DenialEvent {
            owner: &self.inner.parts.owner,
            denial: &denial,
            times: self.inner.tally.count(&denial),
        });
        denial
    }

    /// Whether a URL may be requested, as far as that can be told without a look-up.
    pub fn request(&self, url: &http::Uri) -> Result<Ask, Denial> {
        let ask = Ask::url(url).map_err(|denial| self.report(denial))?;
        self.admit(&ask)?;
        Ok(ask)
    }

    /// Whether `localhost` is the machine here, if it is no service of the workload: see [`Policy`].
    pub(crate) fn means_machine(&self, ask: &Ask) -> bool {
        self.inner.parts.policy.means_machine(ask)
    }

    /// Looks up a name for a guest. The addresses that come back may be connected to as far as an entry for the name
    /// allows it, as long as the answer lasts.
    pub async fn look_up(&self, text: &str) -> Result<Vec<IpAddr>, LookupError> {
        let parts = &self.inner.parts;
        let host = Host::parse(text)
            .map_err(|error| self.report(Denial::malformed(text, error.to_string())))?;
        let name = match host {
            Host::Address(address) => return Ok(vec![address]),
            Host::Name(name) if is_host_loopback(&name) => return Ok(vec![HOST_LOOPBACK]),
            Host::Name(name) => name,
        };
        if let Err(denial) = parts.policy.admit_lookup(&Host::Name(name.clone()))
            && !self.learn(&denial.remedy)
        {
            return Err(self.report(denial).into());
        }
        let answer = match self.resolve(&name).await {
            Ok(answer) => answer,
            Err(error) => return Err(LookupError::Resolve { name, error }),
        };
        parts.grants.add(&name, &answer);
        let wanted = (List::AllowedIpNameLookups, name.to_string());
        self.learn(&entry(wanted));
        Ok(answer.addresses.to_vec())
    }

    /// Whether a socket may connect or send to this address, and the address to use: the loopback of the host has another
    /// one for guests. Cheap enough to be asked for every datagram.
    pub fn socket(&self, protocol: Protocol, address: SocketAddr) -> Result<SocketAddr, Denial> {
        let ask = Ask::socket(protocol, address).map_err(|denial| self.report(denial))?;
        let ip = address.ip().to_canonical();
        let allowed = SocketAddr::new(ip, ask.port);
        if ip == HOST_LOOPBACK {
            let admitted = self.admit(&ask)?;
            self.allow(&loopback_entry(&ask), admitted.wanted)?;
            return Ok((Ipv4Addr::LOCALHOST, ask.port).into());
        }
        let parts = &self.inner.parts;
        let direct = parts.policy.admit(&ask);
        if direct.is_ok() && parts.learned.is_none() {
            return Ok(allowed);
        }
        let names = parts.grants.names(ip).into_iter();
        let named: Vec<Ask> = names.map(|name| ask.with_host(Host::Name(name))).collect();
        let by_name = named.iter().find(|named| self.allows(named, ip));
        if by_name.is_some() && parts.learned.is_none() {
            return Ok(allowed);
        }
        // Who looked up a name meant the name.
        let meant = by_name
            .or_else(|| named.iter().find(|named| self.has_learned(named)))
            .or_else(|| named.first())
            .unwrap_or(&ask);
        let wanted = entry((List::AllowedHosts, meant.entry().to_string()));
        let Err(mut denial) = direct
            .map(|_| ())
            .or_else(|denial| by_name.map(|_| ()).ok_or(denial))
        else {
            self.learn(&wanted);
            return Ok(allowed);
        };
        if denial.remedy.entry.is_some() {
            denial.remedy.entry = wanted.entry;
        }
        if self.learn(&denial.remedy) {
            return Ok(allowed);
        }
        Err(self.report(denial))
    }

    /// Whether the destination may be asked for. In learn mode, what an entry would allow may be.
    pub(super) fn admit(&self, ask: &Ask) -> Result<Admitted, Denial> {
        let parts = &self.inner.parts;
        match parts.policy.admit(ask) {
            Ok(way) => Ok(Admitted { way, wanted: None }),
            Err(denial) if self.is_learnable(&denial) => Ok(Admitted {
                way: match denial.reason {
                    Reason::HostLoopbackPort => Way::HostLoopback,
                    // The entry that is learned will be explicit.
                    _ => Way::Network { explicit: true },
                },
                wanted: Some(denial),
            }),
            Err(denial) => Err(self.report(denial)),
        }
    }

    /// Those of the addresses that may be dialled. If none may, the first one's denial.
    pub(super) fn vet(
        &self,
        ask: &Ask,
        admitted: Admitted,
        addresses: &[IpAddr],
    ) -> Result<Vec<SocketAddr>, Denial> {
        let policy = &self.inner.parts.policy;
        let Way::Network { explicit } = admitted.way else {
            self.allow(&loopback_entry(ask), admitted.wanted)?;
            let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok(loopback.map(|ip| SocketAddr::new(ip, ask.port)).into());
        };
        let mut wanted = admitted.wanted;
        let mut refused = None;
        let mut allowed = Vec::with_capacity(addresses.len());
        for address in addresses.iter().map(IpAddr::to_canonical) {
            match policy.check(ask, explicit, address) {
                Ok(()) => allowed.push(SocketAddr::new(address, ask.port)),
                Err(denial) if self.is_learnable(&denial) => {
                    wanted = Some(denial);
                    allowed.push(SocketAddr::new(address, ask.port));
                }
                Err(denial) => refused = refused.or(Some(denial)),
            }
        }
        match refused {
            Some(denial) if allowed.is_empty() => return Err(self.report(denial)),
            _ => {}
        }
        let entry = entry((List::AllowedHosts, ask.entry().to_string()));
        self.allow(&entry, wanted)?;
        Ok(allowed)
    }

    /// Asks the resolver, after the other look-ups of the component if there are many.
    ///
    /// In a task of its own, which ends with this future: a guest may begin a look-up and never ask for its outcome, and
    /// would keep the places of the component and of the host meanwhile, and the name from all who ask for the same.
    pub(super) async fn resolve(
        &self,
        name: &Name,
    ) -> Result<super::resolve::Answer, ResolveError> {
        let (inner, name) = (Arc::clone(&self.inner), name.clone());
        let asking = tokio::spawn(async move {
            // Fails only when the semaphore is closed, which nobody does.
            let _place = inner.lookups.acquire().await.ok();
            inner.parts.resolver.resolve(&name).await
        });
        AbortOnDropHandle::new(asking)
            .await
            .unwrap_or_else(|ended| Err(ResolveError::Failed(ended.to_string())))
    }

    /// Learns what is allowed. What the policy alone would have denied is denied when there is no room to learn it.
    fn allow(&self, remedy: &Remedy, wanted: Option<Denial>) -> Result<(), Denial> {
        match wanted {
            Some(denial) if !self.learn(remedy) => Err(self.report(denial)),
            Some(_) => Ok(()),
            None => {
                self.learn(remedy);
                Ok(())
            }
        }
    }

    /// Whether the policy allows the address for the name that it was found under.
    fn allows(&self, named: &Ask, address: IpAddr) -> bool {
        let policy = &self.inner.parts.policy;
        matches!(policy.admit(named), Ok(Way::Network { explicit })
            if policy.check(named, explicit, address).is_ok())
    }

    fn is_learnable(&self, denial: &Denial) -> bool {
        let remedy = &denial.remedy;
        self.inner.parts.learned.is_some() && remedy.entry.is_some() && remedy.setting.is_none()
    }

    fn has_learned(&self, ask: &Ask) -> bool {
        let learned = self.inner.parts.learned.as_ref();
        learned.is_some_and(|learned| learned.has(List::AllowedHosts, &ask.entry().to_string()))
    }

    /// `false` where nothing is learned, an entry alone would not help, or there is no room.
    fn learn(&self, remedy: &Remedy) -> bool {
        match (&self.inner.parts.learned, &remedy.entry, remedy.setting) {
            (Some(learned), Some((list, entry)), None) => learned.record(*list, entry.clone()),
            _ => false,
        }
    }
}

fn entry(entry: (List, String)) -> Remedy {
    Remedy {
        entry: Some(entry),
        setting: None,
    }
}

fn loopback_entry(ask: &Ask) -> Remedy {
    let port = LoopbackPort {
        port: ask.port,
        protocol: ask.protocol(),
    };
    entry((List::AllowedHostLoopbackPorts, port.to_string()))
}

//! A network for a test, with what a service would do on it, and a firewall with a policy.

use std::net::SocketAddr;
use std::sync::Arc;

use weft_engine::plan::Purpose;
use weft_engine::workload::Workload;
use weft_net::firewall::gate::{Firewall, Parts as FirewallParts};
use weft_net::firewall::grants::Grants;
use weft_net::firewall::host::Name;
use weft_net::firewall::observe::Unobserved;
use weft_net::firewall::policy::{Lists, Policy, Settings};
use weft_net::firewall::quota::{Quota, TenantQuota};
use weft_net::firewall::resolve::{Answer, ResolveError, Resolver, Resolving};
use weft_net::loopback::{Family, Network, Role};
use weft_net::sockets::{Limits, Parts};

use crate::support::{Draft, engine, workload};

/// What the components of a workload get of the network.
pub(crate) struct Rig {
    pub(crate) network: Arc<Network>,
    pub(crate) role: Role,
    pub(crate) limits: Limits,
    pub(crate) quota: Quota,
    pub(crate) hosts: Vec<String>,
    pub(crate) lookups: Vec<String>,
    /// Ports of the machine's loopback that may be reached.
    pub(crate) ports: Vec<String>,
}

impl Default for Rig {
    fn default() -> Self {
        Self {
            network: Arc::new(Network::new(weft_net::loopback::Limits::default())),
            role: Role::Component,
            limits: Limits::default(),
            quota: TenantQuota::new(100).workload(100),
            hosts: Vec::new(),
            lookups: Vec::new(),
            ports: Vec::new(),
        }
    }
}

/// Knows `*.test`: `found.test` is 192.0.2.1, `slow.test` has no answer in time, of `refused.test` the servers want to know
/// nothing, all others do not exist.
struct Names;

impl Resolver for Names {
    fn resolve<'a>(&'a self, name: &'a Name) -> Resolving<'a> {
        let answer = match name.as_str() {
            "found.test" => Ok(Answer {
                addresses: Arc::new(["192.0.2.1".parse().unwrap()]),
                ttl: std::time::Duration::from_secs(60),
            }),
            "slow.test" => Err(ResolveError::TimedOut(std::time::Duration::from_secs(1))),
            "refused.test" => Err(ResolveError::Refused("REFUSED")),
            _ => Err(ResolveError::NotFound),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Rig {
    /// One whose components may do what a service may.
    pub(crate) fn service() -> Self {
        Self {
            role: Role::Service,
            ..Self::default()
        }
    }

    pub(crate) fn parts(&self) -> Arc<Parts> {
        let lists = Lists {
            allowed_hosts: &self.hosts,
            allowed_ip_name_lookups: &self.lookups,
            allowed_host_loopback_ports: &self.ports,
        };
        let settings = Settings {
            host_loopback: true,
            ..Settings::default()
        };
        let policy = Policy::parse(lists).unwrap().under(settings);
        let firewall = Firewall::new(FirewallParts {
            owner: "test/sockets/component".into(),
            policy: Arc::new(policy),
            resolver: Arc::new(Names),
            grants: Arc::new(Grants::new(100)),
            quota: self.quota.clone(),
            observer: Arc::new(Unobserved),
            learned: None,
        });
        Arc::new(Parts {
            network: Arc::clone(&self.network),
            role: self.role,
            firewall,
            limits: self.limits,
        })
    }

    /// Starts a workload of one guest.
    pub(crate) async fn start(&self, name: &str, guest: &str) -> Workload {
        self.start_draft(workload(name).component(guest)).await
    }

    /// Starts a workload.
    pub(crate) async fn start_draft(&self, draft: Draft) -> Workload {
        self.start_each(&draft, |_| self.parts()).await
    }

    /// Starts a workload whose components differ in what they may.
    pub(crate) async fn start_each(
        &self,
        draft: &Draft,
        parts: impl Fn(&str) -> Arc<Parts>,
    ) -> Workload {
        let engine = engine();
        let mut linked = match draft.link(&engine, Purpose::Serve).await {
            Ok(linked) => linked,
            Err(refused) => panic!("{refused}"),
        };
        linked.connect(parts);
        engine.start(linked).front.unwrap()
    }

    /// A listener of the service that sends back what comes, on as many connections as there are.
    pub(crate) fn echo(&self, address: &str) {
        let address: SocketAddr = address.parse().unwrap();
        let listener = self.listen(address);
        tokio::spawn(async move {
            while let Ok(peer) = listener.accept().await {
                tokio::spawn(send_back(peer));
            }
        });
    }

    /// A listener of the service.
    pub(crate) fn listen(&self, address: SocketAddr) -> weft_net::loopback::TcpSocket {
        let family = Family::of(address.ip());
        let listener = self.network.tcp(family, Role::Service).unwrap();
        listener.bind(address).unwrap();
        listener.listen().unwrap();
        listener
    }
}

/// Sends back what comes, until no more does.
async fn send_back(peer: weft_net::loopback::TcpSocket) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = peer.read(&mut buffer).await {
        let mut rest = &buffer[..count];
        while let Ok(written @ 1..) = peer.write(rest).await {
            rest = &rest[written..];
            if rest.is_empty() {
                break;
            }
        }
    }
}

//! The network of a workload that was given none: a virtual one of its own, and nothing outside.

use std::sync::Arc;

use weft_net::firewall::gate::{Firewall, Parts as FirewallParts};
use weft_net::firewall::grants::Grants;
use weft_net::firewall::host::Name;
use weft_net::firewall::observe::Unobserved;
use weft_net::firewall::quota::TenantQuota;
use weft_net::firewall::resolve::{ResolveError, Resolver, Resolving};
use weft_net::loopback::{Network, Role};
use weft_net::sockets::{Limits, Parts};

/// Finds nothing: nobody may look anything up.
struct NoNames;

impl Resolver for NoNames {
    fn resolve<'a>(&'a self, _name: &'a Name) -> Resolving<'a> {
        Box::pin(std::future::ready(Err(ResolveError::NotFound)))
    }
}

/// What each component has of a new network.
pub(crate) fn isolated() -> impl Fn(&str) -> Arc<Parts> + Send + Sync {
    let network = Arc::new(Network::new(weft_net::loopback::Limits::default()));
    move |component| {
        let firewall = Firewall::new(FirewallParts {
            owner: component.into(),
            policy: Arc::default(),
            resolver: Arc::new(NoNames),
            grants: Arc::new(Grants::new(0)),
            quota: TenantQuota::new(0).workload(0),
            observer: Arc::new(Unobserved),
            learned: None,
        });
        Arc::new(Parts {
            network: Arc::clone(&network),
            role: Role::Component,
            firewall,
            limits: Limits::default(),
        })
    }
}

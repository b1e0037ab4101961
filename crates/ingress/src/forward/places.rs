//! Places for forwarded connections: so many for the host, and for each tenant a part of them, so that one tenant's flood
//! leaves room for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::notice::Notice;
use crate::serve::Permits;

/// Places that all listeners of a host share. Clones are the same places.
#[derive(Clone)]
pub struct Places(Arc<Inner>);

struct Inner {
    host: Permits,
    per_tenant: usize,
    /// Those of tenants that have a port or a connection.
    tenants: Mutex<HashMap<String, Weak<Tenant>>>,
}

struct Tenant {
    name: String,
    free: Arc<Semaphore>,
    full: Notice,
}

/// The places of one tenant.
#[derive(Clone)]
pub(super) struct TenantPlaces {
    places: Places,
    tenant: Arc<Tenant>,
}

/// One place of a tenant and of the host, free again when this is dropped.
pub(super) struct Taken {
    _host: Option<OwnedSemaphorePermit>,
    _own: Own,
}

/// A place of a tenant, which has not one of the host yet.
pub(super) struct Own {
    places: TenantPlaces,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Places {
    /// Room for so many connections, and for so many of one tenant; 1 each at least.
    pub fn new(connections: usize, per_tenant: usize) -> Self {
        Self(Arc::new(Inner {
            host: Permits::new(connections),
            per_tenant: per_tenant.clamp(1, Semaphore::MAX_PERMITS),
            tenants: Mutex::default(),
        }))
    }

    /// Those that a tenant may have.
    pub(super) fn tenant(&self, name: &str) -> TenantPlaces {
        let tenants = &self.0.tenants;
        let mut tenants = tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tenants.get(name).and_then(Weak::upgrade);
        let tenant = known.unwrap_or_else(|| {
            tenants.retain(|_, tenant| tenant.strong_count() > 0);
            let tenant = Arc::new(Tenant {
                name: name.to_owned(),
                free: Arc::new(Semaphore::new(self.0.per_tenant)),
                full: Notice::default(),
            });
            tenants.insert(name.to_owned(), Arc::downgrade(&tenant));
            tenant
        });
        TenantPlaces {
            places: self.clone(),
            tenant,
        }
    }
}

impl TenantPlaces {
    /// A place of the tenant and then of the host, as soon as there are both.
    pub(super) async fn wait(&self) -> Taken {
        let own = match self.try_own() {
            Some(own) => own,
            None => {
                self.say_full("further clients wait");
                let permit = Arc::clone(&self.tenant.free).acquire_owned().await;
                // Nobody closes the semaphore.
                self.own(permit.ok())
            }
        };
        own.wait().await
    }

    /// A place of the tenant, if there is one.
    pub(super) fn try_own(&self) -> Option<Own> {
        let permit = Arc::clone(&self.tenant.free).try_acquire_owned().ok()?;
        Some(self.own(Some(permit)))
    }

    /// Tells the log that the tenant has all that it may have.
    pub(super) fn say_full(&self, what: &str) {
        if let Some(unsaid) = self.tenant.full.due(Instant::now()) {
            let (tenant, max) = (self.tenant.name.as_str(), self.places.0.per_tenant);
            tracing::warn!(
                tenant,
                max,
                unsaid,
                "a tenant has as many forwarded connections as it may have: {what}"
            );
        }
    }

    fn own(&self, permit: Option<OwnedSemaphorePermit>) -> Own {
        Own {
            places: self.clone(),
            _permit: permit,
        }
    }
}

impl Own {
    /// A place of the host for it, as soon as there is one.
    pub(super) async fn wait(self) -> Taken {
        Taken {
            _host: self.places.places.0.host.acquire().await,
            _own: self,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn now(places: &TenantPlaces) -> Option<Taken> {
        places.wait().now_or_never()
    }

    #[tokio::test]
    async fn a_tenant_has_its_part_and_no_more() {
        let places = Places::new(3, 2);
        let (mallory, alice) = (places.tenant("mallory"), places.tenant("alice"));
        let held = [now(&mallory).unwrap(), now(&mallory).unwrap()];
        let mut waits = Box::pin(mallory.wait());
        assert!(futures::poll!(&mut waits).is_pending());
        // Who waits for its tenant keeps no place of the host from others.
        let other = now(&alice).unwrap();
        assert!(now(&alice).is_none(), "the host is full");
        drop(held);
        assert!(waits.now_or_never().is_some());
        drop(other);
    }

    #[tokio::test]
    async fn all_ports_of_a_tenant_share_its_places() {
        let places = Places::new(10, 1);
        let (one, two) = (places.tenant("a"), places.tenant("a"));
        let held = now(&one).unwrap();
        assert!(two.try_own().is_none());
        drop((one, held));
        assert!(two.try_own().is_some());
    }

    #[test]
    fn a_tenant_without_ports_is_forgotten_but_not_its_connections() {
        let places = Places::new(10, 1);
        let held = places.tenant("a").try_own().unwrap();
        drop(places.tenant("b"));
        drop(places.tenant("c"));
        assert_eq!(places.0.tenants.lock().unwrap().len(), 2);
        assert!(places.tenant("a").try_own().is_none());
        drop(held);
        assert!(places.tenant("a").try_own().is_some());
    }
}

//! Names that TLS connections are forwarded by. They belong to tenants together with the host names of HTTP: who has one
//! has the other, so that nobody answers for a name of somebody else on another port.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use weft_api::ids::{Tenant, WorkloadName};
use weft_api::spec::TlsEnd;

use crate::activity::{Active, Activity};
use crate::forward::ForwardTarget;
use crate::hostname::HostPattern;

use super::hosts::{Entry, HostMap, Owner};
use super::snapshot::Snapshot;
use super::{Conflict, RouteError, Routes, Table};

/// Names at one moment.
pub(super) type Names = HostMap<NameEntry>;

/// One name and who answers.
#[derive(Clone)]
pub(super) struct NameEntry {
    host: HostPattern,
    slots: Vec<Arc<NameSlot>>,
}

/// What one `publish_name` put in.
pub(crate) struct NameSlot {
    tenant: Tenant,
    workload: WorkloadName,
    pub(crate) tls: TlsEnd,
    pub(crate) target: Arc<dyn ForwardTarget>,
    activity: Arc<Activity>,
    /// Cancelled when the name is taken back.
    pub(crate) cut: CancellationToken,
}

/// A name that leads to a workload. Dropping it takes the name back and resets its connections.
#[must_use = "dropping the guard takes the name back"]
pub struct NameGuard {
    table: Arc<Table>,
    slot: Arc<NameSlot>,
    host: HostPattern,
}

impl Routes {
    /// Forwards TLS connections that ask for a name to `target` until the guard is dropped. Several workloads of one
    /// tenant may share a name; a connection goes to the one with the fewest.
    ///
    /// # Errors
    /// When another tenant has the name, or one that overlaps, here or among the routes of HTTP.
    pub fn publish_name(
        &self,
        tenant: Tenant,
        workload: WorkloadName,
        host: HostPattern,
        tls: TlsEnd,
        target: Arc<dyn ForwardTarget>,
    ) -> Result<NameGuard, RouteError> {
        let _writing = self.table.lock();
        self.table.check_claim(&host, &tenant, &workload)?;
        let mut names = Names::clone(&self.table.names.load());
        let slot = Arc::new(NameSlot {
            tenant,
            workload,
            tls,
            target,
            activity: Arc::default(),
            cut: CancellationToken::new(),
        });
        let mut slots = match names.get(&host) {
            Some(entry) => entry.slots.clone(),
            None => Vec::new(),
        };
        slots.push(Arc::clone(&slot));
        names.put(
            &host,
            NameEntry {
                host: host.clone(),
                slots,
            },
        );
        self.table.names.store(Arc::new(names));
        Ok(NameGuard {
            table: Arc::clone(&self.table),
            slot,
            host,
        })
    }

    /// Who answers to a name in the one form of [`crate::hostname`].
    pub(crate) fn find_name(&self, name: &str) -> Option<Arc<NameSlot>> {
        let names = self.table.names.load();
        let slots = &names.find(name)?.slots;
        let least = slots.iter().min_by_key(|slot| slot.activity.in_flight());
        least.cloned()
    }
}

impl Table {
    /// Whether a tenant may have a host name, for HTTP or for connections. The caller holds the lock.
    pub(super) fn check_claim(
        &self,
        host: &HostPattern,
        tenant: &Tenant,
        workload: &WorkloadName,
    ) -> Result<(), RouteError> {
        let routes: Arc<Snapshot> = self.snapshot.load_full();
        let names: Arc<Names> = self.names.load_full();
        let rival = routes
            .rival(host, tenant)
            .or_else(|| names.rival(host, tenant));
        let Some(rival) = rival else { return Ok(()) };
        Err(RouteError::Claimed(Box::new(Conflict {
            host: host.clone(),
            tenant: tenant.clone(),
            workload: workload.clone(),
            owner_host: rival.host.clone(),
            owner: rival.tenant.clone(),
            owner_workload: rival.workload.clone(),
        })))
    }
}

impl NameSlot {
    /// Counts a connection in, unless there are as many as there may be.
    pub(crate) fn enter(&self, max: usize) -> Option<Active> {
        let active = self.activity.enter();
        (self.activity.in_flight() <= max).then_some(active)
    }
}

impl Entry for NameEntry {
    fn owner(&self) -> Option<Owner<'_>> {
        let slot = self.slots.first()?;
        Some(Owner {
            host: &self.host,
            tenant: &slot.tenant,
            workload: &slot.workload,
        })
    }
}

impl Drop for NameGuard {
    fn drop(&mut self) {
        let _writing = self.table.lock();
        let mut names = Names::clone(&self.table.names.load());
        if let Some(entry) = names.get(&self.host) {
            let mut entry = NameEntry::clone(entry);
            entry.slots.retain(|slot| !Arc::ptr_eq(slot, &self.slot));
            names.put(&self.host, entry);
            self.table.names.store(Arc::new(names));
        }
        self.slot.cut.cancel();
    }
}

impl std::fmt::Debug for NameGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NameGuard").field(&self.host).finish()
    }
}

#[cfg(test)]
mod tests;

//! How many connections a workload and its tenant may have at the same time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

/// The places of one workload, which are places of its tenant also. Clones share them.
#[derive(Clone, Debug)]
pub struct Quota {
    workload: Arc<Semaphore>,
    tenant: Arc<Semaphore>,
    most: (usize, usize),
}

/// The places of a tenant. Clones share them.
#[derive(Clone, Debug)]
pub struct TenantQuota {
    places: Arc<Semaphore>,
    most: usize,
}

/// A place for one connection, free again when this is dropped.
#[derive(Debug)]
pub struct Permit {
    _workload: OwnedSemaphorePermit,
    _tenant: OwnedSemaphorePermit,
}

/// All places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    #[error("the workload has {0} outbound connections, as many as it may")]
    Workload(usize),
    #[error("the workloads of the tenant have {0} outbound connections, as many as they may")]
    Tenant(usize),
}

impl TenantQuota {
    /// A tenant with this many places.
    pub fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(most)),
            most,
        }
    }

    /// A workload of this tenant with its own number of places.
    pub fn workload(&self, most: usize) -> Quota {
        let most = most.min(Semaphore::MAX_PERMITS);
        Quota {
            workload: Arc::new(Semaphore::new(most)),
            tenant: Arc::clone(&self.places),
            most: (most, self.most),
        }
    }
}

impl Quota {
    /// A place, or the reason why there is none. Never waits.
    pub fn take(&self) -> Result<Permit, QuotaError> {
        let (workload, tenant) = self.most;
        Ok(Permit {
            _workload: Arc::clone(&self.workload)
                .try_acquire_owned()
                .map_err(|_| QuotaError::Workload(workload))?,
            _tenant: Arc::clone(&self.tenant)
                .try_acquire_owned()
                .map_err(|_| QuotaError::Tenant(tenant))?,
        })
    }

    /// A place, at most after `patience`. First comes, first served.
    pub async fn wait(&self, patience: Duration) -> Result<Permit, QuotaError> {
        let until = tokio::time::Instant::now() + patience;
        let (workload, tenant) = self.most;
        let place = async |places: &Arc<Semaphore>, error| {
            match timeout_at(until, Arc::clone(places).acquire_owned()).await {
                Ok(Ok(permit)) => Ok(permit),
                // The semaphore is closed by nobody, so the second is time also.
                Err(_) | Ok(Err(_)) => Err(error),
            }
        };
        Ok(Permit {
            _workload: place(&self.workload, QuotaError::Workload(workload)).await?,
            _tenant: place(&self.tenant, QuotaError::Tenant(tenant)).await?,
        })
    }

    /// Whether the next connection would have to wait.
    pub fn is_used_up(&self) -> bool {
        self.workload.available_permits() == 0 || self.tenant.available_permits() == 0
    }

    /// Connections of the workload at the moment.
    pub fn used(&self) -> usize {
        self.most
            .0
            .saturating_sub(self.workload.available_permits())
    }
}

#[cfg(test)]
mod tests;

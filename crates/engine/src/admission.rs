//! What may come in, before anything is spent on it: `gate` bounds the requests in flight and those that wait, `room`
//! hands out the places for instances.
//!
//! A request passes two gates, that of its workload and that of its tenant, in this order, and holds its place in both
//! until the last byte of its response. While it waits for the tenant it keeps its place in the workload. That harms
//! nobody: only requests of the same workload could use that place, each of them needs a place of the tenant too, and
//! would queue for it behind this one. It cannot deadlock either, since nobody waits for a workload while it holds a
//! place of the tenant.

mod gate;
pub(crate) mod room;
mod tenants;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::time::Instant;

pub(crate) use gate::{Gate, Refused, Scope};
pub(crate) use tenants::Tenants;

/// The gates that a request of one workload passes.
#[derive(Debug)]
pub(crate) struct Admission {
    workload: Arc<Gate>,
    tenant: Arc<Gate>,
}

/// A request's place in its workload and its tenant. To be held until the last byte of the response; its drop lets the
/// next one in.
#[derive(Debug)]
#[must_use = "the place is given up when this is dropped"]
pub(crate) struct Permit(Arc<Admission>);

impl Admission {
    /// `tenant` is shared by all workloads of the tenant (`Tenants::gate`).
    pub(crate) fn new(workload: Gate, tenant: Arc<Gate>) -> Arc<Self> {
        Arc::new(Self {
            workload: Arc::new(workload),
            tenant,
        })
    }

    /// Waits for a place. The workload's queue wait bounds both waits together; the tenant's can only shorten it.
    ///
    /// Dropping the future gives up the place in the queue and whatever it had.
    ///
    /// # Errors
    /// When a queue is full, or the wait is over.
    pub(crate) async fn enter(self: &Arc<Self>) -> Result<Permit, Refused> {
        let patience = self.workload.bounds().queue_wait;
        // The time is read only by those that wait.
        let mut began = None;
        let workload = match self.workload.try_enter() {
            Some(place) => place,
            None => {
                let began = *began.insert(Instant::now());
                self.workload.wait(began, patience).await?
            }
        };
        let tenant = match self.tenant.try_enter() {
            Some(place) => place,
            None => {
                let began = began.unwrap_or_else(Instant::now);
                let patience = patience.min(self.tenant.bounds().queue_wait);
                self.tenant.wait(began, patience).await?
            }
        };
        // From here on the permit gives both places back.
        workload.keep();
        tenant.keep();
        Ok(Permit(Arc::clone(self)))
    }

    /// The gate of the workload, for its counts.
    pub(crate) fn workload(&self) -> &Gate {
        &self.workload
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.workload.leave();
        self.0.tenant.leave();
    }
}

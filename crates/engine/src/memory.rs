//! The memory of guests: a limit for each store, for each tenant, and for the host, all asked before a memory or table
//! grows. What a store took goes back when it is dropped. What the virtual network of a workload holds on the host is
//! taken from the same shares.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wasmtime::ResourceLimiter;
use weft_net::loopback::Ledger;

use crate::usage::bytes;

/// What an element of a table takes: a pointer.
const TABLE_ELEMENT: u64 = size_of::<usize>() as u64;

/// An amount of memory that many share.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: AtomicU64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
        })
    }

    /// Bytes in use.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u64) -> bool {
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|used| *used <= self.limit)
            })
            .is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The memory of this host, shared out among tenants.
#[derive(Debug)]
pub(crate) struct HostMemory {
    host: Arc<Budget>,
    per_tenant: u64,
    tenants: Mutex<HashMap<String, Weak<Budget>>>,
}

/// What a workload's stores take their memory from.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    host: Arc<Budget>,
    tenant: Arc<Budget>,
    /// What the stores of the workload have; limited by the others.
    workload: Arc<Budget>,
}

impl HostMemory {
    /// `total` bytes for all guests, of which each tenant may have `per_tenant`.
    pub(crate) fn new(total: u64, per_tenant: u64) -> Self {
        Self {
            host: Budget::new(total),
            per_tenant: per_tenant.min(total),
            tenants: Mutex::default(),
        }
    }

    pub(crate) fn host(&self) -> &Budget {
        &self.host
    }

    /// Bytes that the guests of a tenant have.
    pub(crate) fn tenant(&self, tenant: &str) -> u64 {
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let budget = tenants.get(tenant).and_then(Weak::upgrade);
        budget.map_or(0, |budget| budget.used())
    }

    /// The shares of a new workload of a tenant.
    pub(crate) fn shares(&self, tenant: &str) -> Shares {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.retain(|_, budget| budget.strong_count() > 0);
        let known = tenants.get(tenant).and_then(Weak::upgrade);
        let budget = known.unwrap_or_else(|| {
            let budget = Budget::new(self.per_tenant);
            tenants.insert(tenant.to_owned(), Arc::downgrade(&budget));
            budget
        });
        Shares {
            host: Arc::clone(&self.host),
            tenant: budget,
            workload: Budget::new(u64::MAX),
        }
    }
}

impl Shares {
    /// Bytes that all stores of the workload have at the moment.
    pub(crate) fn used(&self) -> u64 {
        self.workload.used()
    }

    fn take(&self, bytes: u64) -> Result<(), Refusal> {
        if !self.tenant.take(bytes) {
            return Err(Refusal::Tenant(self.tenant.limit));
        }
        if !self.host.take(bytes) {
            self.tenant.give_back(bytes);
            return Err(Refusal::Host(self.host.limit));
        }
        self.workload.take(bytes);
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        self.workload.give_back(bytes);
        self.host.give_back(bytes);
        self.tenant.give_back(bytes);
    }
}

/// The sockets and buffers of a virtual network count as memory of its tenant.
impl Ledger for Shares {
    fn take(&self, bytes: u64) -> bool {
        Self::take(self, bytes).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        Self::give_back(self, bytes);
    }
}

/// Which limit kept a memory or table from growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The limit of the store, in bytes.
    Store(u64),
    /// What the tenant may have on this host.
    Tenant(u64),
    /// What all guests of this host may have.
    Host(u64),
    /// The type of the memory or table, or the most that this host allows of one.
    Own(u64),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(limit) => write!(
                f,
                "the limit of {} for one instance (memoryLimitMb, or weft.dev/memory)",
                Size(*limit)
            ),
            Self::Tenant(limit) => write!(
                f,
                "the {} that one tenant may have on this host (--tenant-memory)",
                Size(*limit)
            ),
            Self::Host(limit) => write!(
                f,
                "the {} that all guests of this host may have (--memory)",
                Size(*limit)
            ),
            Self::Own(limit) => write!(
                f,
                "the greatest size of a memory or table, {}",
                Size(*limit)
            ),
        }
    }
}

/// Bytes for people.
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        let unit = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
            .into_iter()
            .find(|(_, shift)| bytes >= 1 << shift);
        match unit {
            None => write!(f, "{bytes} bytes"),
            Some((unit, shift)) if bytes.trailing_zeros() >= shift => {
                write!(f, "{} {unit}", bytes >> shift)
            }
            Some((unit, shift)) => {
                let tenths = (u128::from(bytes) * 10) >> shift;
                write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
            }
        }
    }
}

/// The limiter of one store.
pub(crate) struct StoreMemory {
    limit: u64,
    used: u64,
    /// What was allowed last and may yet fail.
    last: u64,
    shares: Shares,
    refused: Option<Refusal>,
    /// Where it is shown what is in use.
    shown: Option<Arc<AtomicU64>>,
}

impl StoreMemory {
    /// Shows there from now on how much is in use.
    pub(crate) fn show(&mut self, shown: &Arc<AtomicU64>) {
        self.shown = Some(Arc::clone(shown));
    }

    pub(crate) fn new(limit: u64, shares: Shares) -> Self {
        Self {
            limit,
            used: 0,
            last: 0,
            shares,
            refused: None,
            shown: None,
        }
    }

    /// Why memory was refused last, if it ever was.
    pub(crate) fn refused(&self) -> Option<Refusal> {
        self.refused
    }

    fn grow(&mut self, current: u64, desired: u64, maximum: Option<u64>) -> bool {
        let taken = self.take(current, desired, maximum);
        self.last = *taken.as_ref().unwrap_or(&0);
        match taken {
            Ok(_) => true,
            Err(refusal) => {
                self.refused = Some(refusal);
                false
            }
        }
    }

    fn take(&mut self, current: u64, desired: u64, maximum: Option<u64>) -> Result<u64, Refusal> {
        if let Some(maximum) = maximum.filter(|maximum| desired > *maximum) {
            return Err(Refusal::Own(maximum));
        }
        let more = desired.saturating_sub(current);
        let used = self.used.checked_add(more);
        let used = used
            .filter(|used| *used <= self.limit)
            .ok_or(Refusal::Store(self.limit))?;
        self.shares.take(more)?;
        self.used = used;
        if let Some(shown) = &self.shown {
            shown.store(used, Ordering::Relaxed);
        }
        Ok(more)
    }

    /// What was allowed did not come about.
    fn take_back(&mut self) {
        let last = std::mem::take(&mut self.last);
        self.used = self.used.saturating_sub(last);
        self.shares.give_back(last);
    }
}

impl Drop for StoreMemory {
    fn drop(&mut self) {
        self.shares.give_back(self.used);
    }
}

impl ResourceLimiter for StoreMemory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(bytes(current), bytes(desired), maximum.map(bytes)))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let elements = |count: usize| bytes(count).saturating_mul(TABLE_ELEMENT);
        Ok(self.grow(elements(current), elements(desired), maximum.map(elements)))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! The gates of tenants: one each, for as long as the tenant has a workload.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::gate::{Gate, Scope};
use crate::limits::Bounds;

/// All tenants that have workloads here.
#[derive(Debug)]
pub(crate) struct Tenants {
    bounds: Bounds,
    gates: Mutex<Gates>,
}

#[derive(Debug)]
struct Gates {
    by_tenant: HashMap<Arc<str>, Weak<Gate>>,
    /// Length of the map at which it is cleared of tenants that are gone.
    tidy_at: usize,
}

/// The least length at which the map is cleared.
const TIDY: usize = 64;

impl Tenants {
    /// Each tenant gets the same bounds.
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            gates: Mutex::new(Gates {
                by_tenant: HashMap::new(),
                tidy_at: TIDY,
            }),
        }
    }

    /// The gate that all workloads of `tenant` share. The tenant is forgotten when nobody holds it any more.
    pub(crate) fn gate(&self, tenant: &str) -> Arc<Gate> {
        let mut gates = self.lock();
        if let Some(gate) = gates.by_tenant.get(tenant).and_then(Weak::upgrade) {
            return gate;
        }
        // Clearing is paid for by the tenants that came since it was done last.
        if gates.by_tenant.len() >= gates.tidy_at {
            gates.by_tenant.retain(|_, gate| gate.strong_count() > 0);
            gates.tidy_at = gates.by_tenant.len().saturating_mul(2).max(TIDY);
        }
        let name: Arc<str> = tenant.into();
        let gate = Arc::new(Gate::new(Scope::Tenant(Arc::clone(&name)), self.bounds));
        gates.by_tenant.insert(name, Arc::downgrade(&gate));
        gate
    }

    /// The gates of all tenants that have workloads, in no order.
    pub(crate) fn gates(&self) -> Vec<Arc<Gate>> {
        let gates = self.lock();
        gates.by_tenant.values().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Gates> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{TIDY, Tenants};
    use crate::limits::Bounds;
    use std::sync::Arc;

    const BOUNDS: Bounds = Bounds {
        max_in_flight: 1,
        max_queue: 0,
        queue_wait: Duration::ZERO,
    };

    #[test]
    fn the_workloads_of_a_tenant_share_a_gate_and_two_tenants_do_not() {
        let tenants = Tenants::new(BOUNDS);
        let (a, same, b) = (tenants.gate("a"), tenants.gate("a"), tenants.gate("b"));
        assert!(Arc::ptr_eq(&a, &same));
        assert!(!Arc::ptr_eq(&a, &b));
        assert_eq!(tenants.gates().len(), 2);
    }

    #[test]
    fn a_tenant_without_workloads_is_forgotten() {
        let tenants = Tenants::new(BOUNDS);
        drop(tenants.gate("a"));
        assert!(tenants.gates().is_empty());
        let again = tenants.gate("a");
        assert_eq!(again.in_flight(), 0);
    }

    #[test]
    fn tenants_that_come_and_go_leave_a_small_map() {
        let tenants = Tenants::new(BOUNDS);
        let kept = tenants.gate("kept");
        for n in 0..100 * TIDY {
            drop(tenants.gate(&format!("t{n}")));
        }
        assert!(tenants.lock().by_tenant.len() <= TIDY);
        assert!(Arc::ptr_eq(&kept, &tenants.gate("kept")));
    }
}

//! What the tests of this crate share: a lease, and a device of it.

use std::sync::Arc;

use weft_gpu::gate::Gate;
use weft_gpu::lease::{self, Lease};
use weft_gpu::ledger::{Account, CHARGED};
use weft_gpu::objects::Device;
use weft_gpu::quota::Quota;

/// A workload with these quotas, on the backend without a driver.
pub(crate) fn lease(quota: Quota) -> Arc<Lease> {
    of(lease::Device::Noop, quota)
}

/// The same on the first adapter of Vulkan: on a machine without a GPU, Debian's lavapipe.
pub(crate) fn vulkan(quota: Quota) -> Arc<Lease> {
    of(lease::Device::Vulkan(0), quota)
}

fn of(adapter: lease::Device, quota: Quota) -> Arc<Lease> {
    let account = Account::new("the workload test", quota.caps(), None);
    Lease::new(adapter, quota, account, Gate::start("test").unwrap()).unwrap()
}

/// A device with the default limits.
pub(crate) fn device(lease: &Arc<Lease>) -> Device {
    let wanted = wgpu_types::Limits::default();
    let limits = wanted.or_worse_values_from(lease.limits());
    Device::request(lease, wgpu_types::Features::empty(), limits).unwrap()
}

/// That everything went back.
pub(crate) fn assert_nothing_is_charged(lease: &Lease) {
    for what in CHARGED {
        assert_eq!(lease.account().used(what), 0, "{what} are still in use");
    }
}

//! What Vulkan shows: each adapter that wgpu-core accepts, with its UUID and memory, which wgpu does not tell.

use ash::vk;
use wgpu_core::api::Vulkan;
use wgpu_core::global::Global;
use wgpu_core::id::AdapterId;
use wgpu_types as wgt;

use super::adapter::{LimitSummary, Vendor};
use super::inventory::Backend;
use super::uuid::Uuid;

/// An adapter as its driver shows it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// Which one, for a lease.
    pub(super) number: usize,
    pub(super) info: wgt::AdapterInfo,
    pub(super) limits: LimitSummary,
    pub(super) uuid: Option<Uuid>,
    pub(super) memory: Option<u64>,
}

/// A wgpu-core of its own for this backend.
pub(super) fn global(backend: Backend) -> (Global, Vec<AdapterId>) {
    let backends = match backend {
        Backend::Vulkan => wgt::Backends::VULKAN,
        Backend::Noop => wgt::Backends::NOOP,
    };
    let mut instance = wgt::InstanceDescriptor::new_without_display_handle();
    instance.backends = backends;
    // As leases have it: the limits depend on it.
    instance.flags = wgt::InstanceFlags::VALIDATION_INDIRECT_CALL
        | wgt::InstanceFlags::DISCARD_HAL_LABELS
        | wgt::InstanceFlags::AUTOMATIC_TIMESTAMP_NORMALIZATION;
    instance.backend_options.noop.enable = backend == Backend::Noop;
    let global = Global::new("weft", instance, None);
    let adapters = global.enumerate_adapters(backends, false);
    (global, adapters)
}

/// All adapters, in the driver's order, which is that of leases.
pub(super) fn shown(backend: Backend) -> Vec<Shown> {
    let (global, adapters) = global(backend);
    let shown = adapters
        .iter()
        .enumerate()
        .map(|(number, &adapter)| {
            let info = global.adapter_get_info(adapter);
            let limits = LimitSummary::of(
                &global.adapter_limits(adapter),
                global.adapter_features(adapter),
            );
            let (uuid, memory) = identity(&global, adapter, info.vendor);
            Shown {
                number,
                info,
                limits,
                uuid,
                memory,
            }
        })
        .collect();
    for adapter in adapters {
        global.adapter_drop(adapter);
    }
    shown
}

/// The UUID and the bytes of memory on the device.
#[expect(unsafe_code, reason = "wgpu has no other way to ask the driver")]
fn identity(global: &Global, adapter: AdapterId, vendor: u32) -> (Option<Uuid>, Option<u64>) {
    // SAFETY: the handles are only read from, while the adapter is alive, and not kept.
    let Some(raw) = (unsafe { global.adapter_as_hal::<Vulkan>(adapter) }) else {
        return (None, None);
    };
    let instance = raw.shared_instance().raw_instance();
    let device = raw.raw_physical_device();
    // SAFETY: the device is one of the instance, which lives as long as the adapter.
    let heaps = unsafe { instance.get_physical_device_memory_properties(device) };
    let memory = heaps
        .memory_heaps_as_slice()
        .iter()
        .filter(|heap| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL))
        .map(|heap| heap.size)
        .fold(0, u64::saturating_add);
    // SAFETY: as above.
    let properties = unsafe { instance.get_physical_device_properties(device) };
    let since = vk::API_VERSION_1_1;
    let uuid = (raw.shared_instance().instance_api_version() >= since
        && properties.api_version >= since)
        .then(|| {
            let mut id = vk::PhysicalDeviceIDProperties::default();
            let mut all = vk::PhysicalDeviceProperties2::default().push_next(&mut id);
            // SAFETY: as above; both sides have Vulkan 1.1, where this call and this structure are.
            unsafe { instance.get_physical_device_properties2(device, &mut all) };
            id.device_uuid
        })
        .filter(|bytes| bytes.iter().any(|byte| *byte != 0))
        .map(|bytes| match vendor {
            Vendor::NVIDIA => Uuid::gpu(bytes),
            _ => Uuid::plain(bytes),
        });
    (uuid, Some(memory).filter(|bytes| *bytes > 0))
}

//! What an adapter tells about itself.

use crate::bindings::GpuAdapterInfo;
use wgpu::{AdapterInfo, Backend, DeviceType};

/// WebGPU tells names, not numbers: `vendor` and `device` are 0.
pub(crate) fn adapter_info(info: &GpuAdapterInfo) -> AdapterInfo {
    let device_type = if info.is_fallback_adapter() {
        DeviceType::Cpu
    } else {
        DeviceType::Other
    };
    let names = [info.description(), info.device(), info.vendor()];
    let name = names.into_iter().find(|name| !name.is_empty());
    AdapterInfo {
        name: name.unwrap_or_default(),
        driver: info.vendor(),
        driver_info: info.architecture(),
        subgroup_min_size: info.subgroup_min_size(),
        subgroup_max_size: info.subgroup_max_size(),
        ..AdapterInfo::new(device_type, Backend::BrowserWebGpu)
    }
}

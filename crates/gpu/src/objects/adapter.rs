//! `GPUAdapter`: what a guest is told of the GPU, and how it gets a device. A guest learns who made the GPU and what it can
//! do, not which one it is: architecture, device and description are empty.

use std::sync::Arc;

use wgpu_types as wgt;

use super::{Device, Limit, RequestError, feature};
use crate::lease::Lease;
use crate::ledger::Account;

/// Alignments that all of WebGPU's implementations allow; smaller ones tell adapters apart, and wgpu-core relies on
/// multiples of 4.
const ALIGNMENT: u32 = 32;
/// wgpu-core has places for so many.
const BIND_GROUPS: u32 = 8;

/// The adapter of a lease; it may give several devices.
#[derive(Clone, Debug)]
pub struct Adapter {
    lease: Arc<Lease>,
    account: Arc<Account>,
    limits: wgt::Limits,
}

/// `GPUAdapterInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Who made it, in one word; empty if nobody knows.
    pub vendor: &'static str,
    /// Empty: it would tell which GPU it is.
    pub architecture: &'static str,
    /// Empty, likewise.
    pub device: &'static str,
    /// Empty, likewise.
    pub description: &'static str,
    /// Invocations of a subgroup at least: 4, unless the adapter says more.
    pub subgroup_min_size: u32,
    /// Invocations of a subgroup at most: 128, unless the adapter says less.
    pub subgroup_max_size: u32,
    /// Whether it is a CPU.
    pub is_fallback_adapter: bool,
}

impl Adapter {
    /// The adapter that the lease is for.
    pub fn new(lease: &Arc<Lease>) -> Self {
        Self::billed(lease, lease.account())
    }

    /// The same for an instance that has an account of its own, below that of the lease.
    pub fn billed(lease: &Arc<Lease>, account: &Arc<Account>) -> Self {
        let mut limits = lease.limits().clone();
        let least = |alignment: u32| alignment.max(ALIGNMENT);
        limits.min_uniform_buffer_offset_alignment =
            least(limits.min_uniform_buffer_offset_alignment);
        limits.min_storage_buffer_offset_alignment =
            least(limits.min_storage_buffer_offset_alignment);
        limits.max_bind_groups = limits.max_bind_groups.min(BIND_GROUPS);
        Self {
            lease: Arc::clone(lease),
            account: Arc::clone(account),
            limits,
        }
    }

    /// Whether it has the feature of this name, as WebGPU writes it: `timestamp-query`.
    pub fn has(&self, name: &str) -> bool {
        feature(name).is_some_and(|feature| self.lease.features().contains(feature))
    }

    /// Its features.
    pub fn features(&self) -> wgt::Features {
        self.lease.features()
    }

    /// Its limits, below the quota of the workload. [`Limit`] has them by name.
    pub fn limits(&self) -> &wgt::Limits {
        &self.limits
    }

    /// What a guest is told of it.
    pub fn info(&self) -> AdapterInfo {
        let info = self.lease.info();
        AdapterInfo {
            vendor: vendor(info.vendor),
            architecture: "",
            device: "",
            description: "",
            subgroup_min_size: info.subgroup_min_size.max(4),
            subgroup_max_size: info.subgroup_max_size.clamp(4, 128),
            is_fallback_adapter: info.device_type == wgt::DeviceType::Cpu,
        }
    }

    /// A device with these features, and limits at least as good as these and WebGPU's defaults. Limits without a number
    /// are not asked for.
    ///
    /// # Errors
    ///
    /// A feature that there is not is a `TypeError`; a limit that is not one, or better than the adapter's, and a device
    /// beyond the quota, are `OperationError`s.
    pub fn request_device(
        &self,
        features: &[&str],
        limits: &[(String, Option<u64>)],
    ) -> Result<Device, RequestError> {
        let mut wanted = wgt::Features::empty();
        for name in features {
            match feature(name) {
                Some(feature) if self.lease.features().contains(feature) => wanted |= feature,
                _ => return Err(RequestError::Feature((*name).to_owned())),
            }
        }
        let limits = limits.iter().map(|(name, value)| (name.as_str(), *value));
        self.request(wanted, limits)
    }

    /// The same with features as wgpu knows them.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn request<'a>(
        &self,
        features: wgt::Features,
        limits: impl IntoIterator<Item = (&'a str, Option<u64>)>,
    ) -> Result<Device, RequestError> {
        let mut given = wgt::Limits::default().or_worse_values_from(&self.limits);
        for (name, value) in limits {
            let Some(value) = value else { continue };
            let limit = Limit::of(name).ok_or_else(|| {
                RequestError::Limits(format!("WebGPU has no limit that is called {name:?}"))
            })?;
            limit
                .raise(&mut given, value, &self.limits)
                .map_err(RequestError::Limits)?;
        }
        Device::request_for(&self.lease, &self.account, features, given)
    }
}

/// Who made it: the word that browsers use for the number of PCI or of Vulkan.
fn vendor(number: u32) -> &'static str {
    match number {
        0x10de => "nvidia",
        0x1002 | 0x1022 => "amd",
        0x8086 => "intel",
        0x106b => "apple",
        0x13b5 => "arm",
        0x5143 => "qualcomm",
        0x1010 => "img-tec",
        0x14e4 => "broadcom",
        0x1_0005 => "mesa",
        _ => "",
    }
}

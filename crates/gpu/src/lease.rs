//! A workload's hold on an adapter: a wgpu-core of its own, what it may use, and the gate it shares with the others.

use std::fmt;
use std::sync::Arc;

use wgpu_core::global::Global;
use wgpu_core::id::AdapterId;
use wgpu_types as wgt;

use crate::compile::Compiler;
use crate::gate::Gate;
use crate::ledger::{Account, Charged};
use crate::quota::Quota;

/// Features of wgpu that a guest may be told of and ask for: those of WebGPU. Everything else is wgpu's own: raw shaders,
/// arrays of bindings without bounds checks, and more of that kind.
const EXPOSED: wgt::Features = wgt::Features::all_webgpu_mask();

/// A workload's hold on an adapter.
pub struct Lease {
    pub(crate) global: Global,
    pub(crate) adapter: AdapterId,
    info: wgt::AdapterInfo,
    features: wgt::Features,
    limits: wgt::Limits,
    account: Arc<Account>,
    quota: Quota,
    gate: Arc<Gate>,
    compiler: Arc<Compiler>,
}

/// Which of the machine's adapters a lease is for, as Vulkan orders them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// The adapter of this number among those of Vulkan.
    Vulkan(usize),
    /// A backend without a driver, which runs no shaders: for tests and fuzzing.
    Noop,
}

/// A lease cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the driver shows no adapter number {number}: it shows {shown}")]
pub struct NoSuchAdapter {
    number: usize,
    shown: usize,
}

impl Lease {
    /// Opens the adapter for one workload, whose `account` has the caps of `quota`.
    ///
    /// # Errors
    ///
    /// The driver does not show the adapter (any more).
    pub fn new(
        device: Device,
        quota: Quota,
        account: Arc<Account>,
        gate: Arc<Gate>,
    ) -> Result<Arc<Self>, NoSuchAdapter> {
        let (backends, number) = match device {
            Device::Vulkan(number) => (wgt::Backends::VULKAN, number),
            Device::Noop => (wgt::Backends::NOOP, 0),
        };
        let mut instance = wgt::InstanceDescriptor::new_without_display_handle();
        instance.backends = backends;
        // The validation of indirect calls stays on: without it a guest chooses what the GPU reads.
        instance.flags = wgt::InstanceFlags::VALIDATION_INDIRECT_CALL
            | wgt::InstanceFlags::DISCARD_HAL_LABELS
            | wgt::InstanceFlags::AUTOMATIC_TIMESTAMP_NORMALIZATION;
        instance.backend_options.noop.enable = backends == wgt::Backends::NOOP;
        instance.backend_options.noop.limits = Some(possible(wgt::Limits::unlimited()));
        let global = Global::new("weft", instance, None);
        let adapters = global.enumerate_adapters(backends, false);
        let adapter = *adapters.get(number).ok_or(NoSuchAdapter {
            number,
            shown: adapters.len(),
        })?;
        for other in adapters.into_iter().filter(|other| *other != adapter) {
            global.adapter_drop(other);
        }
        let info = global.adapter_get_info(adapter);
        let mut features = global.adapter_features(adapter) & EXPOSED;
        features.set(
            wgt::Features::TIMESTAMP_QUERY,
            quota.exact_timestamps && features.contains(wgt::Features::TIMESTAMP_QUERY),
        );
        let limits = clamped(
            global.adapter_limits(adapter),
            account.ceiling(Charged::Memory),
        );
        Ok(Arc::new(Self {
            global,
            adapter,
            info,
            features,
            limits,
            account,
            quota,
            gate,
            compiler: Arc::default(),
        }))
    }

    /// What the driver says about itself. A guest is told less.
    pub fn info(&self) -> &wgt::AdapterInfo {
        &self.info
    }

    /// Features that a guest may ask for.
    pub fn features(&self) -> wgt::Features {
        self.features
    }

    /// Limits that a guest may ask for: those of the adapter, below the quota.
    pub fn limits(&self) -> &wgt::Limits {
        &self.limits
    }

    /// What is charged to the workload.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// What the workload may use.
    pub fn quota(&self) -> &Quota {
        &self.quota
    }

    /// Where its compiles wait and run.
    pub(crate) fn compiler(&self) -> &Arc<Compiler> {
        &self.compiler
    }

    /// Where its submissions wait.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("adapter", &self.info.name)
            .finish_non_exhaustive()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.global.adapter_drop(self.adapter);
    }
}

/// What wgpu-core has places for and does not check: every backend keeps to it but the one without a driver, which says
/// that it can do anything.
fn possible(mut limits: wgt::Limits) -> wgt::Limits {
    limits.max_bind_groups = 8;
    limits.max_vertex_buffers = 16;
    limits.max_bind_groups_plus_vertex_buffers = 24;
    limits.max_color_attachments = 8;
    limits.min_uniform_buffer_offset_alignment = 32;
    limits.min_storage_buffer_offset_alignment = 32;
    limits
}

/// Limits that well-behaved code adapts to: no buffer is larger than all of the memory that there may be. They stay at
/// what WebGPU promises everywhere, which programs ask for by name: a buffer that the quota has no room for is then an
/// out-of-memory error of its own.
fn clamped(mut limits: wgt::Limits, memory: u64) -> wgt::Limits {
    let promised = wgt::Limits::default();
    let clamp = |limit: &mut u64, promised: u64| *limit = (*limit).min(memory.max(promised));
    clamp(&mut limits.max_buffer_size, promised.max_buffer_size);
    clamp(
        &mut limits.max_storage_buffer_binding_size,
        promised.max_storage_buffer_binding_size,
    );
    clamp(
        &mut limits.max_uniform_buffer_binding_size,
        promised.max_uniform_buffer_binding_size,
    );
    limits
}

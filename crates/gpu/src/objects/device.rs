//! `GPUDevice`: what all other objects are made by, and where their errors go.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use wgpu_core::id::{DeviceId, QueueId};
use wgpu_types as wgt;

use super::label::Label;
use super::{
    BindGroup, BindGroupDescriptor, BindGroupLayout, BindGroupLayoutDescriptor, Buffer,
    CreateQuerySetError, PipelineLayout, PipelineLayoutDescriptor, QuerySet, QuerySetDescriptor,
    Queue, Sampler, Texture, TextureDescriptor,
};
use crate::bill::Billed;
use crate::error::{Errors, GpuError, LostReason};
use crate::lease::Lease;
use crate::ledger::{Account, Charged, Credit, OverCap};
use crate::timeline::{Op, Timeline};

/// A device; clones are the same one.
#[derive(Clone, Debug)]
pub struct Device {
    pub(crate) core: Arc<DeviceCore>,
}

/// What every object of a device holds. It is dropped when none is left and nothing of it runs: wgpu-core would wait for
/// the GPU, and a submission keeps it until it is over.
pub(crate) struct DeviceCore {
    pub(crate) lease: Arc<Lease>,
    /// Who pays: the instance that asked for it.
    pub(crate) account: Arc<Account>,
    pub(crate) id: DeviceId,
    pub(crate) queue: QueueId,
    pub(crate) errors: Errors,
    pub(crate) timeline: Timeline,
    /// Held for reading while mapped memory is copied, for writing while wgpu-core may free it.
    mapped: RwLock<()>,
    features: wgt::Features,
    limits: wgt::Limits,
    label: Label,
    pub(super) queue_label: Label,
    _credit: Credit,
}

/// A device cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The guest asked for a feature that the adapter does not have: a `TypeError`.
    #[error("the adapter has not the features {0:?}")]
    Features(wgt::Features),
    /// The guest asked for a feature that WebGPU, wgpu or the adapter does not have: a `TypeError`.
    #[error("the adapter has not the feature {0:?}: see its features")]
    Feature(String),
    /// The guest asked for more than there is: an `OperationError`.
    #[error("{0}")]
    Limits(String),
    /// The workload has as many devices as it may have.
    #[error(transparent)]
    OverCap(#[from] OverCap),
}

impl Device {
    /// A device with these features and at least these limits.
    ///
    /// # Errors
    ///
    /// The adapter has them not, or the workload may not have another device.
    pub fn request(
        lease: &Arc<Lease>,
        features: wgt::Features,
        limits: wgt::Limits,
    ) -> Result<Self, RequestError> {
        Self::request_for(lease, lease.account(), features, limits)
    }

    /// The same for an account below that of the lease, which pays for all that the device has and does.
    pub(super) fn request_for(
        lease: &Arc<Lease>,
        account: &Arc<Account>,
        features: wgt::Features,
        limits: wgt::Limits,
    ) -> Result<Self, RequestError> {
        let missing = features - lease.features();
        if !missing.is_empty() {
            return Err(RequestError::Features(missing));
        }
        let credit = account.charge(Charged::Devices, 1)?;
        let descriptor = wgt::DeviceDescriptor {
            label: None,
            required_features: features,
            required_limits: limits.clone(),
            experimental_features: wgt::ExperimentalFeatures::disabled(),
            memory_hints: wgt::MemoryHints::MemoryUsage,
            trace: wgt::Trace::Off,
        };
        let (id, queue) = lease
            .global
            .adapter_request_device(lease.adapter, &descriptor, None, None)
            .map_err(|error| RequestError::Limits(error.to_string()))?;
        let core = Arc::new(DeviceCore {
            lease: Arc::clone(lease),
            account: Arc::clone(account),
            id,
            queue,
            errors: Errors::default(),
            timeline: Timeline::default(),
            mapped: RwLock::new(()),
            features,
            limits,
            label: Label::default(),
            queue_label: Label::default(),
            _credit: credit,
        });
        let this = Arc::downgrade(&core);
        lease.global.device_set_device_lost_closure(
            id,
            Box::new(move |reason, message| {
                if let Some(core) = this.upgrade() {
                    let reason = match reason {
                        wgt::DeviceLostReason::Destroyed => LostReason::Destroyed,
                        wgt::DeviceLostReason::Unknown => LostReason::Unknown,
                    };
                    core.errors.lose(reason, message);
                }
            }),
        );
        Ok(Self { core })
    }

    /// The features it was made with.
    pub fn features(&self) -> wgt::Features {
        self.core.features
    }

    /// The limits it was made with.
    pub fn limits(&self) -> &wgt::Limits {
        &self.core.limits
    }

    /// The lease that it was made of.
    pub fn lease(&self) -> &Arc<Lease> {
        &self.core.lease
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }

    /// Its error scopes, listeners and its loss.
    pub fn errors(&self) -> &Errors {
        &self.core.errors
    }

    /// Its queue.
    pub fn queue(&self) -> Queue {
        Queue::of(&self.core)
    }

    /// Makes a buffer.
    pub fn create_buffer(&self, descriptor: &wgt::BufferDescriptor<Option<String>>) -> Buffer {
        Buffer::new(&self.core, descriptor)
    }

    /// Makes a texture.
    pub fn create_texture(&self, descriptor: &TextureDescriptor) -> Texture {
        Texture::new(&self.core, descriptor)
    }

    /// Makes a sampler.
    pub fn create_sampler(&self, descriptor: &wgt::SamplerDescriptor<Option<String>>) -> Sampler {
        Sampler::new(&self.core, descriptor)
    }

    /// Makes a query set.
    ///
    /// # Errors
    ///
    /// Timestamps need a feature that the device was made without.
    pub fn create_query_set(
        &self,
        descriptor: &QuerySetDescriptor,
    ) -> Result<QuerySet, CreateQuerySetError> {
        QuerySet::new(&self.core, descriptor)
    }

    /// Makes the layout of a bind group.
    pub fn create_bind_group_layout(
        &self,
        descriptor: &BindGroupLayoutDescriptor,
    ) -> BindGroupLayout {
        BindGroupLayout::new(&self.core, descriptor)
    }

    /// Makes the layout of a pipeline.
    pub fn create_pipeline_layout(&self, descriptor: &PipelineLayoutDescriptor) -> PipelineLayout {
        PipelineLayout::new(&self.core, descriptor)
    }

    /// Makes a bind group.
    pub fn create_bind_group(&self, descriptor: &BindGroupDescriptor) -> BindGroup {
        BindGroup::new(&self.core, descriptor)
    }

    /// Ends the device: what was submitted runs to its end, nothing else does.
    pub fn destroy(&self) {
        self.core.errors.lose(
            LostReason::Destroyed,
            "the device was destroyed by the guest",
        );
        self.core.push(Op::DestroyDevice);
    }
}

impl DeviceCore {
    pub(crate) fn features(&self) -> wgt::Features {
        self.features
    }

    pub(crate) fn limits(&self) -> &wgt::Limits {
        &self.limits
    }

    /// Whether an object of that device has an id that this one's wgpu-core knows. Of another device of the same lease it
    /// does, and wgpu-core says that it is wrong; of another lease the number means something else.
    pub(crate) fn owns(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lease, &other.lease)
    }

    /// Whether it owns all of them; if not, that is an error of the device.
    pub(crate) fn all_owned<'a>(&self, others: impl IntoIterator<Item = &'a Arc<Self>>) -> bool {
        let all = others.into_iter().all(|other| self.owns(other));
        if !all {
            self.errors.push(GpuError::validation(
                "an object of a device of another adapter was used",
            ));
        }
        all
    }

    /// Charges the workload; what it may not have becomes an out-of-memory error.
    pub(crate) fn charge(&self, what: Charged, amount: u64) -> Option<Credit> {
        match self.account.charge(what, amount) {
            Ok(credit) => Some(credit),
            Err(refused) => {
                self.errors
                    .push(GpuError::out_of_memory(refused.to_string()));
                None
            }
        }
    }

    /// Adds to the bill of whoever pays for the device.
    pub(crate) fn bill(&self, what: Billed, amount: u64) {
        self.account.bill(what, amount);
    }

    /// Keeps mapped memory where it is.
    pub(crate) fn hold_mapped(&self) -> RwLockReadGuard<'_, ()> {
        self.mapped.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks what the GPU has done, and calls those who waited for it: whether nothing is left to wait for. Skipped while
    /// mapped memory is being copied: wgpu-core frees the memory of a lost device here.
    pub(crate) fn poll(&self) -> bool {
        let Ok(_free) = self.mapped.try_write() else {
            return false;
        };
        match self.lease.global.device_poll(self.id, wgt::PollType::Poll) {
            Ok(status) => status.is_queue_empty(),
            Err(error) => {
                // Only the loss of the device: its closure has told the guest already.
                tracing::debug!(error = %error, "a GPU device cannot be polled");
                true
            }
        }
    }
}

impl fmt::Debug for DeviceCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Drop for DeviceCore {
    fn drop(&mut self) {
        let global = &self.lease.global;
        global.device_destroy(self.id);
        self.poll();
        global.queue_drop(self.queue);
        global.device_drop(self.id);
    }
}

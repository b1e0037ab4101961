//! `GPUSampler`: how a shader reads a texture.

use std::sync::Arc;

use wgpu_core::id::SamplerId;
use wgpu_core::resource::SamplerDescriptor;
use wgpu_types as wgt;

use super::DeviceCore;
use super::label::Label;
use crate::error::GpuError;
use crate::ledger::{Charged, Credit};

/// A sampler; clones are the same one.
#[derive(Clone, Debug)]
pub struct Sampler {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: SamplerId,
    label: Label,
    _object: Option<Credit>,
}

impl Sampler {
    pub(super) fn new(
        device: &Arc<DeviceCore>,
        descriptor: &wgt::SamplerDescriptor<Option<String>>,
    ) -> Self {
        let object = device.charge(Charged::Objects, 1);
        let mut told = object.is_none();
        if !descriptor.lod_min_clamp.is_finite() || !descriptor.lod_max_clamp.is_finite() {
            // wgpu-core compares, which lets NaN pass.
            device.errors.push(GpuError::validation(
                "the lod clamps of a sampler have to be finite numbers",
            ));
            told = true;
        }
        let made = SamplerDescriptor {
            label: None,
            address_modes: [
                descriptor.address_mode_u,
                descriptor.address_mode_v,
                descriptor.address_mode_w,
            ],
            mag_filter: descriptor.mag_filter,
            min_filter: descriptor.min_filter,
            mipmap_filter: descriptor.mipmap_filter,
            lod_min_clamp: descriptor.lod_min_clamp,
            lod_max_clamp: descriptor.lod_max_clamp,
            compare: descriptor.compare,
            // wgpu-core makes an invalid sampler of nought.
            anisotropy_clamp: if told { 0 } else { descriptor.anisotropy_clamp },
            border_color: None,
        };
        let (id, error) = device
            .lease
            .global
            .device_create_sampler(device.id, &made, None);
        if !told {
            device.errors.report(error);
        }
        Self {
            core: Arc::new(Core {
                device: Arc::clone(device),
                id,
                label: Label::new(descriptor.label.as_ref()),
                _object: object,
            }),
        }
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.sampler_drop(self.id);
    }
}

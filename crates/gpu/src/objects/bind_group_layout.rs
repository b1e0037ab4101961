//! `GPUBindGroupLayout`: what a bind group has to bring.

use std::borrow::Cow;
use std::sync::Arc;

use wgpu_core::binding_model;
use wgpu_core::id::BindGroupLayoutId;
use wgpu_types as wgt;

use super::DeviceCore;
use super::label::Label;
use crate::ledger::{Charged, Credit};

/// The layout of a bind group; clones are the same one.
#[derive(Clone, Debug)]
pub struct BindGroupLayout {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: BindGroupLayoutId,
    label: Label,
    _object: Option<Credit>,
}

/// A layout as a guest asks for it.
#[derive(Clone, Debug)]
pub struct BindGroupLayoutDescriptor {
    /// For people.
    pub label: Option<String>,
    /// One for each binding. `count` is wgpu's own, and is `None`.
    pub entries: Vec<wgt::BindGroupLayoutEntry>,
}

/// wgpu-core refuses two entries for one binding.
const REFUSED: wgt::BindGroupLayoutEntry = wgt::BindGroupLayoutEntry {
    binding: 0,
    visibility: wgt::ShaderStages::NONE,
    ty: wgt::BindingType::Sampler(wgt::SamplerBindingType::Filtering),
    count: None,
};

impl BindGroupLayout {
    pub(super) fn new(device: &Arc<DeviceCore>, descriptor: &BindGroupLayoutDescriptor) -> Self {
        let object = device.charge(Charged::Objects, 1);
        let made = binding_model::BindGroupLayoutDescriptor {
            label: None,
            entries: match object {
                Some(_) => Cow::Borrowed(descriptor.entries.as_slice()),
                None => Cow::Borrowed(&[REFUSED, REFUSED]),
            },
        };
        let (id, error) = device
            .lease
            .global
            .device_create_bind_group_layout(device.id, &made, None);
        if object.is_some() {
            device.errors.report(error);
        }
        Self::of(device, id, descriptor.label.as_ref(), object)
    }

    /// One that wgpu-core has made already: for a pipeline that chose its layout itself.
    pub(crate) fn of(
        device: &Arc<DeviceCore>,
        id: BindGroupLayoutId,
        label: Option<&String>,
        object: Option<Credit>,
    ) -> Self {
        Self {
            core: Arc::new(Core {
                device: Arc::clone(device),
                id,
                label: Label::new(label),
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
        self.device.lease.global.bind_group_layout_drop(self.id);
    }
}

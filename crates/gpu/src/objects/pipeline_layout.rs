//! `GPUPipelineLayout`: the layouts of all bind groups of a pipeline.

use std::borrow::Cow;
use std::sync::Arc;

use wgpu_core::binding_model;
use wgpu_core::id::PipelineLayoutId;

use super::label::Label;
use super::{BindGroupLayout, DeviceCore};
use crate::ledger::{Charged, Credit};

/// The layout of a pipeline; clones are the same one.
#[derive(Clone, Debug)]
pub struct PipelineLayout {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: PipelineLayoutId,
    label: Label,
    _object: Option<Credit>,
}

/// A layout as a guest asks for it.
#[derive(Clone, Debug)]
pub struct PipelineLayoutDescriptor {
    /// For people.
    pub label: Option<String>,
    /// The layout of each group; `None` has none.
    pub bind_group_layouts: Vec<Option<BindGroupLayout>>,
    /// Bytes of immediate data.
    pub immediate_size: u32,
}

impl PipelineLayout {
    pub(super) fn new(device: &Arc<DeviceCore>, descriptor: &PipelineLayoutDescriptor) -> Self {
        let object = device.charge(Charged::Objects, 1);
        let layouts = descriptor.bind_group_layouts.iter().flatten();
        let mine = device.all_owned(layouts.map(|layout| &layout.core.device));
        let told = object.is_none() || !mine;
        let made = binding_model::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: if told {
                Cow::Borrowed(&[])
            } else {
                let layouts = descriptor.bind_group_layouts.iter();
                layouts
                    .map(|layout| layout.as_ref().map(|layout| layout.core.id))
                    .collect()
            },
            // wgpu-core makes an invalid layout of one byte: it wants multiples of 4.
            immediate_size: if told { 1 } else { descriptor.immediate_size },
        };
        let (id, error) = device
            .lease
            .global
            .device_create_pipeline_layout(device.id, &made, None);
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
        self.device.lease.global.pipeline_layout_drop(self.id);
    }
}

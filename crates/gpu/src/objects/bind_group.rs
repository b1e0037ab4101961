//! `GPUBindGroup`: what a shader gets to see.

use std::sync::Arc;

use wgpu_core::binding_model;
use wgpu_core::id::{BindGroupId, BufferId, TextureViewId};
use wgpu_core::resource::TextureViewDescriptor;
use wgpu_types as wgt;

use super::label::Label;
use super::memory::Uses;
use super::{BindGroupLayout, Buffer, DeviceCore, Sampler, Texture, TextureView};
use crate::ledger::{Charged, Credit};

/// A bind group; clones are the same one.
#[derive(Clone, Debug)]
pub struct BindGroup {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: BindGroupId,
    /// The memory of all that it refers to.
    pub(crate) uses: Uses,
    label: Label,
    _object: Option<Credit>,
}

/// A group as a guest asks for it.
#[derive(Clone, Debug)]
pub struct BindGroupDescriptor {
    /// For people.
    pub label: Option<String>,
    /// What it has to bring.
    pub layout: BindGroupLayout,
    /// One for each binding of the layout.
    pub entries: Vec<BindGroupEntry>,
}

/// What is bound where.
#[derive(Clone, Debug)]
pub struct BindGroupEntry {
    /// The number in the shader.
    pub binding: u32,
    /// What is bound there.
    pub resource: BindingResource,
}

/// What can be bound.
#[derive(Clone, Debug)]
pub enum BindingResource {
    /// A part of a buffer; without a size it goes to the end of the buffer.
    Buffer {
        /// Which one.
        buffer: Buffer,
        /// Its first byte.
        offset: u64,
        /// How many bytes.
        size: Option<u64>,
    },
    /// How textures are read.
    Sampler(Sampler),
    /// A part of a texture.
    TextureView(TextureView),
    /// A texture, seen as it is by default.
    Texture(Texture),
}

impl BindingResource {
    fn device(&self) -> &Arc<DeviceCore> {
        match self {
            Self::Buffer { buffer, .. } => &buffer.core.device,
            Self::Sampler(sampler) => &sampler.core.device,
            Self::TextureView(view) => &view.core.texture.device,
            Self::Texture(texture) => &texture.core.device,
        }
    }

    fn uses(&self, uses: &mut Uses) {
        let memory = match self {
            Self::Buffer { buffer, .. } => buffer.core.memory(),
            Self::Sampler(_) => None,
            Self::TextureView(view) => view.core.texture.memory(),
            Self::Texture(texture) => texture.core.memory(),
        };
        if let Some(memory) = memory {
            uses.add(memory);
        }
    }
}

impl BindGroup {
    pub(super) fn new(device: &Arc<DeviceCore>, descriptor: &BindGroupDescriptor) -> Self {
        let object = device.charge(Charged::Objects, 1);
        let resources = descriptor
            .entries
            .iter()
            .map(|entry| entry.resource.device());
        let mine = device.all_owned(resources.chain([&descriptor.layout.core.device]));
        let mut uses = Uses::default();
        let id = if object.is_some() && mine {
            for entry in &descriptor.entries {
                entry.resource.uses(&mut uses);
            }
            make(device, descriptor)
        } else {
            refused(device)
        };
        Self {
            core: Arc::new(Core {
                device: Arc::clone(device),
                id,
                uses,
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

fn make(device: &Arc<DeviceCore>, descriptor: &BindGroupDescriptor) -> BindGroupId {
    let global = &device.lease.global;
    // Views of textures that are bound directly. The group has them then: nobody else needs to.
    let mut views: Vec<TextureViewId> = Vec::new();
    let mut entries = Vec::with_capacity(descriptor.entries.len());
    for entry in &descriptor.entries {
        let resource = match &entry.resource {
            BindingResource::Buffer {
                buffer,
                offset,
                size,
            } => bound(buffer.core.id, *offset, *size),
            BindingResource::Sampler(sampler) => {
                binding_model::BindingResource::Sampler(sampler.core.id)
            }
            BindingResource::TextureView(view) => {
                binding_model::BindingResource::TextureView(view.core.id)
            }
            BindingResource::Texture(texture) => {
                let all = TextureViewDescriptor::default();
                let (view, error) = global.texture_create_view(texture.core.id, &all, None);
                device.errors.report(error);
                views.push(view);
                binding_model::BindingResource::TextureView(view)
            }
        };
        entries.push(binding_model::BindGroupEntry {
            binding: entry.binding,
            resource,
        });
    }
    let made = binding_model::BindGroupDescriptor {
        label: None,
        layout: descriptor.layout.core.id,
        entries: entries.into(),
    };
    let (id, error) = global.device_create_bind_group(device.id, &made, None);
    device.errors.report(error);
    for view in views {
        global.texture_view_drop(view);
    }
    id
}

/// An invalid group: of an invalid layout and an invalid buffer.
fn refused(device: &Arc<DeviceCore>) -> BindGroupId {
    let global = &device.lease.global;
    let nothing = wgt::BufferDescriptor {
        label: None,
        size: 0,
        usage: wgt::BufferUsages::empty(),
        mapped_at_creation: false,
    };
    let (buffer, _) = global.device_create_buffer(device.id, &nothing, None);
    let layout = binding_model::BindGroupLayoutDescriptor {
        label: None,
        entries: Vec::new().into(),
    };
    let (layout, _) = global.device_create_bind_group_layout(device.id, &layout, None);
    let entry = binding_model::BindGroupEntry {
        binding: 0,
        resource: bound(buffer, 0, None),
    };
    let made = binding_model::BindGroupDescriptor {
        label: None,
        layout,
        entries: vec![entry].into(),
    };
    let (id, _) = global.device_create_bind_group(device.id, &made, None);
    global.bind_group_layout_drop(layout);
    global.buffer_drop(buffer);
    id
}

fn bound(
    buffer: BufferId,
    offset: u64,
    size: Option<u64>,
) -> binding_model::BindingResource<'static> {
    binding_model::BindingResource::Buffer(binding_model::BufferBinding {
        buffer,
        offset,
        size,
    })
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.bind_group_drop(self.id);
    }
}

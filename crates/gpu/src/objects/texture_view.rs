//! `GPUTextureView`: a part of a texture, and what it is seen as.

use std::sync::Arc;

use wgpu_core::id::TextureViewId;
use wgpu_core::resource;
use wgpu_types as wgt;

use super::label::Label;
use super::texture::Core as TextureCore;
use crate::ledger::{Charged, Credit};

/// A view of a texture; clones are the same one.
#[derive(Clone, Debug)]
pub struct TextureView {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) texture: Arc<TextureCore>,
    pub(crate) id: TextureViewId,
    label: Label,
    _object: Option<Credit>,
}

impl TextureView {
    pub(super) fn new(
        texture: &Arc<TextureCore>,
        descriptor: &wgt::TextureViewDescriptor<Option<String>>,
    ) -> Self {
        let device = &texture.device;
        let object = device.charge(Charged::Objects, 1);
        let made = resource::TextureViewDescriptor {
            label: None,
            format: descriptor.format,
            dimension: descriptor.dimension,
            usage: descriptor.usage,
            range: wgt::ImageSubresourceRange {
                aspect: descriptor.aspect,
                base_mip_level: descriptor.base_mip_level,
                // wgpu-core makes an invalid view of nought.
                mip_level_count: match object {
                    Some(_) => descriptor.mip_level_count,
                    None => Some(0),
                },
                base_array_layer: descriptor.base_array_layer,
                array_layer_count: descriptor.array_layer_count,
            },
        };
        let (id, error) = device
            .lease
            .global
            .texture_create_view(texture.id, &made, None);
        if object.is_some() {
            device.errors.report(error);
        }
        Self {
            core: Arc::new(Core {
                texture: Arc::clone(texture),
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
        self.texture.device.lease.global.texture_view_drop(self.id);
    }
}

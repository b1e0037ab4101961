//! Textures and views of them.

use std::rc::Rc;

use crate::bindings::{GpuTexture, GpuTextureView, GpuTextureViewDescriptor};
use crate::convert::{label, texture_aspect, texture_format, texture_usage, view_dimension};
use wgpu::custom::{DispatchTextureView, TextureInterface, TextureViewInterface};

#[derive(Debug)]
pub(crate) struct Texture(Rc<GpuTexture>);

impl Texture {
    pub(crate) fn new(texture: GpuTexture) -> Self {
        Self(Rc::new(texture))
    }

    pub(crate) fn texture(&self) -> &GpuTexture {
        &self.0
    }
}

impl TextureInterface for Texture {
    fn create_view(&self, desc: &wgpu::TextureViewDescriptor<'_>) -> DispatchTextureView {
        let format = desc.format.map(texture_format);
        // A format that WebGPU does not have was refused with the texture already: views must name one of its own.
        let view = self.0.create_view(Some(&GpuTextureViewDescriptor {
            format: format.flatten(),
            dimension: desc.dimension.map(view_dimension),
            usage: desc.usage.map(texture_usage),
            aspect: Some(texture_aspect(desc.aspect)),
            base_mip_level: Some(desc.base_mip_level),
            mip_level_count: desc.mip_level_count,
            base_array_layer: Some(desc.base_array_layer),
            array_layer_count: desc.array_layer_count,
            swizzle: None,
            label: label(desc.label),
        }));
        DispatchTextureView::custom(TextureView(view))
    }

    fn destroy(&self) {
        self.0.destroy();
    }
}

#[derive(Debug)]
pub(crate) struct TextureView(pub(crate) GpuTextureView);

impl TextureViewInterface for TextureView {}

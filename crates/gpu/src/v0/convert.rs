//! Conversions that only 0.0.1 has, and those that it shares with 0.3.0-rc.2. Its flags are numbers.

use wgpu_core::device::HostMap;
use wgpu_types as wgt;

use super::webgpu as w;
use crate::convert::{Failed, Resolve, Unsupported, flags};
use crate::descriptors::BindingResource;

crate::convert::enums!(w);
crate::convert::enums! { @features w;
        DepthClipControl => "depth-clip-control"
        Depth32floatStencil8 => "depth32float-stencil8"
        TextureCompressionBc => "texture-compression-bc"
        TextureCompressionBcSliced3d => "texture-compression-bc-sliced-3d"
        TextureCompressionEtc2 => "texture-compression-etc2"
        TextureCompressionAstc => "texture-compression-astc"
        TextureCompressionAstcSliced3d => "texture-compression-astc-sliced-3d"
        TimestampQuery => "timestamp-query"
        IndirectFirstInstance => "indirect-first-instance"
        ShaderF16 => "shader-f16"
        Rg11b10ufloatRenderable => "rg11b10ufloat-renderable"
        Bgra8unormStorage => "bgra8unorm-storage"
        Float32Filterable => "float32-filterable"
        Float32Blendable => "float32-blendable"
        ClipDistances => "clip-distances"
        DualSourceBlending => "dual-source-blending"
        Subgroups => "subgroups"
}
crate::convert::texture_formats! { w: }
crate::convert::records!(w);
crate::convert::resources!(w);

/// `gpu-buffer-usage-flags`.
///
/// # Errors
///
/// There are bits that WebGPU does not have.
pub fn buffer_usages(usage: u32) -> Result<wgt::BufferUsages, Unsupported> {
    flags::buffer_usages(usage)
}

/// The usage of a buffer for a guest.
pub fn of_buffer_usages(usage: wgt::BufferUsages) -> u32 {
    flags::of_buffer(usage)
}

/// `gpu-texture-usage-flags`. This version knows no transient attachments.
///
/// # Errors
///
/// There are bits that it does not have.
pub fn texture_usages(usage: u32) -> Result<wgt::TextureUsages, Unsupported> {
    let usage = flags::texture_usages(usage)?;
    if usage.contains(wgt::TextureUsages::TRANSIENT_ATTACHMENT) {
        return Err(Unsupported::new(
            "wasi:webgpu@0.0.1 has no transient attachments",
        ));
    }
    Ok(usage)
}

/// The usage of a texture for a guest.
pub fn of_texture_usages(usage: wgt::TextureUsages) -> u32 {
    flags::of_texture(usage)
}

/// `gpu-color-write-flags`.
///
/// # Errors
///
/// There are bits that WebGPU does not have.
pub fn color_writes(mask: u32) -> Result<wgt::ColorWrites, Unsupported> {
    flags::color_writes(mask)
}

/// `gpu-shader-stage-flags`.
///
/// # Errors
///
/// There are bits that WebGPU does not have.
pub fn shader_stages(stages: u32) -> Result<wgt::ShaderStages, Unsupported> {
    flags::shader_stages(stages)
}

/// `gpu-map-mode-flags`.
///
/// # Errors
///
/// It is not exactly one of reading and writing.
pub fn map_mode(mode: u32) -> Result<HostMap, Unsupported> {
    flags::map_mode(mode)
}

// What 0.3.0-rc.2 added and this version cannot ask for.
#[expect(clippy::unnecessary_wraps, reason = "the other version can fail")]
fn swizzle(_: &w::GpuTextureViewDescriptor) -> Result<(), Unsupported> {
    Ok(())
}

fn immediate_size(_: &w::GpuPipelineLayoutDescriptor) -> u32 {
    0
}

impl Resolve for w::GpuBindingResource {
    type Resolved = BindingResource;

    fn resolve(
        self,
        table: &mut wasmtime::component::ResourceTable,
    ) -> Result<BindingResource, Failed> {
        Ok(match self {
            Self::GpuBufferBinding(binding) => binding.resolve(table)?,
            Self::GpuSampler(sampler) => BindingResource::Sampler(table.get(&sampler)?.clone()),
            Self::GpuTextureView(view) => BindingResource::TextureView(table.get(&view)?.clone()),
        })
    }
}

#[cfg(test)]
mod tests;

//! Conversions that only 0.0.1 has, and those that it shares with 0.3.0-rc.2. Its flags are the numbers of WebGPU.

use super::webgpu as w;
use crate::convert::flags::{buffer_usages, color_writes, shader_stages, texture_usages};
use crate::convert::{Failed, Resolve, Unsupported};
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

/// This version has none.
fn swizzle(_: &w::GpuTextureViewDescriptor) -> Result<(), Unsupported> {
    Ok(())
}

/// This version has none.
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

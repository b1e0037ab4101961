//! Conversions that only 0.3.0-rc.2 has, and those that it shares with 0.0.1.

use wgpu_core::device::HostMap;
use wgpu_types as wgt;

use super::webgpu as w;
use crate::convert::{Failed, Resolve, Unsupported, flags};
use crate::descriptors::BindingResource;

crate::convert::enums!(w);
crate::convert::enums! { @features w;
        CoreFeaturesAndLimits => "core-features-and-limits"
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
        TextureFormatsTier1 => "texture-formats-tier1"
        TextureFormatsTier2 => "texture-formats-tier2"
        PrimitiveIndex => "primitive-index"
        TextureComponentSwizzle => "texture-component-swizzle"
}
crate::convert::texture_formats! { w:
    R16unorm => { R16Unorm }
    R16snorm => { R16Snorm }
    Rg16unorm => { Rg16Unorm }
    Rg16snorm => { Rg16Snorm }
    Rgba16unorm => { Rgba16Unorm }
    Rgba16snorm => { Rgba16Snorm }
}
crate::convert::records!(w);
crate::convert::resources!(w);

macro_rules! bits {
    ($value:expr, $($flag:path = $bit:expr),*) => {{
        let value = $value;
        let mut bits = 0;
        $(if value.contains($flag) {
            bits |= $bit;
        })*
        bits
    }};
}

/// `gpu-buffer-usage`.
///
/// # Errors
///
/// None: the type has no other bits.
pub(crate) fn buffer_usages(usage: w::GpuBufferUsage) -> Result<wgt::BufferUsages, Unsupported> {
    flags::buffer_usages(bits!(
        usage,
        w::GpuBufferUsage::MAP_READ = wgt::BufferUsages::MAP_READ.bits(),
        w::GpuBufferUsage::MAP_WRITE = wgt::BufferUsages::MAP_WRITE.bits(),
        w::GpuBufferUsage::COPY_SRC = wgt::BufferUsages::COPY_SRC.bits(),
        w::GpuBufferUsage::COPY_DST = wgt::BufferUsages::COPY_DST.bits(),
        w::GpuBufferUsage::INDEX = wgt::BufferUsages::INDEX.bits(),
        w::GpuBufferUsage::VERTEX = wgt::BufferUsages::VERTEX.bits(),
        w::GpuBufferUsage::UNIFORM = wgt::BufferUsages::UNIFORM.bits(),
        w::GpuBufferUsage::STORAGE = wgt::BufferUsages::STORAGE.bits(),
        w::GpuBufferUsage::INDIRECT = wgt::BufferUsages::INDIRECT.bits(),
        w::GpuBufferUsage::QUERY_RESOLVE = wgt::BufferUsages::QUERY_RESOLVE.bits()
    ))
}

/// The usage of a buffer for a guest.
pub(crate) fn of_buffer_usages(usage: wgt::BufferUsages) -> w::GpuBufferUsage {
    let pairs = [
        (wgt::BufferUsages::MAP_READ, w::GpuBufferUsage::MAP_READ),
        (wgt::BufferUsages::MAP_WRITE, w::GpuBufferUsage::MAP_WRITE),
        (wgt::BufferUsages::COPY_SRC, w::GpuBufferUsage::COPY_SRC),
        (wgt::BufferUsages::COPY_DST, w::GpuBufferUsage::COPY_DST),
        (wgt::BufferUsages::INDEX, w::GpuBufferUsage::INDEX),
        (wgt::BufferUsages::VERTEX, w::GpuBufferUsage::VERTEX),
        (wgt::BufferUsages::UNIFORM, w::GpuBufferUsage::UNIFORM),
        (wgt::BufferUsages::STORAGE, w::GpuBufferUsage::STORAGE),
        (wgt::BufferUsages::INDIRECT, w::GpuBufferUsage::INDIRECT),
        (
            wgt::BufferUsages::QUERY_RESOLVE,
            w::GpuBufferUsage::QUERY_RESOLVE,
        ),
    ];
    pairs
        .into_iter()
        .filter(|(theirs, _)| usage.contains(*theirs))
        .fold(w::GpuBufferUsage::empty(), |all, (_, ours)| all | ours)
}

/// `gpu-texture-usage`.
///
/// # Errors
///
/// None: the type has no other bits.
pub(crate) fn texture_usages(usage: w::GpuTextureUsage) -> Result<wgt::TextureUsages, Unsupported> {
    flags::texture_usages(bits!(
        usage,
        w::GpuTextureUsage::COPY_SRC = wgt::TextureUsages::COPY_SRC.bits(),
        w::GpuTextureUsage::COPY_DST = wgt::TextureUsages::COPY_DST.bits(),
        w::GpuTextureUsage::TEXTURE_BINDING = wgt::TextureUsages::TEXTURE_BINDING.bits(),
        w::GpuTextureUsage::STORAGE_BINDING = wgt::TextureUsages::STORAGE_BINDING.bits(),
        w::GpuTextureUsage::RENDER_ATTACHMENT = wgt::TextureUsages::RENDER_ATTACHMENT.bits(),
        w::GpuTextureUsage::TRANSIENT_ATTACHMENT = wgt::TextureUsages::TRANSIENT_ATTACHMENT.bits()
    ))
}

/// The usage of a texture for a guest.
pub(crate) fn of_texture_usages(usage: wgt::TextureUsages) -> w::GpuTextureUsage {
    let pairs = [
        (wgt::TextureUsages::COPY_SRC, w::GpuTextureUsage::COPY_SRC),
        (wgt::TextureUsages::COPY_DST, w::GpuTextureUsage::COPY_DST),
        (
            wgt::TextureUsages::TEXTURE_BINDING,
            w::GpuTextureUsage::TEXTURE_BINDING,
        ),
        (
            wgt::TextureUsages::STORAGE_BINDING,
            w::GpuTextureUsage::STORAGE_BINDING,
        ),
        (
            wgt::TextureUsages::RENDER_ATTACHMENT,
            w::GpuTextureUsage::RENDER_ATTACHMENT,
        ),
        (
            wgt::TextureUsages::TRANSIENT_ATTACHMENT,
            w::GpuTextureUsage::TRANSIENT_ATTACHMENT,
        ),
    ];
    pairs
        .into_iter()
        .filter(|(theirs, _)| usage.contains(*theirs))
        .fold(w::GpuTextureUsage::empty(), |all, (_, ours)| all | ours)
}

/// `gpu-color-write`, whose `all` is the four others.
///
/// # Errors
///
/// None: the type has no other bits.
pub(crate) fn color_writes(mask: w::GpuColorWrite) -> Result<wgt::ColorWrites, Unsupported> {
    flags::color_writes(bits!(
        mask,
        w::GpuColorWrite::RED = 0x1,
        w::GpuColorWrite::GREEN = 0x2,
        w::GpuColorWrite::BLUE = 0x4,
        w::GpuColorWrite::ALPHA = 0x8,
        w::GpuColorWrite::ALL = 0xf
    ))
}

/// `gpu-shader-stage`.
///
/// # Errors
///
/// None: the type has no other bits.
pub(crate) fn shader_stages(stages: w::GpuShaderStage) -> Result<wgt::ShaderStages, Unsupported> {
    flags::shader_stages(bits!(
        stages,
        w::GpuShaderStage::VERTEX = 0x1,
        w::GpuShaderStage::FRAGMENT = 0x2,
        w::GpuShaderStage::COMPUTE = 0x4
    ))
}

/// `gpu-map-mode`.
///
/// # Errors
///
/// It is not exactly one of reading and writing.
pub(crate) fn map_mode(mode: w::GpuMapMode) -> Result<HostMap, Unsupported> {
    flags::map_mode(bits!(
        mode,
        w::GpuMapMode::READ = 0x1,
        w::GpuMapMode::WRITE = 0x2
    ))
}

fn swizzle(descriptor: &w::GpuTextureViewDescriptor) -> Result<(), Unsupported> {
    crate::convert::swizzle(descriptor.swizzle.as_deref())
}

fn immediate_size(descriptor: &w::GpuPipelineLayoutDescriptor) -> u32 {
    descriptor.immediate_size.unwrap_or(0)
}

impl Resolve for w::GpuBindingResource {
    type Resolved = BindingResource;

    fn resolve(
        self,
        table: &mut wasmtime::component::ResourceTable,
    ) -> Result<BindingResource, Failed> {
        Ok(match self {
            Self::GpuBuffer(buffer) => BindingResource::Buffer {
                buffer: table.get(&buffer)?.clone(),
                offset: 0,
                size: None,
            },
            Self::GpuBufferBinding(binding) => binding.resolve(table)?,
            Self::GpuSampler(sampler) => BindingResource::Sampler(table.get(&sampler)?.clone()),
            Self::GpuTexture(texture) => BindingResource::Texture(table.get(&texture)?.clone()),
            Self::GpuTextureView(view) => BindingResource::TextureView(table.get(&view)?.clone()),
        })
    }
}

#[cfg(test)]
mod tests;

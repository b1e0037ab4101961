//! Sizes, places, and the descriptors of what shaders are given.

use super::*;
use crate::bindings::*;
use crate::of;

pub(crate) fn label(label: wgpu::Label<'_>) -> Option<String> {
    label.map(str::to_owned)
}

pub(crate) fn extent(size: wgpu::Extent3d) -> GpuExtent3D {
    GpuExtent3D {
        width: size.width,
        height: Some(size.height),
        depth_or_array_layers: Some(size.depth_or_array_layers),
    }
}

pub(crate) fn texture_place(info: wgpu::TexelCopyTextureInfo<'_>) -> GpuTexelCopyTextureInfo<'_> {
    GpuTexelCopyTextureInfo {
        texture: of!(info.texture => crate::texture::Texture).texture(),
        mip_level: Some(info.mip_level),
        origin: Some(GpuOrigin3D {
            x: Some(info.origin.x),
            y: Some(info.origin.y),
            z: Some(info.origin.z),
        }),
        aspect: Some(texture_aspect(info.aspect)),
    }
}

pub(crate) fn buffer_place(info: wgpu::TexelCopyBufferInfo<'_>) -> GpuTexelCopyBufferInfo<'_> {
    GpuTexelCopyBufferInfo {
        buffer: of!(info.buffer => crate::buffer::Buffer).buffer(),
        offset: Some(info.layout.offset),
        bytes_per_row: info.layout.bytes_per_row,
        rows_per_image: info.layout.rows_per_image,
    }
}

pub(crate) fn data_layout(layout: wgpu::TexelCopyBufferLayout) -> GpuTexelCopyBufferLayout {
    GpuTexelCopyBufferLayout {
        offset: Some(layout.offset),
        bytes_per_row: layout.bytes_per_row,
        rows_per_image: layout.rows_per_image,
    }
}

/// One binding of a layout, or the name of a kind that WebGPU does not have.
pub(crate) fn layout_entry(
    entry: &wgpu::BindGroupLayoutEntry,
) -> Result<GpuBindGroupLayoutEntry, String> {
    let mut converted = GpuBindGroupLayoutEntry {
        binding: entry.binding,
        visibility: shader_stages(entry.visibility),
        buffer: None,
        sampler: None,
        texture: None,
        storage_texture: None,
    };
    if entry.count.is_some() {
        return Err(format!("binding {} is an array of bindings", entry.binding));
    }
    match entry.ty {
        wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset,
            min_binding_size,
        } => {
            converted.buffer = Some(GpuBufferBindingLayout {
                type_: Some(buffer_binding(ty)),
                has_dynamic_offset: Some(has_dynamic_offset),
                min_binding_size: min_binding_size.map(u64::from),
            });
        }
        wgpu::BindingType::Sampler(kind) => {
            converted.sampler = Some(GpuSamplerBindingLayout {
                type_: Some(sampler_binding(kind)),
            });
        }
        wgpu::BindingType::Texture {
            sample_type: kind,
            view_dimension: dimension,
            multisampled,
        } => {
            converted.texture = Some(GpuTextureBindingLayout {
                sample_type: Some(sample_type(kind)),
                view_dimension: Some(view_dimension(dimension)),
                multisampled: Some(multisampled),
            });
        }
        wgpu::BindingType::StorageTexture {
            access,
            format,
            view_dimension: dimension,
        } => {
            let (Some(access), Some(known)) = (storage_access(access), texture_format(format))
            else {
                return Err(format!(
                    "binding {}: {access:?} access to {format:?}",
                    entry.binding
                ));
            };
            converted.storage_texture = Some(GpuStorageTextureBindingLayout {
                access: Some(access),
                format: known,
                view_dimension: Some(view_dimension(dimension)),
            });
        }
        wgpu::BindingType::AccelerationStructure { .. } => {
            return Err(format!(
                "binding {} is an acceleration structure",
                entry.binding
            ));
        }
        wgpu::BindingType::ExternalTexture => {
            return Err(format!("binding {} is an external texture", entry.binding));
        }
    }
    Ok(converted)
}

/// What a bind group holds at one binding, or the name of a kind that WebGPU does not have.
pub(crate) fn binding<'a>(
    resource: &'a wgpu::BindingResource<'a>,
) -> Result<GpuBindingResource<'a>, &'static str> {
    Ok(match resource {
        wgpu::BindingResource::Buffer(part) => {
            GpuBindingResource::GpuBufferBinding(GpuBufferBinding {
                buffer: of!(part.buffer => crate::buffer::Buffer).buffer(),
                offset: Some(part.offset),
                size: part.size.map(u64::from),
            })
        }
        wgpu::BindingResource::Sampler(sampler) => {
            GpuBindingResource::GpuSampler(&of!(sampler => crate::binding::Sampler).0)
        }
        wgpu::BindingResource::TextureView(view) => {
            GpuBindingResource::GpuTextureView(&of!(view => crate::texture::TextureView).0)
        }
        wgpu::BindingResource::BufferArray(_) => return Err("an array of buffers"),
        wgpu::BindingResource::SamplerArray(_) => return Err("an array of samplers"),
        wgpu::BindingResource::TextureViewArray(_) => return Err("an array of textures"),
        wgpu::BindingResource::AccelerationStructure(_)
        | wgpu::BindingResource::AccelerationStructureArray(_) => {
            return Err("an acceleration structure");
        }
        wgpu::BindingResource::ExternalTexture(_) => return Err("an external texture"),
        _ => return Err("what this version of wgpu-weft does not know"),
    })
}

pub(crate) fn sampler<'a>(desc: &wgpu::SamplerDescriptor<'a>) -> GpuSamplerDescriptor {
    GpuSamplerDescriptor {
        address_mode_u: Some(address_mode(desc.address_mode_u)),
        address_mode_v: Some(address_mode(desc.address_mode_v)),
        address_mode_w: Some(address_mode(desc.address_mode_w)),
        mag_filter: Some(filter_mode(desc.mag_filter)),
        min_filter: Some(filter_mode(desc.min_filter)),
        mipmap_filter: Some(mipmap_filter(desc.mipmap_filter)),
        lod_min_clamp: Some(desc.lod_min_clamp),
        lod_max_clamp: Some(desc.lod_max_clamp),
        compare: desc.compare.map(compare),
        max_anisotropy: Some(desc.anisotropy_clamp),
        label: label(desc.label),
    }
}

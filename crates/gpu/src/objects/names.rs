//! The names that WebGPU has for features and limits.

use wgpu_types::{Features, Limits};

/// A limit of WebGPU.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// As WebGPU writes it: `maxBufferSize`.
    pub name: &'static str,
    get: fn(&Limits) -> u64,
    /// The value fits.
    set: fn(&mut Limits, u64),
    /// Smaller is better, and it is a power of two.
    alignment: bool,
    most: u64,
}

/// The feature of this name; none: WebGPU or wgpu does not know it. `core-features-and-limits` is everything that is always
/// there.
pub fn feature(name: &str) -> Option<Features> {
    Some(match name {
        "core-features-and-limits" => Features::empty(),
        "depth-clip-control" => Features::DEPTH_CLIP_CONTROL,
        "depth32float-stencil8" => Features::DEPTH32FLOAT_STENCIL8,
        "texture-compression-bc" => Features::TEXTURE_COMPRESSION_BC,
        "texture-compression-bc-sliced-3d" => Features::TEXTURE_COMPRESSION_BC_SLICED_3D,
        "texture-compression-etc2" => Features::TEXTURE_COMPRESSION_ETC2,
        "texture-compression-astc" => Features::TEXTURE_COMPRESSION_ASTC,
        "texture-compression-astc-sliced-3d" => Features::TEXTURE_COMPRESSION_ASTC_SLICED_3D,
        "timestamp-query" => Features::TIMESTAMP_QUERY,
        "indirect-first-instance" => Features::INDIRECT_FIRST_INSTANCE,
        "shader-f16" => Features::SHADER_F16,
        "rg11b10ufloat-renderable" => Features::RG11B10UFLOAT_RENDERABLE,
        "bgra8unorm-storage" => Features::BGRA8UNORM_STORAGE,
        "float32-filterable" => Features::FLOAT32_FILTERABLE,
        "float32-blendable" => Features::FLOAT32_BLENDABLE,
        "clip-distances" => Features::CLIP_DISTANCES,
        "dual-source-blending" => Features::DUAL_SOURCE_BLENDING,
        "primitive-index" => Features::PRIMITIVE_INDEX,
        _ => return None,
    })
}

impl Limit {
    /// The limit of this name.
    pub fn of(name: &str) -> Option<&'static Self> {
        LIMITS.iter().find(|limit| limit.name == name)
    }

    /// Its value.
    pub fn get(&self, limits: &Limits) -> u64 {
        (self.get)(limits)
    }

    /// Makes it as good as `value`, if it is worse and the adapter has that.
    pub(super) fn raise(
        &self,
        given: &mut Limits,
        value: u64,
        adapter: &Limits,
    ) -> Result<(), String> {
        let (name, there) = (self.name, self.get(adapter));
        if self.alignment && !(value.is_power_of_two() && value <= self.most) {
            return Err(format!("{name} has to be a power of two, not {value}"));
        }
        let better = |a: u64, b: u64| if self.alignment { a < b } else { a > b };
        if better(value, there) {
            return Err(format!(
                "{name} of {value} was asked for, and the adapter has {there}"
            ));
        }
        if better(value, self.get(given)) {
            (self.set)(given, value);
        }
        Ok(())
    }
}

macro_rules! limit {
    ($name:literal, $field:ident) => {
        limit!($name, $field, u32, false)
    };
    ($name:literal, $field:ident, $type:ident) => {
        limit!($name, $field, $type, false)
    };
    ($name:literal, $field:ident, $type:ident, $alignment:literal) => {
        Limit {
            name: $name,
            get: |limits| u64::from(limits.$field),
            set: |limits, value| limits.$field = $type::try_from(value).unwrap_or($type::MAX),
            alignment: $alignment,
            most: $type::MAX as u64,
        }
    };
}

/// All of them. Those of a single stage, which wgpu has not, are what it has for each stage.
pub static LIMITS: [Limit; 36] = [
    limit!("maxTextureDimension1D", max_texture_dimension_1d),
    limit!("maxTextureDimension2D", max_texture_dimension_2d),
    limit!("maxTextureDimension3D", max_texture_dimension_3d),
    limit!("maxTextureArrayLayers", max_texture_array_layers),
    limit!("maxBindGroups", max_bind_groups),
    limit!(
        "maxBindGroupsPlusVertexBuffers",
        max_bind_groups_plus_vertex_buffers
    ),
    limit!("maxImmediateSize", max_immediate_size),
    limit!("maxBindingsPerBindGroup", max_bindings_per_bind_group),
    limit!(
        "maxDynamicUniformBuffersPerPipelineLayout",
        max_dynamic_uniform_buffers_per_pipeline_layout
    ),
    limit!(
        "maxDynamicStorageBuffersPerPipelineLayout",
        max_dynamic_storage_buffers_per_pipeline_layout
    ),
    limit!(
        "maxSampledTexturesPerShaderStage",
        max_sampled_textures_per_shader_stage
    ),
    limit!("maxSamplersPerShaderStage", max_samplers_per_shader_stage),
    limit!(
        "maxStorageBuffersPerShaderStage",
        max_storage_buffers_per_shader_stage
    ),
    limit!(
        "maxStorageBuffersInVertexStage",
        max_storage_buffers_per_shader_stage
    ),
    limit!(
        "maxStorageBuffersInFragmentStage",
        max_storage_buffers_per_shader_stage
    ),
    limit!(
        "maxStorageTexturesPerShaderStage",
        max_storage_textures_per_shader_stage
    ),
    limit!(
        "maxStorageTexturesInVertexStage",
        max_storage_textures_per_shader_stage
    ),
    limit!(
        "maxStorageTexturesInFragmentStage",
        max_storage_textures_per_shader_stage
    ),
    limit!(
        "maxUniformBuffersPerShaderStage",
        max_uniform_buffers_per_shader_stage
    ),
    limit!(
        "maxUniformBufferBindingSize",
        max_uniform_buffer_binding_size,
        u64
    ),
    limit!(
        "maxStorageBufferBindingSize",
        max_storage_buffer_binding_size,
        u64
    ),
    limit!(
        "minUniformBufferOffsetAlignment",
        min_uniform_buffer_offset_alignment,
        u32,
        true
    ),
    limit!(
        "minStorageBufferOffsetAlignment",
        min_storage_buffer_offset_alignment,
        u32,
        true
    ),
    limit!("maxVertexBuffers", max_vertex_buffers),
    limit!("maxBufferSize", max_buffer_size, u64),
    limit!("maxVertexAttributes", max_vertex_attributes),
    limit!("maxVertexBufferArrayStride", max_vertex_buffer_array_stride),
    limit!(
        "maxInterStageShaderVariables",
        max_inter_stage_shader_variables
    ),
    limit!("maxColorAttachments", max_color_attachments),
    limit!(
        "maxColorAttachmentBytesPerSample",
        max_color_attachment_bytes_per_sample
    ),
    limit!(
        "maxComputeWorkgroupStorageSize",
        max_compute_workgroup_storage_size
    ),
    limit!(
        "maxComputeInvocationsPerWorkgroup",
        max_compute_invocations_per_workgroup
    ),
    limit!("maxComputeWorkgroupSizeX", max_compute_workgroup_size_x),
    limit!("maxComputeWorkgroupSizeY", max_compute_workgroup_size_y),
    limit!("maxComputeWorkgroupSizeZ", max_compute_workgroup_size_z),
    limit!(
        "maxComputeWorkgroupsPerDimension",
        max_compute_workgroups_per_dimension
    ),
];

//! Limits by name, and what a device gets that asks for some.

use wgpu_types::Limits;

use super::Unsupported;

/// One limit of WebGPU.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Its name in WebGPU.
    pub name: &'static str,
    /// Its name in the WIT packages.
    pub wit: &'static str,
    /// Whether a greater value or, for an alignment, a lesser one is the better.
    pub class: Class,
    get: fn(&Limits) -> u64,
    set: fn(&mut Limits, u64) -> bool,
}

/// Which values of a limit are better: the limit class of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Greater ones.
    Maximum,
    /// Lesser ones, and only powers of two.
    Alignment,
}

macro_rules! limits {
    ($($class:ident $field:ident $name:literal $wit:literal)*) => {
        /// All limits of WebGPU.
        pub const LIMITS: &[Limit] = &[$(Limit {
            name: $name,
            wit: $wit,
            class: Class::$class,
            get: |limits| limits.$field.into(),
            set: |limits, value| {
                let value = value.try_into();
                if let Ok(value) = value {
                    limits.$field = value;
                }
                value.is_ok()
            },
        }),*];
    };
}

// wgpu has one limit for storage buffers (and one for storage textures) where WebGPU has one for each stage too.
limits! {
    Maximum max_texture_dimension_1d "maxTextureDimension1D" "max-texture-dimension1-d"
    Maximum max_texture_dimension_2d "maxTextureDimension2D" "max-texture-dimension2-d"
    Maximum max_texture_dimension_3d "maxTextureDimension3D" "max-texture-dimension3-d"
    Maximum max_texture_array_layers "maxTextureArrayLayers" "max-texture-array-layers"
    Maximum max_bind_groups "maxBindGroups" "max-bind-groups"
    Maximum max_bind_groups_plus_vertex_buffers "maxBindGroupsPlusVertexBuffers" "max-bind-groups-plus-vertex-buffers"
    Maximum max_immediate_size "maxImmediateSize" "max-immediate-size"
    Maximum max_bindings_per_bind_group "maxBindingsPerBindGroup" "max-bindings-per-bind-group"
    Maximum max_dynamic_uniform_buffers_per_pipeline_layout "maxDynamicUniformBuffersPerPipelineLayout" "max-dynamic-uniform-buffers-per-pipeline-layout"
    Maximum max_dynamic_storage_buffers_per_pipeline_layout "maxDynamicStorageBuffersPerPipelineLayout" "max-dynamic-storage-buffers-per-pipeline-layout"
    Maximum max_sampled_textures_per_shader_stage "maxSampledTexturesPerShaderStage" "max-sampled-textures-per-shader-stage"
    Maximum max_samplers_per_shader_stage "maxSamplersPerShaderStage" "max-samplers-per-shader-stage"
    Maximum max_storage_buffers_per_shader_stage "maxStorageBuffersPerShaderStage" "max-storage-buffers-per-shader-stage"
    Maximum max_storage_buffers_per_shader_stage "maxStorageBuffersInVertexStage" "max-storage-buffers-in-vertex-stage"
    Maximum max_storage_buffers_per_shader_stage "maxStorageBuffersInFragmentStage" "max-storage-buffers-in-fragment-stage"
    Maximum max_storage_textures_per_shader_stage "maxStorageTexturesPerShaderStage" "max-storage-textures-per-shader-stage"
    Maximum max_storage_textures_per_shader_stage "maxStorageTexturesInVertexStage" "max-storage-textures-in-vertex-stage"
    Maximum max_storage_textures_per_shader_stage "maxStorageTexturesInFragmentStage" "max-storage-textures-in-fragment-stage"
    Maximum max_uniform_buffers_per_shader_stage "maxUniformBuffersPerShaderStage" "max-uniform-buffers-per-shader-stage"
    Maximum max_uniform_buffer_binding_size "maxUniformBufferBindingSize" "max-uniform-buffer-binding-size"
    Maximum max_storage_buffer_binding_size "maxStorageBufferBindingSize" "max-storage-buffer-binding-size"
    Alignment min_uniform_buffer_offset_alignment "minUniformBufferOffsetAlignment" "min-uniform-buffer-offset-alignment"
    Alignment min_storage_buffer_offset_alignment "minStorageBufferOffsetAlignment" "min-storage-buffer-offset-alignment"
    Maximum max_vertex_buffers "maxVertexBuffers" "max-vertex-buffers"
    Maximum max_buffer_size "maxBufferSize" "max-buffer-size"
    Maximum max_vertex_attributes "maxVertexAttributes" "max-vertex-attributes"
    Maximum max_vertex_buffer_array_stride "maxVertexBufferArrayStride" "max-vertex-buffer-array-stride"
    Maximum max_inter_stage_shader_variables "maxInterStageShaderVariables" "max-inter-stage-shader-variables"
    Maximum max_color_attachments "maxColorAttachments" "max-color-attachments"
    Maximum max_color_attachment_bytes_per_sample "maxColorAttachmentBytesPerSample" "max-color-attachment-bytes-per-sample"
    Maximum max_compute_workgroup_storage_size "maxComputeWorkgroupStorageSize" "max-compute-workgroup-storage-size"
    Maximum max_compute_invocations_per_workgroup "maxComputeInvocationsPerWorkgroup" "max-compute-invocations-per-workgroup"
    Maximum max_compute_workgroup_size_x "maxComputeWorkgroupSizeX" "max-compute-workgroup-size-x"
    Maximum max_compute_workgroup_size_y "maxComputeWorkgroupSizeY" "max-compute-workgroup-size-y"
    Maximum max_compute_workgroup_size_z "maxComputeWorkgroupSizeZ" "max-compute-workgroup-size-z"
    Maximum max_compute_workgroups_per_dimension "maxComputeWorkgroupsPerDimension" "max-compute-workgroups-per-dimension"
}

impl Limit {
    /// The limit of a name, WebGPU's or the WIT's.
    pub fn named(name: &str) -> Option<&'static Self> {
        LIMITS
            .iter()
            .find(|limit| limit.name == name || limit.wit == name)
    }

    /// Its value.
    pub fn of(&self, limits: &Limits) -> u64 {
        (self.get)(limits)
    }

    /// Whether `value` allows more than `other`.
    pub fn is_better(&self, value: u64, other: u64) -> bool {
        match self.class {
            Class::Maximum => value > other,
            Class::Alignment => value < other,
        }
    }
}

/// The limits of a device that asks for `required`: those, or the defaults where they are better. An adapter that has less
/// than a default gives what it has.
///
/// # Errors
///
/// There is no limit of a name, it is better than the adapter's, or an alignment is no power of two.
pub fn resolve<'a>(
    required: impl IntoIterator<Item = (&'a str, Option<u64>)>,
    adapter: &Limits,
) -> Result<Limits, Unsupported> {
    let mut limits = Limits::defaults().or_worse_values_from(adapter);
    for (name, value) in required {
        let Some(value) = value else {
            continue;
        };
        let limit = Limit::named(name).ok_or_else(|| {
            let name: String = name.chars().take(64).collect();
            Unsupported::new(format!("there is no limit {name:?}"))
        })?;
        let name = limit.name;
        let most = limit.of(adapter);
        if limit.is_better(value, most) {
            return Err(Unsupported::new(format!(
                "{name} of {value} was required, and the adapter has {most}"
            )));
        }
        if limit.class == Class::Alignment && !value.is_power_of_two() {
            return Err(Unsupported::new(format!(
                "{name} has to be a power of two and is {value}"
            )));
        }
        let better = limit.is_better(value, limit.of(&limits));
        if better && !(limit.set)(&mut limits, value) {
            return Err(Unsupported::new(format!("{name} cannot be {value}")));
        }
    }
    Ok(limits)
}

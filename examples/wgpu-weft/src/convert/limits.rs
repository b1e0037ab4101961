//! Limits: WebGPU's, by their names on the web.

use crate::bindings::{GpuSupportedLimits, RecordOptionGpuSize64};

/// Reads and asks for each limit that both wgpu and WebGPU have.
macro_rules! limits {
    ($($field:ident: $getter:ident, $name:literal;)*) => {
        /// What a device or an adapter can do; wgpu's own limits stay at their defaults.
        pub(crate) fn limits_of(limits: &GpuSupportedLimits) -> wgpu::Limits {
            wgpu::Limits {
                $($field: limits.$getter(),)*
                ..wgpu::Limits::default()
            }
        }

        /// The limits a device must have.
        pub(crate) fn required_limits(limits: &wgpu::Limits) -> RecordOptionGpuSize64 {
            let required = RecordOptionGpuSize64::new();
            $(required.add($name, Some(u64::from(limits.$field)));)*
            required
        }
    };
}

limits! {
    max_texture_dimension_1d: max_texture_dimension1_d, "maxTextureDimension1D";
    max_texture_dimension_2d: max_texture_dimension2_d, "maxTextureDimension2D";
    max_texture_dimension_3d: max_texture_dimension3_d, "maxTextureDimension3D";
    max_texture_array_layers: max_texture_array_layers, "maxTextureArrayLayers";
    max_bind_groups: max_bind_groups, "maxBindGroups";
    max_bind_groups_plus_vertex_buffers: max_bind_groups_plus_vertex_buffers, "maxBindGroupsPlusVertexBuffers";
    max_immediate_size: max_immediate_size, "maxImmediateSize";
    max_bindings_per_bind_group: max_bindings_per_bind_group, "maxBindingsPerBindGroup";
    max_dynamic_uniform_buffers_per_pipeline_layout: max_dynamic_uniform_buffers_per_pipeline_layout, "maxDynamicUniformBuffersPerPipelineLayout";
    max_dynamic_storage_buffers_per_pipeline_layout: max_dynamic_storage_buffers_per_pipeline_layout, "maxDynamicStorageBuffersPerPipelineLayout";
    max_sampled_textures_per_shader_stage: max_sampled_textures_per_shader_stage, "maxSampledTexturesPerShaderStage";
    max_samplers_per_shader_stage: max_samplers_per_shader_stage, "maxSamplersPerShaderStage";
    max_storage_buffers_per_shader_stage: max_storage_buffers_per_shader_stage, "maxStorageBuffersPerShaderStage";
    max_storage_textures_per_shader_stage: max_storage_textures_per_shader_stage, "maxStorageTexturesPerShaderStage";
    max_uniform_buffers_per_shader_stage: max_uniform_buffers_per_shader_stage, "maxUniformBuffersPerShaderStage";
    max_uniform_buffer_binding_size: max_uniform_buffer_binding_size, "maxUniformBufferBindingSize";
    max_storage_buffer_binding_size: max_storage_buffer_binding_size, "maxStorageBufferBindingSize";
    min_uniform_buffer_offset_alignment: min_uniform_buffer_offset_alignment, "minUniformBufferOffsetAlignment";
    min_storage_buffer_offset_alignment: min_storage_buffer_offset_alignment, "minStorageBufferOffsetAlignment";
    max_vertex_buffers: max_vertex_buffers, "maxVertexBuffers";
    max_buffer_size: max_buffer_size, "maxBufferSize";
    max_vertex_attributes: max_vertex_attributes, "maxVertexAttributes";
    max_vertex_buffer_array_stride: max_vertex_buffer_array_stride, "maxVertexBufferArrayStride";
    max_inter_stage_shader_variables: max_inter_stage_shader_variables, "maxInterStageShaderVariables";
    max_color_attachments: max_color_attachments, "maxColorAttachments";
    max_color_attachment_bytes_per_sample: max_color_attachment_bytes_per_sample, "maxColorAttachmentBytesPerSample";
    max_compute_workgroup_storage_size: max_compute_workgroup_storage_size, "maxComputeWorkgroupStorageSize";
    max_compute_invocations_per_workgroup: max_compute_invocations_per_workgroup, "maxComputeInvocationsPerWorkgroup";
    max_compute_workgroup_size_x: max_compute_workgroup_size_x, "maxComputeWorkgroupSizeX";
    max_compute_workgroup_size_y: max_compute_workgroup_size_y, "maxComputeWorkgroupSizeY";
    max_compute_workgroup_size_z: max_compute_workgroup_size_z, "maxComputeWorkgroupSizeZ";
    max_compute_workgroups_per_dimension: max_compute_workgroups_per_dimension, "maxComputeWorkgroupsPerDimension";
}

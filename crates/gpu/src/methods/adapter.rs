//! `gpu`, `gpu-adapter`, and what they say of themselves.

/// `gpu`, but for the request, within its implementation.
macro_rules! gpu {
    ($w:ident) => {
        fn get_preferred_canvas_format(
            &mut self,
            _: Resource<Gpu>,
        ) -> wasmtime::Result<$w::GpuTextureFormat> {
            Ok($w::GpuTextureFormat::Bgra8unorm)
        }

        fn wgsl_language_features(
            &mut self,
            _: Resource<Gpu>,
        ) -> wasmtime::Result<Resource<LanguageFeatures>> {
            self.put(LanguageFeatures)
        }

        dropped!(Gpu);
    };
}

/// `gpu-adapter`, but for the request, within its implementation.
macro_rules! adapter {
    () => {
        fn features(
            &mut self,
            this: Resource<Adapter>,
        ) -> wasmtime::Result<Resource<SupportedFeatures>> {
            let features = self.table.get(&this)?.features();
            self.put(SupportedFeatures(features))
        }

        fn limits(
            &mut self,
            this: Resource<Adapter>,
        ) -> wasmtime::Result<Resource<SupportedLimits>> {
            let limits = self.table.get(&this)?.limits().clone();
            self.put(SupportedLimits(limits))
        }

        fn info(&mut self, this: Resource<Adapter>) -> wasmtime::Result<Resource<AdapterInfo>> {
            let info = self.table.get(&this)?.info();
            self.put(info)
        }

        dropped!(Adapter);
    };
}

/// `gpu-adapter-info`, within its implementation.
macro_rules! adapter_info {
    () => {
        fn vendor(&mut self, this: Resource<AdapterInfo>) -> wasmtime::Result<String> {
            Ok(self.table.get(&this)?.vendor.to_owned())
        }

        fn architecture(&mut self, this: Resource<AdapterInfo>) -> wasmtime::Result<String> {
            Ok(self.table.get(&this)?.architecture.to_owned())
        }

        fn device(&mut self, this: Resource<AdapterInfo>) -> wasmtime::Result<String> {
            Ok(self.table.get(&this)?.device.to_owned())
        }

        fn description(&mut self, this: Resource<AdapterInfo>) -> wasmtime::Result<String> {
            Ok(self.table.get(&this)?.description.to_owned())
        }

        fn subgroup_min_size(&mut self, this: Resource<AdapterInfo>) -> wasmtime::Result<u32> {
            Ok(self.table.get(&this)?.subgroup_min_size)
        }

        fn subgroup_max_size(&mut self, this: Resource<AdapterInfo>) -> wasmtime::Result<u32> {
            Ok(self.table.get(&this)?.subgroup_max_size)
        }

        dropped!(AdapterInfo);
    };
}

/// Where a guest begins, and what is supported.
macro_rules! supported {
    ($w:ident) => {
        const _: () = {
            use wasmtime::component::Resource;
            use $crate::View;
            use $crate::bound::{Gpu, LanguageFeatures, SupportedFeatures};
            use $crate::methods::dropped;

            impl $w::Host for View<'_> {
                fn get_gpu(&mut self) -> wasmtime::Result<Resource<Gpu>> {
                    self.put(Gpu)
                }
            }

            impl $w::HostGpuSupportedFeatures for View<'_> {
                fn has(
                    &mut self,
                    this: Resource<SupportedFeatures>,
                    name: String,
                ) -> wasmtime::Result<bool> {
                    Ok(self.table.get(&this)?.has(&name))
                }

                dropped!(SupportedFeatures);
            }

            impl $w::HostWgslLanguageFeatures for View<'_> {
                fn has(
                    &mut self,
                    this: Resource<LanguageFeatures>,
                    name: String,
                ) -> wasmtime::Result<bool> {
                    Ok(self.table.get(&this)?.has(&name))
                }

                dropped!(LanguageFeatures);
            }
        };
    };
}

/// Every limit; given are those that 0.0.1 has not.
macro_rules! limits {
    ($w:ident: $($more:tt)*) => {
        $crate::methods::limits! { @all $w;
            $($more)*
            max_texture_dimension1_d: u32 = max_texture_dimension_1d,
            max_texture_dimension2_d: u32 = max_texture_dimension_2d,
            max_texture_dimension3_d: u32 = max_texture_dimension_3d,
            max_texture_array_layers: u32 = max_texture_array_layers,
            max_bind_groups: u32 = max_bind_groups,
            max_bind_groups_plus_vertex_buffers: u32 = max_bind_groups_plus_vertex_buffers,
            max_bindings_per_bind_group: u32 = max_bindings_per_bind_group,
            max_dynamic_uniform_buffers_per_pipeline_layout: u32 = max_dynamic_uniform_buffers_per_pipeline_layout,
            max_dynamic_storage_buffers_per_pipeline_layout: u32 = max_dynamic_storage_buffers_per_pipeline_layout,
            max_sampled_textures_per_shader_stage: u32 = max_sampled_textures_per_shader_stage,
            max_samplers_per_shader_stage: u32 = max_samplers_per_shader_stage,
            max_storage_buffers_per_shader_stage: u32 = max_storage_buffers_per_shader_stage,
            max_storage_textures_per_shader_stage: u32 = max_storage_textures_per_shader_stage,
            max_uniform_buffers_per_shader_stage: u32 = max_uniform_buffers_per_shader_stage,
            max_uniform_buffer_binding_size: u64 = max_uniform_buffer_binding_size,
            max_storage_buffer_binding_size: u64 = max_storage_buffer_binding_size,
            min_uniform_buffer_offset_alignment: u32 = min_uniform_buffer_offset_alignment,
            min_storage_buffer_offset_alignment: u32 = min_storage_buffer_offset_alignment,
            max_vertex_buffers: u32 = max_vertex_buffers,
            max_buffer_size: u64 = max_buffer_size,
            max_vertex_attributes: u32 = max_vertex_attributes,
            max_vertex_buffer_array_stride: u32 = max_vertex_buffer_array_stride,
            max_inter_stage_shader_variables: u32 = max_inter_stage_shader_variables,
            max_color_attachments: u32 = max_color_attachments,
            max_color_attachment_bytes_per_sample: u32 = max_color_attachment_bytes_per_sample,
            max_compute_workgroup_storage_size: u32 = max_compute_workgroup_storage_size,
            max_compute_invocations_per_workgroup: u32 = max_compute_invocations_per_workgroup,
            max_compute_workgroup_size_x: u32 = max_compute_workgroup_size_x,
            max_compute_workgroup_size_y: u32 = max_compute_workgroup_size_y,
            max_compute_workgroup_size_z: u32 = max_compute_workgroup_size_z,
            max_compute_workgroups_per_dimension: u32 = max_compute_workgroups_per_dimension,
        }
    };
    (@all $w:ident; $($function:ident: $type:ty = $field:ident,)*) => {
        impl $w::HostGpuSupportedLimits for $crate::View<'_> {
            $(fn $function(
                &mut self,
                this: wasmtime::component::Resource<$crate::bound::SupportedLimits>,
            ) -> wasmtime::Result<$type> {
                Ok(self.table.get(&this)?.0.$field)
            })*

            $crate::methods::dropped!($crate::bound::SupportedLimits);
        }
    };
}

pub(crate) use {adapter, adapter_info, gpu, limits, supported};

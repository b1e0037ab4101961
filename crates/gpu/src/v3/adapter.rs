//! `gpu`, `gpu-adapter`, and what they say of themselves.

use std::sync::Arc;

use wasmtime::component::{Accessor, Resource};

use super::host::dropped;
use super::webgpu;
use crate::bound::{
    Adapter, AdapterInfo, Device, Gpu, LanguageFeatures, SupportedFeatures, SupportedLimits,
};
use crate::convert::{Failed, Plain, Resolve};
use crate::{Gpus, View};

impl webgpu::Host for View<'_> {
    fn get_gpu(&mut self) -> wasmtime::Result<Resource<Gpu>> {
        self.put(Gpu)
    }
}

impl webgpu::HostGpu for View<'_> {
    fn get_preferred_canvas_format(
        &mut self,
        _: Resource<Gpu>,
    ) -> wasmtime::Result<webgpu::GpuTextureFormat> {
        Ok(webgpu::GpuTextureFormat::Bgra8unorm)
    }

    fn wgsl_language_features(
        &mut self,
        _: Resource<Gpu>,
    ) -> wasmtime::Result<Resource<LanguageFeatures>> {
        self.put(LanguageFeatures)
    }

    dropped!(Gpu);
}

impl<T: Send + 'static> webgpu::HostGpuWithStore<T> for Gpus {
    async fn request_adapter(
        accessor: &Accessor<T, Self>,
        _: Resource<Gpu>,
        options: Option<webgpu::GpuRequestAdapterOptions>,
    ) -> wasmtime::Result<Option<Resource<Adapter>>> {
        let wanted = match options.map(Plain::plain).transpose() {
            Ok(wanted) => wanted.unwrap_or_default(),
            // A feature level that nobody knows: there is no such adapter.
            Err(_) => return Ok(None),
        };
        let has = accessor.with(|mut access| {
            let ctx = access.get().ctx;
            ctx.hold().cloned().zip(ctx.account().cloned())
        });
        let Some((hold, account)) = has else {
            return Ok(None);
        };
        // The driver is opened here: that takes its time, on a thread that may.
        let opened = tokio::task::spawn_blocking(move || hold.lease()).await;
        let lease = match opened {
            Ok(Ok(lease)) => lease,
            Ok(Err(error)) => {
                tracing::warn!(target: "weft::gpu", "an adapter cannot be opened: {error}");
                return Ok(None);
            }
            Err(error) => {
                tracing::warn!(target: "weft::gpu", "an adapter cannot be opened: {error}");
                return Ok(None);
            }
        };
        let adapter = Adapter::billed(&lease, &account);
        if wanted.force_fallback && !adapter.info().is_fallback_adapter {
            return Ok(None);
        }
        accessor.with(|mut access| access.get().put(adapter).map(Some))
    }
}

impl webgpu::HostGpuAdapter for View<'_> {
    fn features(
        &mut self,
        this: Resource<Adapter>,
    ) -> wasmtime::Result<Resource<SupportedFeatures>> {
        let features = self.table.get(&this)?.features();
        self.put(SupportedFeatures(features))
    }

    fn limits(&mut self, this: Resource<Adapter>) -> wasmtime::Result<Resource<SupportedLimits>> {
        let limits = self.table.get(&this)?.limits().clone();
        self.put(SupportedLimits(limits))
    }

    fn info(&mut self, this: Resource<Adapter>) -> wasmtime::Result<Resource<AdapterInfo>> {
        let info = self.table.get(&this)?.info();
        self.put(info)
    }

    dropped!(Adapter);
}

impl<T: Send + 'static> webgpu::HostGpuAdapterWithStore<T> for Gpus {
    async fn request_device(
        accessor: &Accessor<T, Self>,
        this: Resource<Adapter>,
        descriptor: Option<webgpu::GpuDeviceDescriptor>,
    ) -> wasmtime::Result<Result<Resource<Device>, webgpu::RequestDeviceError>> {
        let asked = accessor.with(|mut access| {
            let view = access.get();
            let adapter = view.of(&this)?;
            let wanted = descriptor
                .map(|descriptor| descriptor.resolve(view.table))
                .transpose();
            wasmtime::error::Ok((adapter, wanted))
        });
        let (adapter, wanted) = asked?;
        let wanted = match wanted {
            Ok(wanted) => wanted.unwrap_or_default(),
            Err(Failed::Unsupported(unsupported)) => {
                return Ok(Err(webgpu::RequestDeviceError {
                    kind: webgpu::RequestDeviceErrorKind::TypeError,
                    message: unsupported.what,
                }));
            }
            Err(Failed::Table(error)) => return Err(error.into()),
        };
        let (label, queue_label) = (wanted.label.clone(), wanted.queue_label.clone());
        let adapter = Arc::new(adapter);
        let made = tokio::task::spawn_blocking(move || {
            adapter.request(wanted.features, wanted.limits.entries())
        });
        match made.await? {
            Ok(device) => {
                device.set_label(label.unwrap_or_default());
                device.queue().set_label(queue_label.unwrap_or_default());
                accessor.with(|mut access| access.get().put(device).map(Ok))
            }
            Err(error) => Ok(Err(error.into())),
        }
    }
}

impl webgpu::HostGpuAdapterInfo for View<'_> {
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

    fn is_fallback_adapter(&mut self, this: Resource<AdapterInfo>) -> wasmtime::Result<bool> {
        Ok(self.table.get(&this)?.is_fallback_adapter)
    }

    dropped!(AdapterInfo);
}

impl webgpu::HostGpuSupportedFeatures for View<'_> {
    fn has(&mut self, this: Resource<SupportedFeatures>, name: String) -> wasmtime::Result<bool> {
        Ok(self.table.get(&this)?.has(&name))
    }

    dropped!(SupportedFeatures);
}

impl webgpu::HostWgslLanguageFeatures for View<'_> {
    fn has(&mut self, this: Resource<LanguageFeatures>, name: String) -> wasmtime::Result<bool> {
        Ok(self.table.get(&this)?.has(&name))
    }

    dropped!(LanguageFeatures);
}

macro_rules! limits {
    ($($function:ident: $type:ty = $field:ident),* $(,)?) => {
        impl webgpu::HostGpuSupportedLimits for View<'_> {
            $(fn $function(&mut self, this: Resource<SupportedLimits>) -> wasmtime::Result<$type> {
                Ok(self.table.get(&this)?.0.$field)
            })*

            dropped!(SupportedLimits);
        }
    };
}

// wgpu has one limit for storage buffers, and one for storage textures, where WebGPU has one for each stage too.
limits! {
    max_texture_dimension1_d: u32 = max_texture_dimension_1d,
    max_texture_dimension2_d: u32 = max_texture_dimension_2d,
    max_texture_dimension3_d: u32 = max_texture_dimension_3d,
    max_texture_array_layers: u32 = max_texture_array_layers,
    max_bind_groups: u32 = max_bind_groups,
    max_bind_groups_plus_vertex_buffers: u32 = max_bind_groups_plus_vertex_buffers,
    max_immediate_size: u32 = max_immediate_size,
    max_bindings_per_bind_group: u32 = max_bindings_per_bind_group,
    max_dynamic_uniform_buffers_per_pipeline_layout: u32 = max_dynamic_uniform_buffers_per_pipeline_layout,
    max_dynamic_storage_buffers_per_pipeline_layout: u32 = max_dynamic_storage_buffers_per_pipeline_layout,
    max_sampled_textures_per_shader_stage: u32 = max_sampled_textures_per_shader_stage,
    max_samplers_per_shader_stage: u32 = max_samplers_per_shader_stage,
    max_storage_buffers_per_shader_stage: u32 = max_storage_buffers_per_shader_stage,
    max_storage_buffers_in_vertex_stage: u32 = max_storage_buffers_per_shader_stage,
    max_storage_buffers_in_fragment_stage: u32 = max_storage_buffers_per_shader_stage,
    max_storage_textures_per_shader_stage: u32 = max_storage_textures_per_shader_stage,
    max_storage_textures_in_vertex_stage: u32 = max_storage_textures_per_shader_stage,
    max_storage_textures_in_fragment_stage: u32 = max_storage_textures_per_shader_stage,
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

//! `gpu`, `gpu-adapter`, and what they say of themselves.

use wasmtime::component::{Accessor, Resource};

use super::webgpu;
use crate::bound::{
    Adapter, AdapterInfo, Device, Gpu, LanguageFeatures, SupportedFeatures, SupportedLimits,
};
use crate::convert::{Plain, Resolve};
use crate::methods::{
    adapter, adapter_info, dropped, gpu, limits, request_adapter, request_device, supported,
};
use crate::{Gpus, View};

impl webgpu::HostGpu for View<'_> {
    gpu!(webgpu);
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
        let holder = accessor.with(|mut access| access.get().ctx.holder());
        let Some(adapter) = request_adapter(holder, wanted).await else {
            return Ok(None);
        };
        accessor.with(|mut access| access.get().put(adapter).map(Some))
    }
}

impl webgpu::HostGpuAdapter for View<'_> {
    adapter!();
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
        match request_device(adapter, wanted).await? {
            Ok(device) => accessor.with(|mut access| access.get().put(device).map(Ok)),
            Err(none) => Ok(Err(none.into())),
        }
    }
}

impl webgpu::HostGpuAdapterInfo for View<'_> {
    fn is_fallback_adapter(&mut self, this: Resource<AdapterInfo>) -> wasmtime::Result<bool> {
        Ok(self.table.get(&this)?.is_fallback_adapter)
    }

    adapter_info!();
}

supported!(webgpu);

// wgpu has one limit for storage buffers, and one for storage textures, where WebGPU has one for each stage too.
limits! { webgpu:
    max_immediate_size: u32 = max_immediate_size,
    max_storage_buffers_in_vertex_stage: u32 = max_storage_buffers_per_shader_stage,
    max_storage_buffers_in_fragment_stage: u32 = max_storage_buffers_per_shader_stage,
    max_storage_textures_in_vertex_stage: u32 = max_storage_textures_per_shader_stage,
    max_storage_textures_in_fragment_stage: u32 = max_storage_textures_per_shader_stage,
}

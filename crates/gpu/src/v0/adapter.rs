//! `gpu`, `gpu-adapter`, and what they say of themselves.

use wasmtime::component::Resource;

use super::webgpu;
use crate::View;
use crate::bound::{
    Adapter, AdapterInfo, Device, Gpu, LanguageFeatures, SupportedFeatures, SupportedLimits,
};
use crate::convert::{Plain, Resolve};
use crate::methods::{
    adapter, adapter_info, dropped, gpu, limits, request_adapter, request_device, supported,
};

impl webgpu::HostGpu for View<'_> {
    async fn request_adapter(
        &mut self,
        _: Resource<Gpu>,
        options: Option<webgpu::GpuRequestAdapterOptions>,
    ) -> wasmtime::Result<Option<Resource<Adapter>>> {
        let wanted = match options.map(Plain::plain).transpose() {
            Ok(wanted) => wanted.unwrap_or_default(),
            // A feature level that nobody knows: there is no such adapter.
            Err(_) => return Ok(None),
        };
        match request_adapter(self.ctx.holder(), wanted).await {
            Some(adapter) => self.put(adapter).map(Some),
            None => Ok(None),
        }
    }

    gpu!(webgpu);
}

impl webgpu::HostGpuAdapter for View<'_> {
    fn is_fallback_adapter(&mut self, this: Resource<Adapter>) -> wasmtime::Result<bool> {
        Ok(self.table.get(&this)?.info().is_fallback_adapter)
    }

    async fn request_device(
        &mut self,
        this: Resource<Adapter>,
        descriptor: Option<webgpu::GpuDeviceDescriptor>,
    ) -> wasmtime::Result<Result<Resource<Device>, webgpu::RequestDeviceError>> {
        let adapter = self.of(&this)?;
        let wanted = descriptor
            .map(|descriptor| descriptor.resolve(self.table))
            .transpose();
        match request_device(adapter, wanted).await? {
            Ok(device) => self.put(device).map(Ok),
            Err(none) => Ok(Err(none.into())),
        }
    }

    adapter!();
}

impl webgpu::HostGpuAdapterInfo for View<'_> {
    adapter_info!();
}

supported!(webgpu);
limits! { webgpu: }

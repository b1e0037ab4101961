//! `gpu-device`: what makes all other objects.

use wasmtime::component::Resource;
use wasmtime_wasi_io::poll::DynPollable;
use wgpu_types as wgt;

use super::uncaptured::Uncaptured;
use super::webgpu;
use crate::View;
use crate::bound::{
    AdapterInfo, BindGroup, BindGroupLayout, Buffer, CommandEncoder, ComputePipeline, Device,
    DeviceLostInfo, GpuError, GraphicsContext, PipelineLayout, QuerySet, Queue,
    RenderBundleEncoder, RenderPipeline, Sampler, ShaderModule, SupportedFeatures, SupportedLimits,
    Texture,
};
use crate::convert::{Failed, Plain, Resolve};
use crate::error::ErrorKind;
use crate::methods::{TransposeResult, device, labelled, resolved, told};
use crate::objects::{Adapter, CommandEncoderDescriptor, PipelineError, PipelineErrorReason};

impl webgpu::HostGpuDevice for View<'_> {
    async fn create_compute_pipeline_async(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuComputePipelineDescriptor,
    ) -> wasmtime::Result<Result<Resource<ComputePipeline>, webgpu::CreatePipelineError>> {
        let device = self.of(&this)?;
        let descriptor = match descriptor.resolve(self.table) {
            Ok(descriptor) => descriptor,
            Err(failed) => return refused(failed),
        };
        match device.create_compute_pipeline_async(descriptor).await {
            Ok(pipeline) => self.put(pipeline).map(Ok),
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn create_render_pipeline_async(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuRenderPipelineDescriptor,
    ) -> wasmtime::Result<Result<Resource<RenderPipeline>, webgpu::CreatePipelineError>> {
        let device = self.of(&this)?;
        let descriptor = match descriptor.resolve(self.table) {
            Ok(descriptor) => descriptor,
            Err(failed) => return refused(failed),
        };
        match device.create_render_pipeline_async(descriptor).await {
            Ok(pipeline) => self.put(pipeline).map(Ok),
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn pop_error_scope(
        &mut self,
        this: Resource<Device>,
    ) -> wasmtime::Result<Result<Option<Resource<GpuError>>, webgpu::PopErrorScopeError>> {
        let device = self.of(&this)?;
        // Errors of what waits for its turn belong to this scope too, if they come before it is closed.
        device.settled().await;
        match device.errors().pop_scope() {
            Ok(None) => Ok(Ok(None)),
            Ok(Some(error)) => Ok(Ok(Some(self.put(error)?))),
            Err(none) => Ok(Err(none.into())),
        }
    }

    async fn lost(&mut self, this: Resource<Device>) -> wasmtime::Result<Resource<DeviceLostInfo>> {
        let lost = self.table.get(&this)?.errors().lost();
        let info = lost.await;
        self.put(info)
    }

    fn onuncapturederror_subscribe(
        &mut self,
        this: Resource<Device>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        let errors = self.table.get(&this)?.errors().uncaptured();
        let subscribed = self.put(Uncaptured::new(errors))?;
        wasmtime_wasi_io::poll::subscribe(self.table, subscribed)
    }

    fn connect_graphics_context(
        &mut self,
        this: Resource<Device>,
        context: Resource<GraphicsContext>,
    ) -> wasmtime::Result<()> {
        let device = self.of(&this)?;
        self.table.get(&context)?.connect(device);
        Ok(())
    }

    device!(webgpu);
}

fn refused<T>(failed: Failed) -> wasmtime::Result<Result<T, webgpu::CreatePipelineError>> {
    match failed {
        Failed::Unsupported(unsupported) => Ok(Err(PipelineError {
            reason: PipelineErrorReason::Validation,
            message: unsupported.what,
        }
        .into())),
        Failed::Table(error) => Err(error.into()),
    }
}

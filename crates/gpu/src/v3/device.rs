//! `gpu-device`: what makes all other objects. A descriptor that cannot be had makes an error and an invalid object.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_stream::Stream;
use tokio_stream::wrappers::BroadcastStream;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Access, Accessor, Destination, FutureProducer, FutureReader, Resource, StreamProducer,
    StreamReader, StreamResult,
};
use wgpu_types as wgt;

use super::host::{labelled, resolved, told};
use super::webgpu;
use crate::bound::{
    AdapterInfo, BindGroup, BindGroupLayout, Buffer, CommandEncoder, ComputePipeline, Device,
    DeviceLostInfo, GpuError, PipelineLayout, QuerySet, Queue, RenderBundleEncoder, RenderPipeline,
    Sampler, ShaderModule, SupportedFeatures, SupportedLimits, Texture,
};
use crate::convert::{Plain, Resolve};
use crate::error::ErrorKind;
use crate::objects::CommandEncoderDescriptor;
use crate::objects::{Adapter, PipelineError, PipelineErrorReason};
use crate::{Gpus, View};

impl webgpu::HostGpuDevice for View<'_> {
    fn features(
        &mut self,
        this: Resource<Device>,
    ) -> wasmtime::Result<Resource<SupportedFeatures>> {
        let features = self.table.get(&this)?.features();
        self.put(SupportedFeatures(features))
    }

    fn limits(&mut self, this: Resource<Device>) -> wasmtime::Result<Resource<SupportedLimits>> {
        let limits = self.table.get(&this)?.limits().clone();
        self.put(SupportedLimits(limits))
    }

    fn adapter_info(&mut self, this: Resource<Device>) -> wasmtime::Result<Resource<AdapterInfo>> {
        let info = Adapter::new(self.table.get(&this)?.lease()).info();
        self.put(info)
    }

    fn queue(&mut self, this: Resource<Device>) -> wasmtime::Result<Resource<Queue>> {
        let queue = self.table.get(&this)?.queue();
        self.put(queue)
    }

    fn destroy(&mut self, this: Resource<Device>) -> wasmtime::Result<()> {
        self.table.get(&this)?.destroy();
        Ok(())
    }

    fn create_buffer(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuBufferDescriptor,
    ) -> wasmtime::Result<Resource<Buffer>> {
        let device = self.of(&this)?;
        let buffer = match told(&device, descriptor.plain()) {
            Some(descriptor) => device.create_buffer(&descriptor),
            None => device.invalid(|device| {
                device.create_buffer(&wgt::BufferDescriptor {
                    label: None,
                    size: 0,
                    usage: wgt::BufferUsages::empty(),
                    mapped_at_creation: false,
                })
            }),
        };
        self.put(buffer)
    }

    fn create_texture(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuTextureDescriptor,
    ) -> wasmtime::Result<Resource<Texture>> {
        let device = self.of(&this)?;
        let texture = match told(&device, descriptor.plain()) {
            Some(descriptor) => device.create_texture(&descriptor),
            None => device.invalid(|device| {
                device.create_texture(&wgt::TextureDescriptor {
                    label: None,
                    size: wgt::Extent3d {
                        width: 0,
                        height: 0,
                        depth_or_array_layers: 0,
                    },
                    mip_level_count: 1,
                    sample_count: 1,
                    dimension: wgt::TextureDimension::D2,
                    format: wgt::TextureFormat::Rgba8Unorm,
                    usage: wgt::TextureUsages::empty(),
                    view_formats: Vec::new(),
                })
            }),
        };
        self.put(texture)
    }

    fn create_sampler(
        &mut self,
        this: Resource<Device>,
        descriptor: Option<webgpu::GpuSamplerDescriptor>,
    ) -> wasmtime::Result<Resource<Sampler>> {
        let device = self.of(&this)?;
        let descriptor = match descriptor {
            Some(descriptor) => told(&device, descriptor.plain()),
            None => Some(wgt::SamplerDescriptor::default()),
        };
        let sampler = match descriptor {
            Some(descriptor) => device.create_sampler(&descriptor),
            None => device.invalid(|device| {
                device.create_sampler(&wgt::SamplerDescriptor {
                    lod_min_clamp: -1.0,
                    ..Default::default()
                })
            }),
        };
        self.put(sampler)
    }

    fn create_bind_group_layout(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuBindGroupLayoutDescriptor,
    ) -> wasmtime::Result<Resource<BindGroupLayout>> {
        let device = self.of(&this)?;
        let layout = match told(&device, descriptor.plain()) {
            Some(descriptor) => device.create_bind_group_layout(&descriptor),
            None => device.invalid(Device::invalid_layout),
        };
        self.put(layout)
    }

    fn create_pipeline_layout(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuPipelineLayoutDescriptor,
    ) -> wasmtime::Result<Resource<PipelineLayout>> {
        let device = self.of(&this)?;
        let layout = match resolved(&device, descriptor.resolve(self.table))? {
            Some(descriptor) => device.create_pipeline_layout(&descriptor),
            None => device.invalid(|device| {
                device.create_pipeline_layout(&crate::descriptors::PipelineLayoutDescriptor {
                    label: None,
                    bind_group_layouts: vec![Some(device.invalid_layout())],
                    immediate_size: 0,
                })
            }),
        };
        self.put(layout)
    }

    fn create_bind_group(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuBindGroupDescriptor,
    ) -> wasmtime::Result<Resource<BindGroup>> {
        let device = self.of(&this)?;
        let group = match resolved(&device, descriptor.resolve(self.table))? {
            Some(descriptor) => device.create_bind_group(&descriptor),
            None => device.invalid(|device| {
                device.create_bind_group(&crate::descriptors::BindGroupDescriptor {
                    label: None,
                    layout: device.invalid_layout(),
                    entries: Vec::new(),
                })
            }),
        };
        self.put(group)
    }

    fn create_shader_module(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuShaderModuleDescriptor,
    ) -> wasmtime::Result<Resource<ShaderModule>> {
        let device = self.of(&this)?;
        let module = match told(&device, descriptor.plain()) {
            Some(descriptor) => device.create_shader_module(descriptor),
            None => device.invalid(Device::invalid_module),
        };
        self.put(module)
    }

    fn create_compute_pipeline(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuComputePipelineDescriptor,
    ) -> wasmtime::Result<Resource<ComputePipeline>> {
        let device = self.of(&this)?;
        let pipeline = match resolved(&device, descriptor.resolve(self.table))? {
            Some(descriptor) => device.create_compute_pipeline(descriptor),
            None => device.invalid(Device::invalid_compute_pipeline),
        };
        self.put(pipeline)
    }

    fn create_render_pipeline(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuRenderPipelineDescriptor,
    ) -> wasmtime::Result<Resource<RenderPipeline>> {
        let device = self.of(&this)?;
        let pipeline = match resolved(&device, descriptor.resolve(self.table))? {
            Some(descriptor) => device.create_render_pipeline(descriptor),
            None => device.invalid(Device::invalid_render_pipeline),
        };
        self.put(pipeline)
    }

    fn create_command_encoder(
        &mut self,
        this: Resource<Device>,
        descriptor: Option<webgpu::GpuCommandEncoderDescriptor>,
    ) -> wasmtime::Result<Resource<CommandEncoder>> {
        let device = self.of(&this)?;
        let label = descriptor.and_then(|descriptor| descriptor.label);
        let encoder = device.create_command_encoder(&CommandEncoderDescriptor { label });
        self.put(encoder)
    }

    fn create_render_bundle_encoder(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuRenderBundleEncoderDescriptor,
    ) -> wasmtime::Result<Resource<RenderBundleEncoder>> {
        let device = self.of(&this)?;
        let encoder = match told(&device, descriptor.plain()) {
            Some(descriptor) => device.create_render_bundle_encoder(&descriptor),
            None => device.invalid(|device| {
                device.create_render_bundle_encoder(
                    &crate::descriptors::RenderBundleEncoderDescriptor {
                        label: None,
                        color_formats: Vec::new(),
                        depth_stencil: None,
                        sample_count: 1,
                    },
                )
            }),
        };
        self.put(encoder)
    }

    fn create_query_set(
        &mut self,
        this: Resource<Device>,
        descriptor: webgpu::GpuQuerySetDescriptor,
    ) -> wasmtime::Result<Result<Resource<QuerySet>, webgpu::CreateQuerySetError>> {
        let device = self.of(&this)?;
        let failed = |message: String| webgpu::CreateQuerySetError {
            kind: webgpu::CreateQuerySetErrorKind::TypeError,
            message,
        };
        let made = match descriptor.plain() {
            Ok(descriptor) => device
                .create_query_set(&descriptor)
                .map_err(|error| failed(error.to_string())),
            Err(unsupported) => Err(failed(unsupported.what)),
        };
        made.map(|set| self.put(set)).transpose_result()
    }

    fn push_error_scope(
        &mut self,
        this: Resource<Device>,
        filter: webgpu::GpuErrorFilter,
    ) -> wasmtime::Result<()> {
        let kind = match filter {
            webgpu::GpuErrorFilter::Validation => ErrorKind::Validation,
            webgpu::GpuErrorFilter::OutOfMemory => ErrorKind::OutOfMemory,
            webgpu::GpuErrorFilter::Internal => ErrorKind::Internal,
        };
        self.table.get(&this)?.errors().push_scope(kind);
        Ok(())
    }

    labelled!(Device);
}

impl<T: Send + 'static> webgpu::HostGpuDeviceWithStore<T> for Gpus {
    async fn create_compute_pipeline_async(
        accessor: &Accessor<T, Self>,
        this: Resource<Device>,
        descriptor: webgpu::GpuComputePipelineDescriptor,
    ) -> wasmtime::Result<Result<Resource<ComputePipeline>, webgpu::CreatePipelineError>> {
        let asked = accessor.with(|mut access| {
            let view = access.get();
            wasmtime::error::Ok((view.of(&this)?, descriptor.resolve(view.table)))
        });
        let (device, descriptor) = asked?;
        let descriptor = match descriptor {
            Ok(descriptor) => descriptor,
            Err(failed) => return refused(failed),
        };
        match device.create_compute_pipeline_async(descriptor).await {
            Ok(pipeline) => accessor.with(|mut access| access.get().put(pipeline).map(Ok)),
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn create_render_pipeline_async(
        accessor: &Accessor<T, Self>,
        this: Resource<Device>,
        descriptor: webgpu::GpuRenderPipelineDescriptor,
    ) -> wasmtime::Result<Result<Resource<RenderPipeline>, webgpu::CreatePipelineError>> {
        let asked = accessor.with(|mut access| {
            let view = access.get();
            wasmtime::error::Ok((view.of(&this)?, descriptor.resolve(view.table)))
        });
        let (device, descriptor) = asked?;
        let descriptor = match descriptor {
            Ok(descriptor) => descriptor,
            Err(failed) => return refused(failed),
        };
        match device.create_render_pipeline_async(descriptor).await {
            Ok(pipeline) => accessor.with(|mut access| access.get().put(pipeline).map(Ok)),
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn pop_error_scope(
        accessor: &Accessor<T, Self>,
        this: Resource<Device>,
    ) -> wasmtime::Result<Result<Option<Resource<GpuError>>, webgpu::PopErrorScopeError>> {
        let device = accessor.with(|mut access| access.get().of(&this))?;
        // Errors of what waits for its turn belong to this scope too, if they come before it is closed.
        device.settled().await;
        match device.errors().pop_scope() {
            Ok(None) => Ok(Ok(None)),
            Ok(Some(error)) => accessor.with(|mut access| Ok(Ok(Some(access.get().put(error)?)))),
            Err(none) => Ok(Err(none.into())),
        }
    }

    fn lost(
        mut access: Access<'_, T, Self>,
        this: Resource<Device>,
    ) -> wasmtime::Result<FutureReader<Resource<DeviceLostInfo>>> {
        let lost = Box::pin(access.get().table.get(&this)?.errors().lost());
        let view = access.getter();
        FutureReader::new(&mut access, Lost { lost, view })
    }

    fn on_uncaptured_error(
        mut access: Access<'_, T, Self>,
        this: Resource<Device>,
    ) -> wasmtime::Result<StreamReader<Resource<GpuError>>> {
        let errors = access.get().table.get(&this)?.errors().uncaptured();
        let view = access.getter();
        let errors = BroadcastStream::new(errors);
        StreamReader::new(&mut access, Uncaptured { errors, view })
    }
}

/// That a device is lost, for its guest.
struct Lost<T: 'static> {
    lost: Pin<Box<dyn Future<Output = DeviceLostInfo> + Send>>,
    view: fn(&mut T) -> View<'_>,
}

impl<T: 'static> FutureProducer<T> for Lost<T> {
    type Item = Resource<DeviceLostInfo>;

    fn poll_produce(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'_, T>,
        finish: bool,
    ) -> Poll<wasmtime::Result<Option<Self::Item>>> {
        match self.lost.as_mut().poll(cx) {
            Poll::Ready(info) => {
                let mut view = (self.view)(store.data_mut());
                Poll::Ready(view.put(info).map(Some))
            }
            Poll::Pending if finish => Poll::Ready(Ok(None)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Uncaptured errors, for their guest. Those that it does not read in time are lost.
struct Uncaptured<T: 'static> {
    errors: BroadcastStream<GpuError>,
    view: fn(&mut T) -> View<'_>,
}

impl<T: 'static> StreamProducer<T> for Uncaptured<T> {
    type Item = Resource<GpuError>;
    type Buffer = Option<Self::Item>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, T>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        loop {
            return match Pin::new(&mut self.errors).poll_next(cx) {
                Poll::Ready(Some(Ok(error))) => {
                    let mut view = (self.view)(store.data_mut());
                    destination.set_buffer(Some(view.put(error)?));
                    Poll::Ready(Ok(StreamResult::Completed))
                }
                Poll::Ready(Some(Err(_))) => continue,
                Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
                Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
                Poll::Pending => Poll::Pending,
            };
        }
    }
}

fn refused<T>(
    failed: crate::convert::Failed,
) -> wasmtime::Result<Result<T, webgpu::CreatePipelineError>> {
    match failed {
        crate::convert::Failed::Unsupported(unsupported) => Ok(Err(PipelineError {
            reason: PipelineErrorReason::Validation,
            message: unsupported.what,
        }
        .into())),
        crate::convert::Failed::Table(error) => Err(error.into()),
    }
}

impl From<PipelineError> for webgpu::CreatePipelineError {
    fn from(error: PipelineError) -> Self {
        let reason = match error.reason {
            PipelineErrorReason::Validation => webgpu::GpuPipelineErrorReason::Validation,
            PipelineErrorReason::Internal => webgpu::GpuPipelineErrorReason::Internal,
        };
        Self {
            kind: webgpu::CreatePipelineErrorKind::GpuPipelineError(reason),
            message: error.message,
        }
    }
}

/// `Result<Result<T, _>, E>`, the other way round.
trait TransposeResult<T, E> {
    fn transpose_result(self) -> wasmtime::Result<Result<T, E>>;
}

impl<T, E> TransposeResult<T, E> for Result<wasmtime::Result<T>, E> {
    fn transpose_result(self) -> wasmtime::Result<Result<T, E>> {
        match self {
            Ok(Ok(value)) => Ok(Ok(value)),
            Ok(Err(error)) => Err(error),
            Err(error) => Ok(Err(error)),
        }
    }
}

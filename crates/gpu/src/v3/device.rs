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

use super::webgpu;
use crate::bound::{
    AdapterInfo, BindGroup, BindGroupLayout, Buffer, CommandEncoder, ComputePipeline, Device,
    DeviceLostInfo, GpuError, PipelineLayout, QuerySet, Queue, RenderBundleEncoder, RenderPipeline,
    Sampler, ShaderModule, SupportedFeatures, SupportedLimits, Texture,
};
use crate::convert::{Plain, Resolve};
use crate::error::ErrorKind;
use crate::methods::{TransposeResult, device, labelled, resolved, told};
use crate::objects::CommandEncoderDescriptor;
use crate::objects::{Adapter, PipelineError, PipelineErrorReason};
use crate::{Gpus, View};

impl webgpu::HostGpuDevice for View<'_> {
    device!(webgpu);
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

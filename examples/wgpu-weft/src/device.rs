//! A device: it makes everything else.

use std::cell::RefCell;
use std::fmt;
use std::future::{pending, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use crate::bindings::*;
use crate::buffer::Buffer;
use crate::commands::CommandEncoder;
use crate::convert::{
    adapter_info, buffer_usage, error_filter, extent, features_of, label, limits_of, sampler,
    texture_dimension, texture_format, texture_usage,
};
use crate::errors::{Watch, error_of, validation};
use crate::jobs::{Jobs, begun};
use crate::query::QuerySet;
use crate::render_bundle::RenderBundleEncoder;
use crate::shader::ShaderModule;
use crate::texture::Texture;
use crate::unsupported::{Blas, ExternalTexture, PipelineCache, Tlas};
use crate::{binding, pipeline};
use wgpu::custom::*;

/// A device with what goes on around it.
pub(crate) struct Shared {
    pub(crate) device: GpuDevice,
    pub(crate) queue: GpuQueue,
    pub(crate) jobs: Rc<Jobs>,
    pub(crate) watch: Watch,
    /// One for each open error scope: whether it takes validation errors, and the first that this crate found itself.
    scopes: RefCell<Vec<(bool, Option<wgpu::Error>)>>,
}

impl Shared {
    /// An error that the host cannot find, since it never hears of what was asked.
    pub(crate) fn refuse(&self, why: String) {
        let error = validation(why);
        let mut scopes = self.scopes.borrow_mut();
        let innermost = scopes.iter_mut().rev().find(|(takes, _)| *takes);
        let Some((_, first)) = innermost else {
            drop(scopes);
            return self.watch.report(error);
        };
        first.get_or_insert(error);
    }

    /// A future that ends when all that was submitted until now is done.
    pub(crate) fn submitted_work(self: &Rc<Self>) -> impl Future<Output = ()> + 'static {
        let shared = Rc::clone(self);
        begun(async move { shared.queue.on_submitted_work_done().await })
    }
}

#[derive(Clone)]
pub(crate) struct Device(pub(crate) Rc<Shared>);

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Device").field(&self.0.device).finish()
    }
}

impl Device {
    pub(crate) fn new(device: GpuDevice) -> Self {
        Self(Rc::new(Shared {
            queue: device.queue(),
            jobs: Rc::default(),
            watch: Watch::new(device.on_uncaptured_error(), device.lost()),
            scopes: RefCell::default(),
            device,
        }))
    }
}

impl DeviceInterface for Device {
    fn features(&self) -> wgpu::Features {
        features_of(&self.0.device.features(), &self.limits())
    }

    fn limits(&self) -> wgpu::Limits {
        limits_of(&self.0.device.limits())
    }

    fn adapter_info(&self) -> wgpu::AdapterInfo {
        adapter_info(&self.0.device.adapter_info())
    }

    fn create_shader_module(
        &self,
        desc: wgpu::ShaderModuleDescriptor<'_>,
        _: wgpu::ShaderRuntimeChecks,
    ) -> DispatchShaderModule {
        DispatchShaderModule::custom(ShaderModule::new(&self.0, desc))
    }

    unsafe fn create_shader_module_passthrough(
        &self,
        desc: &wgpu::ShaderModuleDescriptorPassthrough<'_>,
    ) -> DispatchShaderModule {
        self.0
            .refuse("a component's shaders are WGSL: none can be passed through".to_owned());
        DispatchShaderModule::custom(ShaderModule::of_code(&self.0, "", label(desc.label)))
    }

    fn create_bind_group_layout(
        &self,
        desc: &wgpu::BindGroupLayoutDescriptor<'_>,
    ) -> DispatchBindGroupLayout {
        DispatchBindGroupLayout::custom(binding::BindGroupLayout::new(&self.0, desc))
    }

    fn create_bind_group(&self, desc: &wgpu::BindGroupDescriptor<'_>) -> DispatchBindGroup {
        DispatchBindGroup::custom(binding::BindGroup::new(&self.0, desc))
    }

    fn create_pipeline_layout(
        &self,
        desc: &wgpu::PipelineLayoutDescriptor<'_>,
    ) -> DispatchPipelineLayout {
        DispatchPipelineLayout::custom(binding::PipelineLayout::new(&self.0, desc))
    }

    fn create_render_pipeline(
        &self,
        desc: &wgpu::RenderPipelineDescriptor<'_>,
    ) -> DispatchRenderPipeline {
        DispatchRenderPipeline::custom(pipeline::RenderPipeline::new(&self.0, desc))
    }

    fn create_mesh_pipeline(&self, _: &wgpu::MeshPipelineDescriptor<'_>) -> DispatchRenderPipeline {
        panic!("WebGPU has no mesh shaders: `Features` of this device never promise them")
    }

    fn create_compute_pipeline(
        &self,
        desc: &wgpu::ComputePipelineDescriptor<'_>,
    ) -> DispatchComputePipeline {
        DispatchComputePipeline::custom(pipeline::ComputePipeline::new(&self.0, desc))
    }

    unsafe fn create_pipeline_cache(
        &self,
        _: &wgpu::PipelineCacheDescriptor<'_>,
    ) -> DispatchPipelineCache {
        // The host keeps compiled shaders itself; a pipeline that names this cache is made as any other.
        DispatchPipelineCache::custom(PipelineCache)
    }

    fn create_buffer(&self, desc: &wgpu::BufferDescriptor<'_>) -> DispatchBuffer {
        let buffer = self.0.device.create_buffer(&GpuBufferDescriptor {
            size: desc.size,
            usage: buffer_usage(desc.usage),
            mapped_at_creation: Some(desc.mapped_at_creation),
            label: label(desc.label),
        });
        DispatchBuffer::custom(Buffer::new(&self.0, buffer, desc.mapped_at_creation))
    }

    fn create_texture(&self, desc: &wgpu::TextureDescriptor<'_>) -> DispatchTexture {
        let mut size = extent(desc.size);
        let formats = desc
            .view_formats
            .iter()
            .map(|format| texture_format(*format));
        let formats: Option<Vec<_>> = formats.collect();
        let format = texture_format(desc.format).filter(|_| formats.is_some());
        if format.is_none() {
            eprintln!(
                "wgpu-weft: WebGPU does not have the texture format {:?}, or one of its views {:?}",
                desc.format, desc.view_formats
            );
            // What is nowhere wide is refused by the host: the error comes where the program looks for it.
            size.width = 0;
        }
        let texture = self.0.device.create_texture(&GpuTextureDescriptor {
            size,
            mip_level_count: Some(desc.mip_level_count),
            sample_count: Some(desc.sample_count),
            dimension: Some(texture_dimension(desc.dimension)),
            format: format.unwrap_or(GpuTextureFormat::Rgba8unorm),
            usage: texture_usage(desc.usage),
            view_formats: Some(formats.unwrap_or_default()),
            texture_binding_view_dimension: None,
            label: label(desc.label),
        });
        DispatchTexture::custom(Texture::new(texture))
    }

    fn create_external_texture(
        &self,
        _: &wgpu::ExternalTextureDescriptor<'_>,
        _: &[&wgpu::TextureView],
    ) -> DispatchExternalTexture {
        self.0
            .refuse("wasi:webgpu has no external textures: copy into a texture".to_owned());
        DispatchExternalTexture::custom(ExternalTexture)
    }

    fn create_blas(
        &self,
        _: &wgpu::CreateBlasDescriptor<'_>,
        _: wgpu::BlasGeometrySizeDescriptors,
    ) -> (Option<u64>, DispatchBlas) {
        self.0.refuse("WebGPU has no ray tracing".to_owned());
        (None, DispatchBlas::custom(Blas))
    }

    fn create_tlas(&self, _: &wgpu::CreateTlasDescriptor<'_>) -> DispatchTlas {
        self.0.refuse("WebGPU has no ray tracing".to_owned());
        DispatchTlas::custom(Tlas)
    }

    fn create_sampler(&self, desc: &wgpu::SamplerDescriptor<'_>) -> DispatchSampler {
        let sampler = self.0.device.create_sampler(Some(&sampler(desc)));
        DispatchSampler::custom(binding::Sampler(sampler))
    }

    fn create_query_set(&self, desc: &wgpu::QuerySetDescriptor<'_>) -> DispatchQuerySet {
        DispatchQuerySet::custom(QuerySet::new(&self.0, desc))
    }

    fn create_command_encoder(
        &self,
        desc: &wgpu::CommandEncoderDescriptor<'_>,
    ) -> DispatchCommandEncoder {
        let desc = GpuCommandEncoderDescriptor {
            label: label(desc.label),
        };
        let encoder = self.0.device.create_command_encoder(Some(&desc));
        DispatchCommandEncoder::custom(CommandEncoder::new(&self.0, encoder))
    }

    fn create_render_bundle_encoder(
        &self,
        desc: &wgpu::RenderBundleEncoderDescriptor<'_>,
    ) -> DispatchRenderBundleEncoder {
        DispatchRenderBundleEncoder::custom(RenderBundleEncoder::new(&self.0, desc))
    }

    fn set_device_lost_callback(&self, callback: BoxDeviceLostCallback) {
        self.0.watch.set_on_loss(callback);
    }

    fn on_uncaptured_error(&self, handler: Arc<dyn wgpu::UncapturedErrorHandler>) {
        self.0.watch.set_handler(handler);
    }

    fn push_error_scope(&self, filter: wgpu::ErrorFilter) -> u32 {
        self.0.device.push_error_scope(error_filter(filter));
        let mut scopes = self.0.scopes.borrow_mut();
        scopes.push((filter == wgpu::ErrorFilter::Validation, None));
        u32::try_from(scopes.len() - 1).unwrap_or(u32::MAX)
    }

    fn pop_error_scope(&self, _index: u32) -> Pin<Box<dyn PopErrorScopeFuture>> {
        // wgpu itself sees to it that scopes are popped in the order of a stack.
        let own = self.0.scopes.borrow_mut().pop().and_then(|(_, own)| own);
        let shared = Rc::clone(&self.0);
        let popped = begun(async move {
            let popped = shared.device.pop_error_scope().await;
            shared.watch.look().await;
            popped
        });
        Box::pin(async move {
            match popped.await {
                Ok(error) => own.or_else(|| error.map(|error| error_of(&error))),
                // The device is lost, and has no scopes any more.
                Err(_) => own,
            }
        })
    }

    unsafe fn start_graphics_debugger_capture(&self) {}

    unsafe fn stop_graphics_debugger_capture(&self) {}

    fn poll(
        &self,
        poll_type: wgpu::wgt::PollType<u64>,
    ) -> Result<wgpu::PollStatus, wgpu::PollError> {
        let shared = &self.0;
        let look = shared.watch.look();
        let wgpu::wgt::PollType::Wait { timeout, .. } = poll_type else {
            let done = shared.jobs.poll(false, pending(), look);
            return Ok(if done {
                wgpu::PollStatus::QueueEmpty
            } else {
                wgpu::PollStatus::Poll
            });
        };
        shared.jobs.add(shared.submitted_work());
        let done = match timeout {
            None => shared.jobs.poll(true, pending(), look),
            Some(timeout) if timeout.is_zero() => shared.jobs.poll(true, ready(()), look),
            Some(timeout) => {
                let nanoseconds = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
                let timer = wasip3::clocks::monotonic_clock::wait_for(nanoseconds);
                shared.jobs.poll(true, timer, look)
            }
        };
        if done {
            Ok(wgpu::PollStatus::QueueEmpty)
        } else {
            Err(wgpu::PollError::Timeout)
        }
    }

    fn get_internal_counters(&self) -> wgpu::InternalCounters {
        wgpu::InternalCounters::default()
    }

    fn generate_allocator_report(&self) -> Option<wgpu::AllocatorReport> {
        None
    }

    fn destroy(&self) {
        self.0.device.destroy();
    }
}

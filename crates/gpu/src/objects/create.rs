//! What a device makes of programs and commands.

use super::{
    CommandEncoder, CommandEncoderDescriptor, ComputePipeline, ComputePipelineDescriptor, Device,
    PipelineError, RenderBundleEncoder, RenderBundleEncoderDescriptor, RenderPipeline,
    RenderPipelineDescriptor, ShaderModule, ShaderModuleDescriptor,
};

impl Device {
    /// Compiles WGSL. Waits for the compiler.
    pub fn create_shader_module(&self, descriptor: ShaderModuleDescriptor) -> ShaderModule {
        ShaderModule::new(&self.core, descriptor)
    }

    /// Makes a compute pipeline. Waits for the compiler.
    pub fn create_compute_pipeline(
        &self,
        descriptor: ComputePipelineDescriptor,
    ) -> ComputePipeline {
        ComputePipeline::new(&self.core, descriptor)
    }

    /// Makes a compute pipeline without waiting here; errors are in the result and nowhere else.
    pub fn create_compute_pipeline_async(
        &self,
        descriptor: ComputePipelineDescriptor,
    ) -> impl Future<Output = Result<ComputePipeline, PipelineError>> + Send + use<> {
        ComputePipeline::new_async(&self.core, descriptor)
    }

    /// Makes a render pipeline. Waits for the compiler.
    pub fn create_render_pipeline(&self, descriptor: RenderPipelineDescriptor) -> RenderPipeline {
        RenderPipeline::new(&self.core, descriptor)
    }

    /// Makes a render pipeline without waiting here; errors are in the result and nowhere else.
    pub fn create_render_pipeline_async(
        &self,
        descriptor: RenderPipelineDescriptor,
    ) -> impl Future<Output = Result<RenderPipeline, PipelineError>> + Send + use<> {
        RenderPipeline::new_async(&self.core, descriptor)
    }

    /// Begins to record commands.
    pub fn create_command_encoder(&self, descriptor: &CommandEncoderDescriptor) -> CommandEncoder {
        CommandEncoder::new(&self.core, descriptor)
    }

    /// Begins to record a bundle.
    pub fn create_render_bundle_encoder(
        &self,
        descriptor: &RenderBundleEncoderDescriptor,
    ) -> RenderBundleEncoder {
        RenderBundleEncoder::new(&self.core, descriptor)
    }
}

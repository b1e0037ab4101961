//! Names of objects that are not written yet, so that the bindings compile. Each goes when `objects` has it.

macro_rules! stubs {
    ($($name:ident)*) => {$(
        /// Not written yet.
        #[derive(Clone, Debug, Default)]
        pub struct $name;
    )*};
}

stubs! {
    Adapter BindGroup BindGroupLayout CanvasContext CommandEncoder ComputePassEncoder ComputePipeline Gpu
    PipelineLayout QuerySet RenderBundle RenderBundleEncoder RenderPassEncoder RenderPipeline Sampler ShaderModule
    Texture TextureView UncapturedErrorEvent
}

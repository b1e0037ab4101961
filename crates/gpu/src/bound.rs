//! Which Rust type stands behind each resource of the WIT packages, in one place for both versions.

pub use crate::error::{DeviceLostInfo, GpuError};
pub use crate::objects::{
    Adapter, AdapterInfo, BindGroup, BindGroupLayout, Buffer, CommandBuffer, CommandEncoder,
    CompilationInfo, CompilationMessage, ComputePass as ComputePassEncoder, ComputePipeline,
    Device, PipelineLayout, QuerySet, Queue, RenderBundle, RenderBundleEncoder,
    RenderPass as RenderPassEncoder, RenderPipeline, Sampler, ShaderModule, Texture, TextureView,
};
pub use crate::values::{
    CanvasContext, ConstantValues, Gpu, LanguageFeatures, RequiredLimits, SupportedFeatures,
    SupportedLimits, UncapturedErrorEvent,
};

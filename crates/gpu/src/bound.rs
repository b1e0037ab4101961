//! Which Rust type stands behind each resource of the WIT packages, in one place for both versions.

pub use crate::error::{DeviceLostInfo, GpuError};
pub use crate::objects::{
    AbstractBuffer, Adapter, AdapterInfo, BindGroup, BindGroupLayout, Buffer, CommandBuffer,
    CommandEncoder, CompilationInfo, CompilationMessage, ComputePass as ComputePassEncoder,
    ComputePipeline, Device, GraphicsContext, PipelineLayout, QuerySet, Queue, RenderBundle,
    RenderBundleEncoder, RenderPass as RenderPassEncoder, RenderPipeline, Sampler, ShaderModule,
    Texture, TextureView,
};
pub use crate::values::{
    BufferUsage, CanvasContext, ColorWrite, ConstantValues, Gpu, LanguageFeatures, MapMode,
    RequiredLimits, ShaderStage, SupportedFeatures, SupportedLimits, TextureUsage,
    UncapturedErrorEvent,
};

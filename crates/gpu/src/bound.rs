//! Which Rust type stands behind each resource of the WIT packages, in one place for both versions.

pub use crate::error::{DeviceLostInfo, GpuError};
pub use crate::objects::{Buffer, CommandBuffer, Device, Queue};
pub use crate::objects_stub::{
    Adapter, BindGroup, BindGroupLayout, CanvasContext, CommandEncoder, ComputePassEncoder,
    ComputePipeline, Gpu, PipelineLayout, QuerySet, RenderBundle, RenderBundleEncoder,
    RenderPassEncoder, RenderPipeline, Sampler, ShaderModule, Texture, TextureView,
    UncapturedErrorEvent,
};
pub use crate::values::{
    AdapterInfo, CompilationInfo, CompilationMessage, ConstantValues, LanguageFeatures,
    RequiredLimits, SupportedFeatures, SupportedLimits,
};

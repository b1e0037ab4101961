//! What objects are made from, under one roof: the conversions of both WIT versions make these and nothing else.

use wgpu_types as wgt;

pub use crate::objects::{
    BindGroupDescriptor, BindGroupEntry, BindGroupLayoutDescriptor, BindingResource,
    ComputePassDescriptor, ComputePipelineDescriptor, FragmentState,
    PassTimestampWrites as TimestampWrites, PipelineLayoutDescriptor, ProgrammableStage,
    QuerySetDescriptor, RenderBundleEncoderDescriptor,
    RenderPassColorAttachment as ColorAttachment,
    RenderPassDepthStencilAttachment as DepthStencilAttachment, RenderPassDescriptor,
    RenderPipelineDescriptor, ShaderModuleDescriptor, TexelCopyBufferInfo, TexelCopyTextureInfo,
    TextureDescriptor, VertexBufferLayout, VertexState,
};
use crate::values::RequiredLimits;

/// `GPUBufferDescriptor`.
pub type BufferDescriptor = wgt::BufferDescriptor<Option<String>>;
/// `GPUTextureViewDescriptor`.
pub type TextureViewDescriptor = wgt::TextureViewDescriptor<Option<String>>;
/// `GPUSamplerDescriptor`.
pub type SamplerDescriptor = wgt::SamplerDescriptor<Option<String>>;

/// `GPURequestAdapterOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestAdapterOptions {
    /// The guest can do with less than core WebGPU.
    pub compatibility: bool,
    /// Which kind it would like.
    pub power_preference: wgt::PowerPreference,
    /// It wants a software adapter.
    pub force_fallback: bool,
}

/// `GPUDeviceDescriptor`.
#[derive(Clone, Debug, Default)]
pub struct DeviceDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// What the guest calls its queue.
    pub queue_label: Option<String>,
    /// What it must be able to do.
    pub features: wgt::Features,
    /// What it must at least allow.
    pub limits: RequiredLimits,
}

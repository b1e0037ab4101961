//! What objects are made from, with no WIT in it. Objects that a descriptor names are clones, which are the same ones.
//! Everything that has a default in WebGPU has its value here. Where wgpu has a descriptor that fits, it is used.

use std::collections::HashMap;

use wgpu_core::command::{PassChannel, PassTimestampWrites};
use wgpu_types as wgt;

use crate::bound::{
    BindGroupLayout, Buffer, PipelineLayout, QuerySet, Sampler, ShaderModule, Texture, TextureView,
};
use crate::values::RequiredLimits;

/// `GPUBufferDescriptor`.
pub type BufferDescriptor = wgt::BufferDescriptor<Option<String>>;
/// `GPUTextureDescriptor`.
pub type TextureDescriptor = wgt::TextureDescriptor<Option<String>, Vec<wgt::TextureFormat>>;
/// `GPUTextureViewDescriptor`.
pub type TextureViewDescriptor = wgt::TextureViewDescriptor<Option<String>>;
/// `GPUSamplerDescriptor`.
pub type SamplerDescriptor = wgt::SamplerDescriptor<Option<String>>;
/// `GPUQuerySetDescriptor`.
pub type QuerySetDescriptor = wgt::QuerySetDescriptor<Option<String>>;
/// `GPUTexelCopyBufferInfo`.
pub type TexelCopyBufferInfo = wgt::TexelCopyBufferInfo<Buffer>;
/// `GPUTexelCopyTextureInfo`.
pub type TexelCopyTextureInfo = wgt::TexelCopyTextureInfo<Texture>;
/// `GPURenderPassTimestampWrites` and `GPUComputePassTimestampWrites`.
pub type TimestampWrites = PassTimestampWrites<QuerySet>;

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
    /// What it must at least allow; [`RequiredLimits::resolve`] makes limits of it.
    pub limits: RequiredLimits,
}

/// `GPUBindGroupLayoutDescriptor`.
#[derive(Clone, Debug)]
pub struct BindGroupLayoutDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// The bindings.
    pub entries: Vec<wgt::BindGroupLayoutEntry>,
}

/// `GPUBindGroupDescriptor`.
#[derive(Clone, Debug)]
pub struct BindGroupDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// What it must be like.
    pub layout: BindGroupLayout,
    /// The bindings.
    pub entries: Vec<BindGroupEntry>,
}

/// `GPUBindGroupEntry`.
#[derive(Clone, Debug)]
pub struct BindGroupEntry {
    /// Its number.
    pub binding: u32,
    /// What is bound.
    pub resource: BindingResource,
}

/// `GPUBindingResource`.
#[derive(Clone, Debug)]
pub enum BindingResource {
    /// A part of a buffer.
    Buffer {
        /// The buffer.
        buffer: Buffer,
        /// Where the part begins, in bytes.
        offset: u64,
        /// Its length in bytes; `None`: to the end of the buffer.
        size: Option<u64>,
    },
    /// A sampler.
    Sampler(Sampler),
    /// A texture, through the view that it has by default.
    Texture(Texture),
    /// A view.
    TextureView(TextureView),
}

/// `GPUPipelineLayoutDescriptor`.
#[derive(Clone, Debug)]
pub struct PipelineLayoutDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// The groups; `None` is one that is not used.
    pub bind_group_layouts: Vec<Option<BindGroupLayout>>,
    /// Bytes of immediate data.
    pub immediate_size: u32,
}

/// `GPUShaderModuleDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShaderModuleDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// WGSL.
    pub code: String,
}

/// `GPUProgrammableStage`.
#[derive(Clone, Debug)]
pub struct ProgrammableStage {
    /// The shader.
    pub module: ShaderModule,
    /// Its entry point; `None`: the only one of this stage.
    pub entry_point: Option<String>,
    /// Values of `override` constants; all are finite.
    pub constants: HashMap<String, f64>,
}

/// `GPUComputePipelineDescriptor`.
#[derive(Clone, Debug)]
pub struct ComputePipelineDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// `None`: `auto`.
    pub layout: Option<PipelineLayout>,
    /// The shader.
    pub compute: ProgrammableStage,
}

/// `GPURenderPipelineDescriptor`.
#[derive(Clone, Debug)]
pub struct RenderPipelineDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// `None`: `auto`.
    pub layout: Option<PipelineLayout>,
    /// The vertex shader and its input.
    pub vertex: VertexState,
    /// How primitives are made of vertices.
    pub primitive: wgt::PrimitiveState,
    /// What is tested before a fragment is written.
    pub depth_stencil: Option<wgt::DepthStencilState>,
    /// Samples of a pixel.
    pub multisample: wgt::MultisampleState,
    /// The fragment shader and its output.
    pub fragment: Option<FragmentState>,
}

/// `GPUVertexState`.
#[derive(Clone, Debug)]
pub struct VertexState {
    /// The shader.
    pub stage: ProgrammableStage,
    /// The buffers by slot; `None` is one that is not used.
    pub buffers: Vec<Option<VertexBufferLayout>>,
}

/// `GPUVertexBufferLayout`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VertexBufferLayout {
    /// Bytes from one element to the next.
    pub array_stride: u64,
    /// When the next one is taken.
    pub step_mode: wgt::VertexStepMode,
    /// What is in an element.
    pub attributes: Vec<wgt::VertexAttribute>,
}

/// `GPUFragmentState`.
#[derive(Clone, Debug)]
pub struct FragmentState {
    /// The shader.
    pub stage: ProgrammableStage,
    /// Where it writes; `None` is a place that is not used.
    pub targets: Vec<Option<wgt::ColorTargetState>>,
}

/// `GPUComputePassDescriptor`.
#[derive(Clone, Debug, Default)]
pub struct ComputePassDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// When it began and ended is written there.
    pub timestamp_writes: Option<TimestampWrites>,
}

/// `GPURenderPassDescriptor`. `maxDrawCount` is a hint and not kept.
#[derive(Clone, Debug)]
pub struct RenderPassDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// Where colours are written; `None` is a place that is not used.
    pub color_attachments: Vec<Option<ColorAttachment>>,
    /// Where depth and stencil values are.
    pub depth_stencil: Option<DepthStencilAttachment>,
    /// Where occlusion queries write.
    pub occlusion_query_set: Option<QuerySet>,
    /// When it began and ended is written there.
    pub timestamp_writes: Option<TimestampWrites>,
}

/// `GPURenderPassColorAttachment`.
#[derive(Clone, Debug)]
pub struct ColorAttachment {
    /// The texture.
    pub view: TextureView,
    /// Which slice of a three-dimensional one.
    pub depth_slice: Option<u32>,
    /// Where samples are resolved to.
    pub resolve_target: Option<TextureView>,
    /// What is there at first; the colour is finite.
    pub load_op: wgt::LoadOp<wgt::Color>,
    /// Whether it is kept.
    pub store_op: wgt::StoreOp,
}

/// `GPURenderPassDepthStencilAttachment`. A clear without a depth is `LoadOp::Clear(None)`, which is an error.
#[derive(Clone, Debug)]
pub struct DepthStencilAttachment {
    /// The texture.
    pub view: TextureView,
    /// What becomes of depths.
    pub depth: PassChannel<Option<f32>>,
    /// What becomes of stencil values.
    pub stencil: PassChannel<Option<u32>>,
}

/// `GPURenderBundleEncoderDescriptor`.
#[derive(Clone, Debug)]
pub struct RenderBundleEncoderDescriptor {
    /// What the guest calls it.
    pub label: Option<String>,
    /// The formats of the pass that will run it.
    pub color_formats: Vec<Option<wgt::TextureFormat>>,
    /// Depth and stencil of that pass.
    pub depth_stencil: Option<wgt::RenderBundleDepthStencil>,
    /// Samples of a pixel of that pass.
    pub sample_count: u32,
}

//! The objects of WebGPU: one file each, with its state and its rules. They know no WIT: `v0` and `v3` are thin layers over
//! them. An object frees what it has when it is dropped, and there is no other way to free it. Making one never fails: what
//! is wrong goes to the device's errors, and the object is an invalid one, as the specification wants it.

mod adapter;
mod bind_group;
mod bind_group_layout;
mod buffer;
mod command_buffer;
mod command_encoder;
mod compilation_info;
mod compiled;
mod compute_pass;
mod compute_pipeline;
mod create;
mod device;
mod graphics_context;
mod invalid;
mod label;
mod memory;
mod names;
mod nesting;
mod pipeline_layout;
mod query_set;
mod queue;
mod render_bundle;
mod render_pass;
mod render_pipeline;
mod sampler;
mod shader_module;
mod texture;
mod texture_view;
mod texture_write;
mod weight;
mod window;

pub use adapter::{Adapter, AdapterInfo};
pub use bind_group::{BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource};
pub use bind_group_layout::{BindGroupLayout, BindGroupLayoutDescriptor};
pub use buffer::{Buffer, MapError, MapState, RangeError};
pub(crate) use buffer::{Core as BufferCore, MapRequest};
pub use command_buffer::CommandBuffer;
pub(crate) use command_buffer::Core as CommandBufferCore;
pub(crate) use device::DeviceCore;
pub use device::{Device, RequestError};
pub use graphics_context::{AbstractBuffer, FRAME, GraphicsContext, NotConnected};
pub(crate) use memory::{InFlight, Uses};
pub use names::{LIMITS, Limit, feature};
pub use pipeline_layout::{PipelineLayout, PipelineLayoutDescriptor};
pub(crate) use query_set::Core as QuerySetCore;
pub use query_set::{CreateQuerySetError, QuerySet, QuerySetDescriptor, QueryType};
pub use queue::{Queue, WriteError};
pub use sampler::Sampler;
pub(crate) use texture::Core as TextureCore;
pub use texture::{Texture, TextureDescriptor};
pub use texture_view::TextureView;
pub(crate) use texture_write::TextureWrite;

pub use command_encoder::{
    CommandEncoder, CommandEncoderDescriptor, PassTimestampWrites, TexelCopyBufferInfo,
    TexelCopyTextureInfo,
};
pub use compilation_info::{CompilationInfo, CompilationMessage, CompilationMessageType};
pub use compiled::{PipelineError, PipelineErrorReason};
pub use compute_pass::{ComputePass, ComputePassDescriptor};
pub use compute_pipeline::{ComputePipeline, ComputePipelineDescriptor, ProgrammableStage};
pub use render_bundle::{RenderBundle, RenderBundleEncoder, RenderBundleEncoderDescriptor};
pub use render_pass::{
    PassChannel, RenderPass, RenderPassColorAttachment, RenderPassDepthStencilAttachment,
    RenderPassDescriptor,
};
pub use render_pipeline::{
    FragmentState, RenderPipeline, RenderPipelineDescriptor, VertexBufferLayout, VertexState,
};
pub use shader_module::{ShaderModule, ShaderModuleDescriptor};
pub use window::WindowError;

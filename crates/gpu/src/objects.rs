//! The objects of WebGPU: one file each, with its state and its rules. They know no WIT: `v3` and `v0` are thin layers over
//! them. An object frees what it has when it is dropped, and there is no other way to free it. Making one never fails: what
//! is wrong goes to the device's errors, and the object is an invalid one, as the specification wants it.

mod adapter;
mod bind_group;
mod bind_group_layout;
mod buffer;
mod command_buffer;
mod device;
mod label;
mod memory;
mod names;
mod pipeline_layout;
mod query_set;
mod queue;
mod sampler;
mod texture;
mod texture_view;
mod texture_write;

pub use adapter::{Adapter, AdapterInfo};
pub use bind_group::{BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource};
pub use bind_group_layout::{BindGroupLayout, BindGroupLayoutDescriptor};
pub use buffer::{Buffer, MapError, MapState, RangeError};
pub(crate) use buffer::{Core as BufferCore, MapRequest};
pub use command_buffer::CommandBuffer;
pub(crate) use command_buffer::Core as CommandBufferCore;
pub(crate) use device::DeviceCore;
pub use device::{Device, RequestError};
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

//! The objects of WebGPU: one file each, with its state and its rules. They know no WIT: `v3` and `v0` are thin layers over
//! them. An object frees what it has when it is dropped, and there is no other way to free it. Making one never fails: what
//! is wrong goes to the device's errors, and the object is an invalid one, as the specification wants it.

mod buffer;
mod command_buffer;
mod device;
mod memory;
mod queue;

pub use buffer::{Buffer, MapError, MapState, RangeError};
pub(crate) use buffer::{Core as BufferCore, MapRequest};
pub use command_buffer::CommandBuffer;
pub(crate) use command_buffer::Core as CommandBufferCore;
pub(crate) use device::DeviceCore;
pub use device::{Device, RequestError};
pub(crate) use memory::{InFlight, Uses};
pub use queue::{Queue, WriteError};

//! `GPUCommandBuffer`: commands that were recorded and can be submitted once.

use std::sync::Arc;

use wgpu_core::id::CommandBufferId;

use super::DeviceCore;
use super::memory::Uses;

/// A command buffer; clones are the same one.
#[derive(Clone, Debug)]
pub struct CommandBuffer {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: CommandBufferId,
    pub(crate) uses: Uses,
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.command_buffer_drop(self.id);
    }
}

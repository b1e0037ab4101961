//! `GPUCommandBuffer`: what an encoder recorded, to be submitted once.

use std::sync::Arc;

use wgpu_core::id::CommandBufferId;

use super::DeviceCore;
use super::label::Label;
use super::memory::Uses;
use crate::ledger::Credit;

/// Commands to submit; clones are the same ones.
#[derive(Clone, Debug)]
pub struct CommandBuffer {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: CommandBufferId,
    pub(crate) uses: Uses,
    /// Dispatches and draws.
    pub(crate) dispatches: u64,
    pub(super) label: Label,
    pub(super) _object: Option<Credit>,
}

impl CommandBuffer {
    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.command_buffer_drop(self.id);
    }
}

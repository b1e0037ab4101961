//! `GPUCommandEncoder`: records commands. What is wrong about them is told when it is finished, as WebGPU wants it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wgpu_core::command::{EncoderStateError, PassTimestampWrites as CoreTimestampWrites};
use wgpu_core::id::CommandEncoderId;
use wgpu_types as wgt;
use wgpu_types::error::WebGpuError;

use super::command_buffer::Core as CommandBufferCore;
use super::label::Label;
use super::memory::{Memory, Uses};
use super::{
    Buffer, CommandBuffer, ComputePass, ComputePassDescriptor, DeviceCore, QuerySet, RenderPass,
    RenderPassDescriptor, Texture,
};
use crate::error::GpuError;
use crate::ledger::{Charged, Credit};

/// Bytes of arguments that are counted as one more command.
const GRAIN: usize = 64;

/// A command encoder; clones are the same one.
#[derive(Clone, Debug)]
pub struct CommandEncoder {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: CommandEncoderId,
    label: Label,
    state: Mutex<State>,
    _object: Option<Credit>,
}

#[derive(Debug, Default)]
struct State {
    uses: Uses,
    commands: u64,
    /// Dispatches and draws.
    dispatches: u64,
    /// What this crate found wrong first; from then on nothing is recorded.
    error: Option<GpuError>,
    finished: bool,
}

/// `GPUCommandEncoderDescriptor` and `GPUCommandBufferDescriptor`.
#[derive(Clone, Debug, Default)]
pub struct CommandEncoderDescriptor {
    /// Its label.
    pub label: Option<String>,
}

/// Where a pass writes the time: `GPUComputePassTimestampWrites` and `GPURenderPassTimestampWrites`.
#[derive(Clone, Debug)]
pub struct PassTimestampWrites {
    /// Where to.
    pub query_set: QuerySet,
    /// The place for the time at which the pass begins.
    pub beginning_of_pass_write_index: Option<u32>,
    /// The place for the time at which it ends.
    pub end_of_pass_write_index: Option<u32>,
}

/// `GPUTexelCopyBufferInfo`.
#[derive(Clone, Debug)]
pub struct TexelCopyBufferInfo {
    /// The buffer.
    pub buffer: Buffer,
    /// Where the texels are in it.
    pub layout: wgt::TexelCopyBufferLayout,
}

/// `GPUTexelCopyTextureInfo`.
#[derive(Clone, Debug)]
pub struct TexelCopyTextureInfo {
    /// The texture.
    pub texture: Texture,
    /// Its mip level.
    pub mip_level: u32,
    /// The first texel.
    pub origin: wgt::Origin3d,
    /// Colour, depth or stencil.
    pub aspect: wgt::TextureAspect,
}

impl TexelCopyTextureInfo {
    fn core(&self) -> wgt::TexelCopyTextureInfo<wgpu_core::id::TextureId> {
        wgt::TexelCopyTextureInfo {
            texture: self.texture.core.id,
            mip_level: self.mip_level,
            origin: self.origin,
            aspect: self.aspect,
        }
    }
}

impl TexelCopyBufferInfo {
    fn core(&self) -> wgt::TexelCopyBufferInfo<wgpu_core::id::BufferId> {
        wgt::TexelCopyBufferInfo {
            buffer: self.buffer.core.id,
            layout: self.layout,
        }
    }
}

impl CommandEncoder {
    pub(super) fn new(device: &Arc<DeviceCore>, descriptor: &CommandEncoderDescriptor) -> Self {
        let object = device.charge(Charged::Objects, 1);
        let nameless = wgt::CommandEncoderDescriptor { label: None };
        let global = &device.lease.global;
        let (id, error) = global.device_create_command_encoder(device.id, &nameless, None);
        device.errors.report(error);
        let core = Core {
            device: Arc::clone(device),
            id,
            label: Label::new(descriptor.label.as_ref()),
            state: Mutex::default(),
            _object: object,
        };
        if core._object.is_none() {
            core.fail("the encoder is invalid: the workload has as many objects as it may have");
        }
        Self {
            core: Arc::new(core),
        }
    }

    /// Begins a compute pass, which locks the encoder until it ends.
    pub fn begin_compute_pass(&self, descriptor: &ComputePassDescriptor) -> ComputePass {
        ComputePass::new(&self.core, descriptor)
    }

    /// Begins a render pass, which locks the encoder until it ends.
    pub fn begin_render_pass(&self, descriptor: &RenderPassDescriptor) -> RenderPass {
        RenderPass::new(&self.core, descriptor)
    }

    /// Copies bytes; without a size, to the end of the source.
    pub fn copy_buffer_to_buffer(
        &self,
        source: &Buffer,
        source_offset: u64,
        destination: &Buffer,
        destination_offset: u64,
        size: Option<u64>,
    ) {
        let core = &self.core;
        if !core.admit(0) || !core.buffer(source) || !core.buffer(destination) {
            return;
        }
        let (from, to) = (source.core.id, destination.core.id);
        let global = &core.device.lease.global;
        core.told(global.command_encoder_copy_buffer_to_buffer(
            core.id,
            from,
            source_offset,
            to,
            destination_offset,
            size,
        ));
    }

    /// Copies texels from a buffer.
    pub fn copy_buffer_to_texture(
        &self,
        source: &TexelCopyBufferInfo,
        destination: &TexelCopyTextureInfo,
        size: wgt::Extent3d,
    ) {
        let core = &self.core;
        if !core.admit(0) || !core.buffer(&source.buffer) || !core.texture(&destination.texture) {
            return;
        }
        let (from, to) = (source.core(), destination.core());
        let global = &core.device.lease.global;
        core.told(global.command_encoder_copy_buffer_to_texture(core.id, &from, &to, &size));
    }

    /// Copies texels into a buffer.
    pub fn copy_texture_to_buffer(
        &self,
        source: &TexelCopyTextureInfo,
        destination: &TexelCopyBufferInfo,
        size: wgt::Extent3d,
    ) {
        let core = &self.core;
        if !core.admit(0) || !core.texture(&source.texture) || !core.buffer(&destination.buffer) {
            return;
        }
        let (from, to) = (source.core(), destination.core());
        let global = &core.device.lease.global;
        core.told(global.command_encoder_copy_texture_to_buffer(core.id, &from, &to, &size));
    }

    /// Copies texels.
    pub fn copy_texture_to_texture(
        &self,
        source: &TexelCopyTextureInfo,
        destination: &TexelCopyTextureInfo,
        size: wgt::Extent3d,
    ) {
        let core = &self.core;
        if !core.admit(0) || !core.texture(&source.texture) || !core.texture(&destination.texture) {
            return;
        }
        let (from, to) = (source.core(), destination.core());
        let global = &core.device.lease.global;
        core.told(global.command_encoder_copy_texture_to_texture(core.id, &from, &to, &size));
    }

    /// Fills a part of a buffer with zeros; without a size, to its end.
    pub fn clear_buffer(&self, buffer: &Buffer, offset: u64, size: Option<u64>) {
        let core = &self.core;
        if !core.admit(0) || !core.buffer(buffer) {
            return;
        }
        let global = &core.device.lease.global;
        core.told(global.command_encoder_clear_buffer(core.id, buffer.core.id, offset, size));
    }

    /// Writes results of queries into a buffer.
    pub fn resolve_query_set(
        &self,
        query_set: &QuerySet,
        first_query: u32,
        query_count: u32,
        destination: &Buffer,
        destination_offset: u64,
    ) {
        let core = &self.core;
        if !core.admit(0) || !core.query_set(query_set) || !core.buffer(destination) {
            return;
        }
        let global = &core.device.lease.global;
        core.told(global.command_encoder_resolve_query_set(
            core.id,
            query_set.core.id,
            first_query,
            query_count,
            destination.core.id,
            destination_offset,
        ));
    }

    /// Begins a group for debuggers, which nobody looks at: only that groups are ended is checked.
    pub fn push_debug_group(&self, _label: &str) {
        let core = &self.core;
        if core.admit(0) {
            let global = &core.device.lease.global;
            core.told(global.command_encoder_push_debug_group(core.id, ""));
        }
    }

    /// Ends a group.
    pub fn pop_debug_group(&self) {
        let core = &self.core;
        if core.admit(0) {
            let global = &core.device.lease.global;
            core.told(global.command_encoder_pop_debug_group(core.id));
        }
    }

    /// Marks a place for debuggers.
    pub fn insert_debug_marker(&self, _label: &str) {
        let core = &self.core;
        if core.admit(0) {
            let global = &core.device.lease.global;
            core.told(global.command_encoder_insert_debug_marker(core.id, ""));
        }
    }

    /// Ends the recording. What was wrong about it is told now, and the result is an invalid one.
    pub fn finish(&self, descriptor: &CommandEncoderDescriptor) -> CommandBuffer {
        let core = &self.core;
        let device = &core.device;
        let global = &device.lease.global;
        let object = device.charge(Charged::Objects, 1);
        let mut state = core.state();
        let first = !std::mem::replace(&mut state.finished, true);
        let ours = state.error.take();
        let uses = std::mem::take(&mut state.uses);
        let dispatches = state.dispatches;
        drop(state);
        let spoilt = ours.is_some() || object.is_none();
        if first && spoilt {
            // A group that was never begun: it makes what is finished invalid, and why is told below.
            let _ = global.command_encoder_pop_debug_group(core.id);
        }
        let nameless = wgt::CommandBufferDescriptor { label: None };
        let (id, error) = global.command_encoder_finish(core.id, &nameless, None);
        match ours {
            Some(ours) => device.errors.push(ours),
            None if object.is_some() => device.errors.report(error.map(|(_, error)| error)),
            None => {}
        }
        CommandBuffer {
            core: Arc::new(CommandBufferCore {
                device: Arc::clone(device),
                id,
                uses,
                dispatches,
                label: Label::new(descriptor.label.as_ref()),
                _object: object,
            }),
        }
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }
}

impl Core {
    /// Counts a command with so many bytes of arguments: whether it is to be recorded.
    pub(super) fn admit(&self, bytes: usize) -> bool {
        self.admit_commands(1 + (bytes / GRAIN) as u64)
    }

    /// The same for commands that make the GPU compute or draw, so many times.
    pub(super) fn admit_work(&self, commands: u64, dispatches: u64) -> bool {
        let admitted = self.admit_commands(commands);
        if admitted {
            let mut state = self.state();
            state.dispatches = state.dispatches.saturating_add(dispatches);
        }
        admitted
    }

    fn admit_commands(&self, commands: u64) -> bool {
        let most = self.device.lease.quota().commands;
        let mut state = self.state();
        if state.error.is_some() {
            return false;
        }
        if state.finished {
            // Not to be recorded, but wgpu-core says so.
            return true;
        }
        state.commands = state.commands.saturating_add(commands);
        let within = state.commands <= most;
        drop(state);
        if !within {
            self.fail(format!(
                "the encoder has more than {most} commands: use several, or ask for a larger command quota"
            ));
        }
        within
    }

    /// Makes the encoder invalid; the first reason is told when it is finished.
    pub(super) fn fail(&self, message: impl Into<String>) {
        let mut state = self.state();
        if !state.finished {
            state
                .error
                .get_or_insert_with(|| GpuError::validation(message));
        }
    }

    /// Whether this many workgroups may be dispatched.
    pub(super) fn workgroups(&self, x: u32, y: u32, z: u32) -> bool {
        let most = self.device.lease.quota().workgroups;
        let asked = u128::from(x) * u128::from(y) * u128::from(z);
        let within = asked <= u128::from(most);
        if !within {
            self.fail(format!(
                "a dispatch of {x} x {y} x {z} workgroups is more than {most}: dispatch fewer at a time, or ask for a larger workgroup quota"
            ));
        }
        within
    }

    pub(super) fn buffer(&self, buffer: &Buffer) -> bool {
        self.holds(&buffer.core.device, buffer.core.memory())
    }

    pub(super) fn texture(&self, texture: &Texture) -> bool {
        self.holds(&texture.core.device, texture.core.memory())
    }

    pub(super) fn query_set(&self, set: &QuerySet) -> bool {
        self.holds(&set.core.device, set.core.memory())
    }

    /// Keeps the memory for what was recorded; whether it is of this device's wgpu-core at all.
    pub(super) fn holds(&self, device: &DeviceCore, memory: Option<&Arc<Memory>>) -> bool {
        if !self.owned(device) {
            return false;
        }
        if let Some(memory) = memory {
            let mut state = self.state();
            if !state.finished {
                state.uses.add(memory);
            }
        }
        true
    }

    pub(super) fn holds_all(&self, uses: &Uses) {
        let mut state = self.state();
        if !state.finished {
            state.uses.extend(uses);
        }
    }

    pub(super) fn owned(&self, device: &DeviceCore) -> bool {
        let owned = self.device.owns(device);
        if !owned {
            self.fail("an object of another device was used in a command encoder");
        }
        owned
    }

    pub(super) fn timestamps(
        &self,
        writes: Option<&PassTimestampWrites>,
    ) -> Option<CoreTimestampWrites> {
        writes
            .filter(|writes| self.query_set(&writes.query_set))
            .map(|writes| CoreTimestampWrites {
                query_set: writes.query_set.core.id,
                beginning_of_pass_write_index: writes.beginning_of_pass_write_index,
                end_of_pass_write_index: writes.end_of_pass_write_index,
            })
    }

    /// Tells what wgpu-core does not keep for the end: that the encoder is finished already.
    pub(super) fn told<E: WebGpuError>(&self, result: Result<(), E>) {
        self.device.errors.report(result.err());
    }

    /// As above, of an encoder that is invalid for a reason that is told when it is finished.
    pub(super) fn ended(&self, result: Result<(), EncoderStateError>) {
        self.told(result);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.command_encoder_drop(self.id);
    }
}

//! `GPURenderBundleEncoder` and `GPURenderBundle`: draws that are recorded once and done often.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wgpu_core::command;
use wgpu_core::id::RenderBundleId;
use wgpu_types as wgt;

use super::label::Label;
use super::memory::Uses;
use super::render_pass::part;
use super::window::{WindowError, window};
use super::{BindGroup, Buffer, DeviceCore, RenderPipeline};
use crate::error::GpuError;
use crate::ledger::{Charged, Credit};

/// A bundle encoder; clones are the same one.
#[derive(Clone, Debug)]
pub struct RenderBundleEncoder {
    core: Arc<EncoderCore>,
}

#[derive(Debug)]
struct EncoderCore {
    device: Arc<DeviceCore>,
    label: Label,
    state: Mutex<State>,
    _object: Option<Credit>,
}

struct State {
    encoder: Box<command::RenderBundleEncoder>,
    uses: Uses,
    /// What was recorded refers to: wgpu-core looks it up by its id when the bundle is finished.
    keep: Vec<Arc<dyn Any + Send + Sync>>,
    commands: u64,
    draws: u64,
    error: Option<GpuError>,
    finished: bool,
}

/// A bundle; clones are the same one.
#[derive(Clone, Debug)]
pub struct RenderBundle {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: RenderBundleId,
    pub(crate) uses: Uses,
    pub(crate) commands: u64,
    pub(crate) draws: u64,
    label: Label,
    _object: Option<Credit>,
}

/// `GPURenderBundleEncoderDescriptor`.
#[derive(Clone, Debug)]
pub struct RenderBundleEncoderDescriptor {
    /// Its label.
    pub label: Option<String>,
    /// Formats of the attachments.
    pub color_formats: Vec<Option<wgt::TextureFormat>>,
    /// Format of depth and stencil, and what is only read.
    pub depth_stencil: Option<wgt::RenderBundleDepthStencil>,
    /// Samples of each pixel.
    pub sample_count: u32,
}

impl RenderBundleEncoder {
    pub(super) fn new(
        device: &Arc<DeviceCore>,
        descriptor: &RenderBundleEncoderDescriptor,
    ) -> Self {
        let object = device.charge(Charged::Objects, 1);
        let wanted = command::RenderBundleEncoderDescriptor {
            label: None,
            color_formats: descriptor.color_formats.as_slice().into(),
            depth_stencil: descriptor.depth_stencil,
            sample_count: descriptor.sample_count,
            multiview: None,
        };
        let global = &device.lease.global;
        let (encoder, error) = global.device_create_render_bundle_encoder(device.id, &wanted);
        let invalid = error.is_some() || object.is_none();
        device.errors.report(error);
        let invalid = invalid.then(|| GpuError::validation("the bundle encoder is invalid"));
        Self {
            core: Arc::new(EncoderCore {
                device: Arc::clone(device),
                label: Label::new(descriptor.label.as_ref()),
                state: Mutex::new(State {
                    encoder,
                    uses: Uses::default(),
                    keep: Vec::new(),
                    commands: 0,
                    draws: 0,
                    error: invalid,
                    finished: false,
                }),
                _object: object,
            }),
        }
    }

    /// Chooses what draws.
    pub fn set_pipeline(&self, pipeline: &RenderPipeline) {
        let id = pipeline.core.id;
        self.record(0, |state, device| {
            state.keep(device, &pipeline.core.device, &pipeline.core)?;
            Ok(state.encoder.set_pipeline(id))
        });
    }

    /// Chooses what shaders see; `None` is nothing.
    pub fn set_bind_group(&self, index: u32, group: Option<&BindGroup>, offsets: &[u32]) {
        self.record(size_of_val(offsets), |state, device| {
            if let Some(group) = group {
                state.keep(device, &group.core.device, &group.core)?;
                state.uses.extend(&group.core.uses);
            }
            let id = group.map(|group| group.core.id);
            Ok(state.encoder.set_bind_group(index, id, offsets))
        });
    }

    /// The same with a part of a longer list of offsets.
    ///
    /// # Errors
    ///
    /// The part is not within the list: a `RangeError`.
    pub fn set_bind_group_window(
        &self,
        index: u32,
        group: Option<&BindGroup>,
        offsets: &[u32],
        start: u64,
        length: u64,
    ) -> Result<(), WindowError> {
        self.set_bind_group(index, group, window(offsets, start, Some(length))?);
        Ok(())
    }

    /// Sets a part of the immediate data: bytes of `data` from `start` on.
    ///
    /// # Errors
    ///
    /// The part is not within the data: a `RangeError`.
    pub fn set_immediates(
        &self,
        offset: u32,
        data: &[u8],
        start: u64,
        size: Option<u64>,
    ) -> Result<(), WindowError> {
        let data = window(data, start, size)?;
        self.record(data.len(), |state, _| {
            Ok(state.encoder.set_immediates(offset, data))
        });
        Ok(())
    }

    /// Chooses where indices come from; without a size, to the end of the buffer.
    pub fn set_index_buffer(
        &self,
        buffer: &Buffer,
        format: wgt::IndexFormat,
        offset: u64,
        size: Option<u64>,
    ) {
        self.record(0, |state, device| {
            state.buffer(device, buffer)?;
            let (id, offset, size) = part(buffer, offset, size, format.byte_size() as u64)
                .ok_or_else(|| GpuError::validation("the index buffer is bound beyond its end"))?;
            Ok(state.encoder.set_index_buffer(id, format, offset, size))
        });
    }

    /// Chooses where vertices come from; `None` is nowhere.
    pub fn set_vertex_buffer(
        &self,
        slot: u32,
        buffer: Option<&Buffer>,
        offset: u64,
        size: Option<u64>,
    ) {
        self.record(0, |state, device| {
            let Some(buffer) = buffer else {
                let size = size.and_then(wgt::BufferSize::new);
                return Ok(state.encoder.set_vertex_buffer(slot, None, offset, size));
            };
            state.buffer(device, buffer)?;
            let (id, offset, size) = part(buffer, offset, size, wgt::VERTEX_ALIGNMENT)
                .ok_or_else(|| GpuError::validation("the vertex buffer is bound beyond its end"))?;
            Ok(state
                .encoder
                .set_vertex_buffer(slot, Some(id), offset, size))
        });
    }

    /// Draws.
    pub fn draw(&self, vertices: u32, instances: u32, first_vertex: u32, first_instance: u32) {
        self.record(0, |state, _| {
            state.draws += 1;
            let encoder = &mut state.encoder;
            Ok(encoder.draw(vertices, instances, first_vertex, first_instance))
        });
    }

    /// Draws by indices.
    pub fn draw_indexed(
        &self,
        indices: u32,
        instances: u32,
        first_index: u32,
        base_vertex: i32,
        first_instance: u32,
    ) {
        self.record(0, |state, _| {
            state.draws += 1;
            let encoder = &mut state.encoder;
            Ok(encoder.draw_indexed(indices, instances, first_index, base_vertex, first_instance))
        });
    }

    /// Draws what the buffer says.
    pub fn draw_indirect(&self, buffer: &Buffer, offset: u64) {
        self.record(0, |state, device| {
            state.buffer(device, buffer)?;
            within(buffer, offset, INDIRECT)?;
            state.draws += 1;
            Ok(state.encoder.draw_indirect(buffer.core.id, offset))
        });
    }

    /// Draws by indices what the buffer says.
    pub fn draw_indexed_indirect(&self, buffer: &Buffer, offset: u64) {
        self.record(0, |state, device| {
            state.buffer(device, buffer)?;
            within(buffer, offset, INDIRECT_INDEXED)?;
            state.draws += 1;
            Ok(state.encoder.draw_indexed_indirect(buffer.core.id, offset))
        });
    }

    /// Begins a group for debuggers.
    pub fn push_debug_group(&self, _label: &str) {
        self.record(0, |state, _| Ok(state.encoder.push_debug_group("")));
    }

    /// Ends a group.
    pub fn pop_debug_group(&self) {
        self.record(0, |state, _| Ok(state.encoder.pop_debug_group()));
    }

    /// Marks a place for debuggers.
    pub fn insert_debug_marker(&self, _label: &str) {
        self.record(0, |state, _| Ok(state.encoder.insert_debug_marker("")));
    }

    /// Ends the recording. What was wrong about it is told now, and the bundle is an invalid one.
    pub fn finish(&self, label: Option<&String>) -> RenderBundle {
        let device = &self.core.device;
        let global = &device.lease.global;
        let object = device.charge(Charged::Objects, 1);
        let mut state = self.state();
        state.finished = true;
        let ours = state.error.take();
        let keep = std::mem::take(&mut state.keep);
        let uses = std::mem::take(&mut state.uses);
        let (commands, draws) = (state.commands, state.draws);
        let nameless = wgt::RenderBundleDescriptor { label: None };
        if ours.is_some() || object.is_none() {
            // One that is finished already: whatever is finished now is invalid.
            *state.encoder = command::RenderBundleEncoder::dummy(device.id);
        }
        let (id, error) = global.render_bundle_encoder_finish(&mut state.encoder, &nameless, None);
        drop(state);
        drop(keep);
        match ours {
            Some(ours) => device.errors.push(ours),
            None if object.is_some() => device.errors.report(error),
            None => {}
        }
        RenderBundle {
            core: Arc::new(Core {
                device: Arc::clone(device),
                id,
                uses,
                commands,
                draws,
                label: Label::new(label),
                _object: object,
            }),
        }
    }

    /// Where its errors go.
    pub fn errors(&self) -> &crate::error::Errors {
        &self.core.device.errors
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }

    fn record(
        &self,
        bytes: usize,
        record: impl FnOnce(
            &mut State,
            &DeviceCore,
        ) -> Result<Result<(), command::PassStateError>, GpuError>,
    ) {
        let device = &self.core.device;
        let mut state = self.state();
        if state.finished {
            drop(state);
            let error = GpuError::validation("the bundle encoder was finished");
            device.errors.push(error);
            return;
        }
        if state.error.is_some() {
            return;
        }
        let most = device.lease.quota().commands;
        state.commands = state.commands.saturating_add(1 + (bytes / 64) as u64);
        if state.commands > most {
            state.error = Some(GpuError::validation(format!(
                "the bundle has more than {most} commands: use several, or ask for a larger command quota"
            )));
            return;
        }
        match record(&mut state, device) {
            Ok(recorded) => {
                drop(state);
                device.errors.report(recorded.err());
            }
            Err(error) => state.error = Some(error),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.core
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep<T: Any + Send + Sync>(
        &mut self,
        device: &DeviceCore,
        of: &DeviceCore,
        core: &Arc<T>,
    ) -> Result<(), GpuError> {
        if !device.owns(of) {
            return Err(GpuError::validation(
                "an object of another device was used in a render bundle",
            ));
        }
        self.keep.push(Arc::clone(core) as _);
        Ok(())
    }

    fn buffer(&mut self, device: &DeviceCore, buffer: &Buffer) -> Result<(), GpuError> {
        self.keep(device, &buffer.core.device, &buffer.core)?;
        if let Some(memory) = buffer.core.memory() {
            self.uses.add(memory);
        }
        Ok(())
    }
}

/// Bytes that tell an indirect draw what to draw.
const INDIRECT: u64 = 16;
/// The same for one by indices.
const INDIRECT_INDEXED: u64 = 20;

/// Whether they are where they may be, all in the buffer: wgpu-core takes that for granted in bundles, and panics where they
/// are not.
fn within(buffer: &Buffer, offset: u64, bytes: u64) -> Result<(), GpuError> {
    let size = buffer.size();
    if !offset.is_multiple_of(4) {
        return Err(GpuError::validation(format!(
            "an indirect draw reads from byte {offset} on, which is not a multiple of 4"
        )));
    }
    if offset.checked_add(bytes).is_some_and(|end| end <= size) {
        return Ok(());
    }
    Err(GpuError::validation(format!(
        "an indirect draw reads {bytes} bytes from byte {offset} on, and the buffer has {size}"
    )))
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("commands", &self.commands)
            .finish_non_exhaustive()
    }
}

impl RenderBundle {
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
        self.device.lease.global.render_bundle_drop(self.id);
    }
}

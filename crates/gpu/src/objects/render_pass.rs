//! `GPURenderPassEncoder`: records draws.

use std::sync::{Arc, Mutex, PoisonError};

use wgpu_core::command;
use wgpu_core::id::BufferId;
use wgpu_types as wgt;

use super::command_encoder::Core as EncoderCore;
use super::label::Label;
use super::window::{WindowError, window};
use super::{
    BindGroup, Buffer, PassTimestampWrites, QuerySet, RenderBundle, RenderPipeline, TextureView,
};
use crate::ledger::{Charged, Credit};

/// A render pass; clones are the same one.
#[derive(Clone, Debug)]
pub struct RenderPass {
    core: Arc<Core>,
}

#[derive(Debug)]
struct Core {
    encoder: Arc<EncoderCore>,
    pass: Mutex<command::RenderPass>,
    label: Label,
    _object: Option<Credit>,
}

/// `GPURenderPassDescriptor`.
#[derive(Clone, Debug, Default)]
pub struct RenderPassDescriptor {
    /// Its label.
    pub label: Option<String>,
    /// What is drawn to.
    pub color_attachments: Vec<Option<RenderPassColorAttachment>>,
    /// Depth and stencil.
    pub depth_stencil_attachment: Option<RenderPassDepthStencilAttachment>,
    /// Where occlusion queries write to.
    pub occlusion_query_set: Option<QuerySet>,
    /// Where to write the time.
    pub timestamp_writes: Option<PassTimestampWrites>,
    /// Draws that the pass may have; `None` is the default of WebGPU. Here the quota of commands is what counts.
    pub max_draw_count: Option<u64>,
}

/// `GPURenderPassColorAttachment`.
#[derive(Clone, Debug)]
pub struct RenderPassColorAttachment {
    /// What is drawn to.
    pub view: TextureView,
    /// The slice of a 3D view.
    pub depth_slice: Option<u32>,
    /// Where samples are resolved to.
    pub resolve_target: Option<TextureView>,
    /// What is there first.
    pub load_op: wgt::LoadOp<wgt::Color>,
    /// What becomes of it.
    pub store_op: wgt::StoreOp,
}

/// `GPURenderPassDepthStencilAttachment`.
#[derive(Clone, Debug)]
pub struct RenderPassDepthStencilAttachment {
    /// What is drawn to.
    pub view: TextureView,
    /// Depth.
    pub depth: PassChannel<Option<f32>>,
    /// Stencil.
    pub stencil: PassChannel<Option<u32>>,
}

/// One of depth and stencil.
pub type PassChannel<V> = command::PassChannel<V>;

impl RenderPass {
    pub(super) fn new(encoder: &Arc<EncoderCore>, descriptor: &RenderPassDescriptor) -> Self {
        let object = encoder.device.charge(Charged::Objects, 1);
        if object.is_none() {
            encoder
                .fail("a pass could not be begun: the workload has as many objects as it may have");
        }
        encoder.admit(0);
        let colors = descriptor.color_attachments.iter();
        let occlusion = descriptor.occlusion_query_set.as_ref();
        let wanted = command::RenderPassDescriptor {
            label: None,
            color_attachments: colors.map(|it| color(encoder, it.as_ref()?)).collect(),
            depth_stencil_attachment: descriptor
                .depth_stencil_attachment
                .as_ref()
                .filter(|depth| held(encoder, &depth.view))
                .map(|depth| command::RenderPassDepthStencilAttachment {
                    view: depth.view.core.id,
                    depth: depth.depth.clone(),
                    stencil: depth.stencil.clone(),
                }),
            timestamp_writes: encoder.timestamps(descriptor.timestamp_writes.as_ref()),
            occlusion_query_set: occlusion
                .filter(|set| encoder.query_set(set))
                .map(|set| set.core.id),
            multiview_mask: None,
        };
        let global = &encoder.device.lease.global;
        let (pass, error) = global.command_encoder_begin_render_pass(encoder.id, &wanted);
        encoder.device.errors.report(error);
        Self {
            core: Arc::new(Core {
                encoder: Arc::clone(encoder),
                pass: Mutex::new(pass),
                label: Label::new(descriptor.label.as_ref()),
                _object: object,
            }),
        }
    }

    /// Chooses what draws.
    pub fn set_pipeline(&self, pipeline: &RenderPipeline) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) && encoder.owned(&pipeline.core.device) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_set_pipeline(pass, pipeline.core.id));
        }
    }

    /// Chooses what shaders see; `None` is nothing.
    pub fn set_bind_group(&self, index: u32, group: Option<&BindGroup>, offsets: &[u32]) {
        let encoder = &self.core.encoder;
        if !encoder.admit(size_of_val(offsets)) {
            return;
        }
        if let Some(group) = group {
            if !encoder.owned(&group.core.device) {
                return;
            }
            encoder.holds_all(&group.core.uses);
        }
        let global = &encoder.device.lease.global;
        let id = group.map(|group| group.core.id);
        self.record(|pass| global.render_pass_set_bind_group(pass, index, id, offsets));
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
        let encoder = &self.core.encoder;
        if encoder.admit(data.len()) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_set_immediates(pass, offset, data));
        }
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
        let encoder = &self.core.encoder;
        if !encoder.admit(0) || !encoder.buffer(buffer) {
            return;
        }
        let Some((id, offset, size)) = part(buffer, offset, size, format.byte_size() as u64) else {
            encoder.fail("the index buffer is bound beyond its end");
            return;
        };
        let global = &encoder.device.lease.global;
        self.record(|pass| global.render_pass_set_index_buffer(pass, id, format, offset, size));
    }

    /// Chooses where vertices come from; `None` is nowhere.
    pub fn set_vertex_buffer(
        &self,
        slot: u32,
        buffer: Option<&Buffer>,
        offset: u64,
        size: Option<u64>,
    ) {
        let encoder = &self.core.encoder;
        if !encoder.admit(0) || !buffer.is_none_or(|buffer| encoder.buffer(buffer)) {
            return;
        }
        let bound = match buffer.map(|buffer| part(buffer, offset, size, wgt::VERTEX_ALIGNMENT)) {
            None => (None, offset, size.and_then(wgt::BufferSize::new)),
            Some(Some((id, offset, size))) => (Some(id), offset, size),
            Some(None) => {
                encoder.fail("the vertex buffer is bound beyond its end");
                return;
            }
        };
        let global = &encoder.device.lease.global;
        let (id, offset, size) = bound;
        self.record(|pass| global.render_pass_set_vertex_buffer(pass, slot, id, offset, size));
    }

    /// Draws.
    pub fn draw(&self, vertices: u32, instances: u32, first_vertex: u32, first_instance: u32) {
        let encoder = &self.core.encoder;
        if encoder.admit_work(1, 1) {
            let global = &encoder.device.lease.global;
            self.record(|pass| {
                global.render_pass_draw(pass, vertices, instances, first_vertex, first_instance)
            });
        }
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
        let encoder = &self.core.encoder;
        if encoder.admit_work(1, 1) {
            let global = &encoder.device.lease.global;
            self.record(|pass| {
                global.render_pass_draw_indexed(
                    pass,
                    indices,
                    instances,
                    first_index,
                    base_vertex,
                    first_instance,
                )
            });
        }
    }

    /// Draws what the buffer says.
    pub fn draw_indirect(&self, buffer: &Buffer, offset: u64) {
        let encoder = &self.core.encoder;
        if encoder.admit_work(1, 1) && encoder.buffer(buffer) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_draw_indirect(pass, buffer.core.id, offset));
        }
    }

    /// Draws by indices what the buffer says.
    pub fn draw_indexed_indirect(&self, buffer: &Buffer, offset: u64) {
        let encoder = &self.core.encoder;
        if encoder.admit_work(1, 1) && encoder.buffer(buffer) {
            let global = &encoder.device.lease.global;
            let id = buffer.core.id;
            self.record(|pass| global.render_pass_draw_indexed_indirect(pass, id, offset));
        }
    }

    /// Begins a group for debuggers.
    pub fn push_debug_group(&self, _label: &str) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_push_debug_group(pass, "", 0));
        }
    }

    /// Ends a group.
    pub fn pop_debug_group(&self) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_pop_debug_group(pass));
        }
    }

    /// Marks a place for debuggers.
    pub fn insert_debug_marker(&self, _label: &str) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_insert_debug_marker(pass, "", 0));
        }
    }

    /// Chooses the part of the attachments that is drawn to.
    pub fn set_viewport(&self, x: f32, y: f32, width: f32, height: f32, depth: (f32, f32)) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            let (near, far) = depth;
            self.record(|pass| {
                global.render_pass_set_viewport(pass, x, y, width, height, near, far)
            });
        }
    }

    /// Chooses which pixels may change.
    pub fn set_scissor_rect(&self, x: u32, y: u32, width: u32, height: u32) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_set_scissor_rect(pass, x, y, width, height));
        }
    }

    /// Sets the constant colour for blending.
    pub fn set_blend_constant(&self, color: wgt::Color) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_set_blend_constant(pass, color));
        }
    }

    /// Sets what stencil tests compare with.
    pub fn set_stencil_reference(&self, reference: u32) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_set_stencil_reference(pass, reference));
        }
    }

    /// Counts the samples that are drawn from now on.
    pub fn begin_occlusion_query(&self, query_index: u32) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_begin_occlusion_query(pass, query_index));
        }
    }

    /// Counts no longer.
    pub fn end_occlusion_query(&self) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.render_pass_end_occlusion_query(pass));
        }
    }

    /// Does what the bundles say. Each counts as many commands as it has.
    pub fn execute_bundles(&self, bundles: &[RenderBundle]) {
        let encoder = &self.core.encoder;
        for bundle in bundles {
            let commands = bundle.core.commands.saturating_add(1);
            if !encoder.admit_work(commands, bundle.core.draws)
                || !encoder.owned(&bundle.core.device)
            {
                return;
            }
            encoder.holds_all(&bundle.core.uses);
        }
        let global = &encoder.device.lease.global;
        let ids: Vec<_> = bundles.iter().map(|bundle| bundle.core.id).collect();
        self.record(|pass| global.render_pass_execute_bundles(pass, &ids));
    }

    /// Ends the pass; its encoder goes on.
    pub fn end(&self) {
        let encoder = &self.core.encoder;
        let global = &encoder.device.lease.global;
        let mut pass = self
            .core
            .pass
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let ended = global.render_pass_end(&mut pass);
        drop(pass);
        encoder.ended(ended);
    }

    /// Where its errors go.
    pub fn errors(&self) -> &crate::error::Errors {
        &self.core.encoder.device.errors
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
        record: impl FnOnce(&mut command::RenderPass) -> Result<(), command::PassStateError>,
    ) {
        let mut pass = self
            .core
            .pass
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let recorded = record(&mut pass);
        drop(pass);
        self.core.encoder.told(recorded);
    }
}

fn color(
    encoder: &EncoderCore,
    wanted: &RenderPassColorAttachment,
) -> Option<command::RenderPassColorAttachment> {
    let target = wanted.resolve_target.as_ref();
    let held = held(encoder, &wanted.view) && target.is_none_or(|target| held(encoder, target));
    held.then(|| command::RenderPassColorAttachment {
        view: wanted.view.core.id,
        depth_slice: wanted.depth_slice,
        resolve_target: target.map(|target| target.core.id),
        load_op: wanted.load_op,
        store_op: wanted.store_op,
    })
}

fn held(encoder: &EncoderCore, view: &TextureView) -> bool {
    let texture = &view.core.texture;
    encoder.holds(&texture.device, texture.memory())
}

/// A part of a buffer as wgpu-core wants it; `None` if it is beyond the end. For wgpu-core no size means the rest of the
/// buffer, so an empty part is the rest at its end.
pub(super) fn part(
    buffer: &Buffer,
    offset: u64,
    size: Option<u64>,
    alignment: u64,
) -> Option<(BufferId, u64, Option<wgt::BufferSize>)> {
    let whole = buffer.size();
    let rest = whole.checked_sub(offset)?;
    let size = size.unwrap_or(rest);
    let offset = match size {
        // Of an offset that is not aligned, wgpu-core says so.
        0 if offset.is_multiple_of(alignment) => whole - whole % alignment,
        _ => offset,
    };
    (size <= rest).then(|| (buffer.core.id, offset, wgt::BufferSize::new(size)))
}

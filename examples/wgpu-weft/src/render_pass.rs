//! Render passes.

use std::rc::Rc;

use crate::bindings::GpuRenderPassEncoder;
use crate::buffer::Buffer;
use crate::convert::color;
use crate::device::Shared;
use crate::of;
use crate::render_bundle::RenderBundle;
use wgpu::custom::*;

/// Bytes from one set of arguments of an indirect draw to the next.
const INDIRECT_DRAW: u64 = 16;
const INDIRECT_INDEXED_DRAW: u64 = 20;

pub(crate) struct RenderPass {
    shared: Rc<Shared>,
    pass: GpuRenderPassEncoder,
}

impl std::fmt::Debug for RenderPass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RenderPass").field(&self.pass).finish()
    }
}

impl RenderPass {
    pub(crate) fn new(shared: &Rc<Shared>, pass: GpuRenderPassEncoder) -> Self {
        Self {
            shared: Rc::clone(shared),
            pass,
        }
    }

    fn refuse(&self, what: &str) {
        self.shared.refuse(format!("WebGPU has no {what}"));
    }
}

impl Drop for RenderPass {
    fn drop(&mut self) {
        self.pass.end();
    }
}

impl RenderPassInterface for RenderPass {
    crate::drawing::commands!(pass);

    fn set_blend_constant(&mut self, constant: wgpu::Color) {
        self.pass.set_blend_constant(color(constant));
    }

    fn set_scissor_rect(&mut self, x: u32, y: u32, width: u32, height: u32) {
        self.pass.set_scissor_rect(x, y, width, height);
    }

    fn set_viewport(&mut self, x: f32, y: f32, width: f32, height: f32, min: f32, max: f32) {
        self.pass.set_viewport(x, y, width, height, min, max);
    }

    fn set_stencil_reference(&mut self, reference: u32) {
        self.pass.set_stencil_reference(reference);
    }

    fn draw_mesh_tasks(&mut self, _: u32, _: u32, _: u32) {
        self.refuse("mesh shaders");
    }

    fn draw_mesh_tasks_indirect(&mut self, _: &DispatchBuffer, _: u64) {
        self.refuse("mesh shaders");
    }

    fn multi_draw_indirect(&mut self, buffer: &DispatchBuffer, offset: u64, count: u32) {
        let buffer = of!(buffer => Buffer).buffer();
        for draw in 0..u64::from(count) {
            self.pass
                .draw_indirect(buffer, offset + draw * INDIRECT_DRAW);
        }
    }

    fn multi_draw_indexed_indirect(&mut self, buffer: &DispatchBuffer, offset: u64, count: u32) {
        let buffer = of!(buffer => Buffer).buffer();
        for draw in 0..u64::from(count) {
            self.pass
                .draw_indexed_indirect(buffer, offset + draw * INDIRECT_INDEXED_DRAW);
        }
    }

    fn multi_draw_indirect_count(
        &mut self,
        _: &DispatchBuffer,
        _: u64,
        _: &DispatchBuffer,
        _: u64,
        _: u32,
    ) {
        self.refuse("draws whose number is in a buffer");
    }

    fn multi_draw_mesh_tasks_indirect(&mut self, _: &DispatchBuffer, _: u64, _: u32) {
        self.refuse("mesh shaders");
    }

    fn multi_draw_indexed_indirect_count(
        &mut self,
        _: &DispatchBuffer,
        _: u64,
        _: &DispatchBuffer,
        _: u64,
        _: u32,
    ) {
        self.refuse("draws whose number is in a buffer");
    }

    fn multi_draw_mesh_tasks_indirect_count(
        &mut self,
        _: &DispatchBuffer,
        _: u64,
        _: &DispatchBuffer,
        _: u64,
        _: u32,
    ) {
        self.refuse("mesh shaders");
    }

    fn insert_debug_marker(&mut self, label: &str) {
        self.pass.insert_debug_marker(label);
    }

    fn push_debug_group(&mut self, label: &str) {
        self.pass.push_debug_group(label);
    }

    fn pop_debug_group(&mut self) {
        self.pass.pop_debug_group();
    }

    fn write_timestamp(&mut self, _: &DispatchQuerySet, _: u32) {
        self.refuse("timestamps inside passes: let the pass write them at its ends");
    }

    fn begin_occlusion_query(&mut self, query_index: u32) {
        self.pass.begin_occlusion_query(query_index);
    }

    fn end_occlusion_query(&mut self) {
        self.pass.end_occlusion_query();
    }

    fn begin_pipeline_statistics_query(&mut self, _: &DispatchQuerySet, _: u32) {
        self.refuse("queries of pipeline statistics");
    }

    fn end_pipeline_statistics_query(&mut self) {}

    fn execute_bundles(&mut self, bundles: &mut dyn Iterator<Item = &DispatchRenderBundle>) {
        let bundles: Vec<_> = bundles
            .map(|bundle| &of!(bundle => RenderBundle).0)
            .collect();
        self.pass.execute_bundles(&bundles);
    }
}

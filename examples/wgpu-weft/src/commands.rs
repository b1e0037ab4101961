//! Command encoders and what they finish as.

use std::rc::Rc;

use crate::bindings::*;
use crate::buffer::Buffer;
use crate::compute_pass::ComputePass;
use crate::convert::{
    buffer_place, color_attachment, depth_stencil_attachment, extent, label, texture_place,
};
use crate::device::Shared;
use crate::of;
use crate::query::QuerySet;
use crate::render_pass::RenderPass;
use wgpu::custom::*;

pub(crate) struct CommandEncoder {
    shared: Rc<Shared>,
    encoder: GpuCommandEncoder,
}

impl std::fmt::Debug for CommandEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CommandEncoder")
            .field(&self.encoder)
            .finish()
    }
}

impl CommandEncoder {
    pub(crate) fn new(shared: &Rc<Shared>, encoder: GpuCommandEncoder) -> Self {
        Self {
            shared: Rc::clone(shared),
            encoder,
        }
    }

    fn refuse(&self, what: &str) {
        self.shared.refuse(format!("WebGPU has no {what}"));
    }
}

/// The timestamps that a pass writes; none where the set could not be made.
macro_rules! timestamps {
    ($writes:expr => $record:ident) => {
        $writes.as_ref().and_then(|writes| {
            Some($record {
                query_set: of!(writes.query_set => QuerySet).0.as_ref()?,
                beginning_of_pass_write_index: writes.beginning_of_pass_write_index,
                end_of_pass_write_index: writes.end_of_pass_write_index,
            })
        })
    };
}

impl CommandEncoderInterface for CommandEncoder {
    fn copy_buffer_to_buffer(
        &self,
        source: &DispatchBuffer,
        source_offset: u64,
        destination: &DispatchBuffer,
        destination_offset: u64,
        copy_size: Option<u64>,
    ) {
        self.encoder.copy_buffer_to_buffer(
            of!(source => Buffer).buffer(),
            Some(source_offset),
            of!(destination => Buffer).buffer(),
            Some(destination_offset),
            copy_size,
        );
    }

    fn copy_buffer_to_texture(
        &self,
        source: wgpu::TexelCopyBufferInfo<'_>,
        destination: wgpu::TexelCopyTextureInfo<'_>,
        copy_size: wgpu::Extent3d,
    ) {
        self.encoder.copy_buffer_to_texture(
            &buffer_place(source),
            &texture_place(destination),
            extent(copy_size),
        );
    }

    fn copy_texture_to_buffer(
        &self,
        source: wgpu::TexelCopyTextureInfo<'_>,
        destination: wgpu::TexelCopyBufferInfo<'_>,
        copy_size: wgpu::Extent3d,
    ) {
        self.encoder.copy_texture_to_buffer(
            &texture_place(source),
            &buffer_place(destination),
            extent(copy_size),
        );
    }

    fn copy_texture_to_texture(
        &self,
        source: wgpu::TexelCopyTextureInfo<'_>,
        destination: wgpu::TexelCopyTextureInfo<'_>,
        copy_size: wgpu::Extent3d,
    ) {
        self.encoder.copy_texture_to_texture(
            &texture_place(source),
            &texture_place(destination),
            extent(copy_size),
        );
    }

    fn begin_compute_pass(&self, desc: &wgpu::ComputePassDescriptor<'_>) -> DispatchComputePass {
        let pass = self
            .encoder
            .begin_compute_pass(Some(&GpuComputePassDescriptor {
                timestamp_writes: timestamps!(desc.timestamp_writes => GpuComputePassTimestampWrites),
                label: label(desc.label),
            }));
        DispatchComputePass::custom(ComputePass::new(&self.shared, pass))
    }

    fn begin_render_pass(&self, desc: &wgpu::RenderPassDescriptor<'_>) -> DispatchRenderPass {
        if desc.multiview_mask.is_some() {
            self.refuse("multiview");
        }
        let colors = desc.color_attachments.iter();
        let pass = self.encoder.begin_render_pass(&GpuRenderPassDescriptor {
            color_attachments: colors
                .map(|attachment| attachment.as_ref().map(color_attachment))
                .collect(),
            depth_stencil_attachment: desc
                .depth_stencil_attachment
                .as_ref()
                .map(depth_stencil_attachment),
            occlusion_query_set: desc
                .occlusion_query_set
                .and_then(|set| of!(set => QuerySet).0.as_ref()),
            timestamp_writes: timestamps!(desc.timestamp_writes => GpuRenderPassTimestampWrites),
            max_draw_count: None,
            label: label(desc.label),
        });
        DispatchRenderPass::custom(RenderPass::new(&self.shared, pass))
    }

    fn finish(&mut self) -> DispatchCommandBuffer {
        DispatchCommandBuffer::custom(CommandBuffer(self.encoder.finish(None)))
    }

    fn clear_texture(&self, _: &DispatchTexture, _: &wgpu::ImageSubresourceRange) {
        self.refuse("command to clear a texture: clear it with a render pass");
    }

    fn clear_buffer(&self, buffer: &DispatchBuffer, offset: u64, size: Option<u64>) {
        let buffer = of!(buffer => Buffer).buffer();
        self.encoder.clear_buffer(buffer, Some(offset), size);
    }

    fn insert_debug_marker(&self, label: &str) {
        self.encoder.insert_debug_marker(label);
    }

    fn push_debug_group(&self, label: &str) {
        self.encoder.push_debug_group(label);
    }

    fn pop_debug_group(&self) {
        self.encoder.pop_debug_group();
    }

    fn write_timestamp(&self, _: &DispatchQuerySet, _: u32) {
        self.refuse("timestamps between passes: let a pass write them");
    }

    fn resolve_query_set(
        &self,
        query_set: &DispatchQuerySet,
        first_query: u32,
        query_count: u32,
        destination: &DispatchBuffer,
        destination_offset: u64,
    ) {
        if let Some(set) = &of!(query_set => QuerySet).0 {
            self.encoder.resolve_query_set(
                set,
                first_query,
                query_count,
                of!(destination => Buffer).buffer(),
                destination_offset,
            );
        }
    }

    fn mark_acceleration_structures_built<'a>(
        &self,
        _: &mut dyn Iterator<Item = &'a wgpu::Blas>,
        _: &mut dyn Iterator<Item = &'a wgpu::Tlas>,
    ) {
        self.refuse("ray tracing");
    }

    fn build_acceleration_structures<'a>(
        &self,
        _: &mut dyn Iterator<Item = &'a wgpu::BlasBuildEntry<'a>>,
        _: &mut dyn Iterator<Item = &'a wgpu::Tlas>,
    ) {
        self.refuse("ray tracing");
    }

    fn transition_resources<'a>(
        &mut self,
        _: &mut dyn Iterator<Item = wgpu::BufferTransition<&'a DispatchBuffer>>,
        _: &mut dyn Iterator<Item = wgpu::TextureTransition<&'a DispatchTexture>>,
    ) {
        // The host sees to every transition itself.
    }
}

#[derive(Debug)]
pub(crate) struct CommandBuffer(pub(crate) GpuCommandBuffer);

impl CommandBufferInterface for CommandBuffer {}

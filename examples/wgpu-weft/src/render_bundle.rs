//! Render bundles: drawing that is recorded once and drawn again and again.

use std::rc::Rc;

use crate::binding::BindGroup;
use crate::bindings::*;
use crate::buffer::Buffer;
use crate::convert::{index_format, label, texture_format};
use crate::device::Shared;
use crate::of;
use crate::pipeline::RenderPipeline;
use std::ops::Range;
use wgpu::custom::*;

pub(crate) struct RenderBundleEncoder {
    shared: Rc<Shared>,
    encoder: GpuRenderBundleEncoder,
}

impl std::fmt::Debug for RenderBundleEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RenderBundleEncoder")
            .field(&self.encoder)
            .finish()
    }
}

impl RenderBundleEncoder {
    pub(crate) fn new(shared: &Rc<Shared>, desc: &wgpu::RenderBundleEncoderDescriptor<'_>) -> Self {
        let depth = desc.depth_stencil;
        if desc.multiview.is_some() {
            shared.refuse("WebGPU has no multiview".to_owned());
        }
        let colors = desc.color_formats.iter();
        let encoder =
            shared
                .device
                .create_render_bundle_encoder(&GpuRenderBundleEncoderDescriptor {
                    depth_read_only: depth.map(|depth| depth.depth_read_only),
                    stencil_read_only: depth.map(|depth| depth.stencil_read_only),
                    // No target can have a format that WebGPU does not have: the host refused that.
                    color_formats: colors
                        .map(|format| format.and_then(texture_format))
                        .collect(),
                    depth_stencil_format: depth.and_then(|depth| texture_format(depth.format)),
                    sample_count: Some(desc.sample_count),
                    label: label(desc.label),
                });
        Self {
            shared: Rc::clone(shared),
            encoder,
        }
    }
}

impl RenderBundleEncoderInterface for RenderBundleEncoder {
    fn set_pipeline(&mut self, pipeline: &DispatchRenderPipeline) {
        self.encoder
            .set_pipeline(&of!(pipeline => RenderPipeline).0);
    }

    fn set_bind_group(&mut self, index: u32, group: Option<&DispatchBindGroup>, offsets: &[u32]) {
        let group = group.map(|group| &of!(group => BindGroup).0);
        let set = self
            .encoder
            .set_bind_group(index, group, Some(offsets), None, None);
        if let Err(error) = set {
            self.shared.refuse(error.message);
        }
    }

    fn set_index_buffer(
        &mut self,
        buffer: &DispatchBuffer,
        format: wgpu::IndexFormat,
        offset: u64,
        size: Option<wgpu::BufferSize>,
    ) {
        let buffer = of!(buffer => Buffer).buffer();
        let size = size.map(u64::from);
        self.encoder
            .set_index_buffer(buffer, index_format(format), Some(offset), size);
    }

    fn set_vertex_buffer(
        &mut self,
        slot: u32,
        buffer: Option<&DispatchBuffer>,
        offset: u64,
        size: Option<wgpu::BufferSize>,
    ) {
        let buffer = buffer.map(|buffer| of!(buffer => Buffer).buffer());
        let size = size.map(u64::from);
        self.encoder
            .set_vertex_buffer(slot, buffer, Some(offset), size);
    }

    fn set_immediates(&mut self, offset: u32, data: &[u8]) {
        self.encoder.set_immediates(offset, data, None, None);
    }

    fn draw(&mut self, vertices: Range<u32>, instances: Range<u32>) {
        self.encoder.draw(
            vertices.end.saturating_sub(vertices.start),
            Some(instances.end.saturating_sub(instances.start)),
            Some(vertices.start),
            Some(instances.start),
        );
    }

    fn draw_indexed(&mut self, indices: Range<u32>, base_vertex: i32, instances: Range<u32>) {
        self.encoder.draw_indexed(
            indices.end.saturating_sub(indices.start),
            Some(instances.end.saturating_sub(instances.start)),
            Some(indices.start),
            Some(base_vertex),
            Some(instances.start),
        );
    }

    fn draw_indirect(&mut self, buffer: &DispatchBuffer, offset: u64) {
        let buffer = of!(buffer => Buffer).buffer();
        self.encoder.draw_indirect(buffer, offset);
    }

    fn draw_indexed_indirect(&mut self, buffer: &DispatchBuffer, offset: u64) {
        let buffer = of!(buffer => Buffer).buffer();
        self.encoder.draw_indexed_indirect(buffer, offset);
    }

    fn finish(self, desc: &wgpu::RenderBundleDescriptor<'_>) -> DispatchRenderBundle {
        let desc = GpuRenderBundleDescriptor {
            label: label(desc.label),
        };
        DispatchRenderBundle::custom(RenderBundle(self.encoder.finish(Some(&desc))))
    }

    fn finish_boxed(
        self: Box<Self>,
        desc: &wgpu::RenderBundleDescriptor<'_>,
    ) -> DispatchRenderBundle {
        (*self).finish(desc)
    }
}

#[derive(Debug)]
pub(crate) struct RenderBundle(pub(crate) GpuRenderBundle);

impl RenderBundleInterface for RenderBundle {}

//! The commands that a render pass and a render bundle have in common.

/// The methods of wgpu's traits for those, on the recorder of the host that is in this field.
macro_rules! commands {
    ($recorder:ident) => {
        fn set_pipeline(&mut self, pipeline: &wgpu::custom::DispatchRenderPipeline) {
            self.$recorder.set_pipeline(&crate::of!(pipeline => crate::pipeline::RenderPipeline).0);
        }

        fn set_bind_group(&mut self, index: u32, group: Option<&wgpu::custom::DispatchBindGroup>, offsets: &[u32]) {
            let group = group.map(|group| &crate::of!(group => crate::binding::BindGroup).0);
            let set = self
                .$recorder
                .set_bind_group(index, group, Some(offsets), None, None);
            if let Err(error) = set {
                self.shared.refuse(error.message);
            }
        }

        fn set_index_buffer(
            &mut self,
            buffer: &wgpu::custom::DispatchBuffer,
            format: wgpu::IndexFormat,
            offset: u64,
            size: Option<wgpu::BufferSize>,
        ) {
            let buffer = crate::of!(buffer => crate::buffer::Buffer).buffer();
            let size = size.map(u64::from);
            self.$recorder
                .set_index_buffer(buffer, crate::convert::index_format(format), Some(offset), size);
        }

        fn set_vertex_buffer(
            &mut self,
            slot: u32,
            buffer: Option<&wgpu::custom::DispatchBuffer>,
            offset: u64,
            size: Option<wgpu::BufferSize>,
        ) {
            let buffer = buffer.map(|buffer| crate::of!(buffer => crate::buffer::Buffer).buffer());
            let size = size.map(u64::from);
            self.$recorder
                .set_vertex_buffer(slot, buffer, Some(offset), size);
        }

        fn set_immediates(&mut self, offset: u32, data: &[u8]) {
            self.$recorder.set_immediates(offset, data, None, None);
        }

        fn draw(&mut self, vertices: std::ops::Range<u32>, instances: std::ops::Range<u32>) {
            self.$recorder.draw(
                vertices.end.saturating_sub(vertices.start),
                Some(instances.end.saturating_sub(instances.start)),
                Some(vertices.start),
                Some(instances.start),
            );
        }

        fn draw_indexed(&mut self, indices: std::ops::Range<u32>, base_vertex: i32, instances: std::ops::Range<u32>) {
            self.$recorder.draw_indexed(
                indices.end.saturating_sub(indices.start),
                Some(instances.end.saturating_sub(instances.start)),
                Some(indices.start),
                Some(base_vertex),
                Some(instances.start),
            );
        }

        fn draw_indirect(&mut self, buffer: &wgpu::custom::DispatchBuffer, offset: u64) {
            let buffer = crate::of!(buffer => crate::buffer::Buffer).buffer();
            self.$recorder.draw_indirect(buffer, offset);
        }

        fn draw_indexed_indirect(&mut self, buffer: &wgpu::custom::DispatchBuffer, offset: u64) {
            let buffer = crate::of!(buffer => crate::buffer::Buffer).buffer();
            self.$recorder.draw_indexed_indirect(buffer, offset);
        }
    };
}
pub(crate) use commands;

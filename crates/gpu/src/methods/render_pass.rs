//! `gpu-render-pass-encoder` and `gpu-render-bundle-encoder`.

/// Pipelines, buffers and draws, which passes and bundles have alike, within their implementations.
macro_rules! drawing {
    ($w:ident, $type:ty) => {
        fn set_pipeline(
            &mut self,
            this: Resource<$type>,
            pipeline: Resource<RenderPipeline>,
        ) -> wasmtime::Result<()> {
            self.of(&this)?.set_pipeline(&self.of(&pipeline)?);
            Ok(())
        }

        fn set_index_buffer(
            &mut self,
            this: Resource<$type>,
            buffer: Resource<Buffer>,
            format: $w::GpuIndexFormat,
            offset: Option<u64>,
            size: Option<u64>,
        ) -> wasmtime::Result<()> {
            let buffer = self.of(&buffer)?;
            self.of(&this)?
                .set_index_buffer(&buffer, format.into(), offset.unwrap_or(0), size);
            Ok(())
        }

        fn set_vertex_buffer(
            &mut self,
            this: Resource<$type>,
            slot: u32,
            buffer: Option<Resource<Buffer>>,
            offset: Option<u64>,
            size: Option<u64>,
        ) -> wasmtime::Result<()> {
            let buffer = buffer.map(|buffer| self.of(&buffer)).transpose()?;
            self.of(&this)?
                .set_vertex_buffer(slot, buffer.as_ref(), offset.unwrap_or(0), size);
            Ok(())
        }

        fn draw(
            &mut self,
            this: Resource<$type>,
            vertices: u32,
            instances: Option<u32>,
            first_vertex: Option<u32>,
            first_instance: Option<u32>,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.draw(
                vertices,
                instances.unwrap_or(1),
                first_vertex.unwrap_or(0),
                first_instance.unwrap_or(0),
            );
            Ok(())
        }

        fn draw_indexed(
            &mut self,
            this: Resource<$type>,
            indices: u32,
            instances: Option<u32>,
            first_index: Option<u32>,
            base_vertex: Option<i32>,
            first_instance: Option<u32>,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.draw_indexed(
                indices,
                instances.unwrap_or(1),
                first_index.unwrap_or(0),
                base_vertex.unwrap_or(0),
                first_instance.unwrap_or(0),
            );
            Ok(())
        }

        fn draw_indirect(
            &mut self,
            this: Resource<$type>,
            buffer: Resource<Buffer>,
            offset: u64,
        ) -> wasmtime::Result<()> {
            self.of(&this)?.draw_indirect(&self.of(&buffer)?, offset);
            Ok(())
        }

        fn draw_indexed_indirect(
            &mut self,
            this: Resource<$type>,
            buffer: Resource<Buffer>,
            offset: u64,
        ) -> wasmtime::Result<()> {
            self.of(&this)?
                .draw_indexed_indirect(&self.of(&buffer)?, offset);
            Ok(())
        }
    };
}

/// `gpu-render-pass-encoder`, within its implementation.
macro_rules! render_pass {
    ($w:ident) => {
        fn set_viewport(
            &mut self,
            this: Resource<RenderPassEncoder>,
            x: f32,
            y: f32,
            width: f32,
            height: f32,
            min_depth: f32,
            max_depth: f32,
        ) -> wasmtime::Result<()> {
            self.table
                .get(&this)?
                .set_viewport(x, y, width, height, (min_depth, max_depth));
            Ok(())
        }

        fn set_scissor_rect(
            &mut self,
            this: Resource<RenderPassEncoder>,
            x: u32,
            y: u32,
            width: u32,
            height: u32,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.set_scissor_rect(x, y, width, height);
            Ok(())
        }

        fn set_blend_constant(
            &mut self,
            this: Resource<RenderPassEncoder>,
            color: $w::GpuColor,
        ) -> wasmtime::Result<()> {
            let pass = self.of(&this)?;
            match color.plain() {
                Ok(color) => pass.set_blend_constant(color),
                Err(unsupported) => pass.errors().push(unsupported.into()),
            }
            Ok(())
        }

        fn set_stencil_reference(
            &mut self,
            this: Resource<RenderPassEncoder>,
            reference: u32,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.set_stencil_reference(reference);
            Ok(())
        }

        fn begin_occlusion_query(
            &mut self,
            this: Resource<RenderPassEncoder>,
            index: u32,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.begin_occlusion_query(index);
            Ok(())
        }

        fn end_occlusion_query(
            &mut self,
            this: Resource<RenderPassEncoder>,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.end_occlusion_query();
            Ok(())
        }

        fn execute_bundles(
            &mut self,
            this: Resource<RenderPassEncoder>,
            bundles: Vec<Resource<RenderBundle>>,
        ) -> wasmtime::Result<()> {
            let bundles: Vec<_> = bundles
                .iter()
                .map(|bundle| self.of(bundle))
                .collect::<Result<_, _>>()?;
            self.table.get(&this)?.execute_bundles(&bundles);
            Ok(())
        }

        fn end(&mut self, this: Resource<RenderPassEncoder>) -> wasmtime::Result<()> {
            self.table.get(&this)?.end();
            Ok(())
        }

        common!($w, RenderPassEncoder);
        drawing!($w, RenderPassEncoder);
        labelled!(RenderPassEncoder);
    };
}

/// `gpu-render-bundle-encoder`, within its implementation.
macro_rules! bundle_encoder {
    ($w:ident) => {
        fn finish(
            &mut self,
            this: Resource<RenderBundleEncoder>,
            descriptor: Option<$w::GpuRenderBundleDescriptor>,
        ) -> wasmtime::Result<Resource<RenderBundle>> {
            let label = descriptor.and_then(|descriptor| descriptor.label);
            let bundle = self.of(&this)?.finish(label.as_ref());
            self.put(bundle)
        }

        common!($w, RenderBundleEncoder);
        drawing!($w, RenderBundleEncoder);
        labelled!(RenderBundleEncoder);
    };
}

pub(crate) use {bundle_encoder, drawing, render_pass};

//! `gpu-command-encoder`.

use crate::bound::CommandEncoder;
use crate::objects::Device;

/// `gpu-command-encoder`, but for copying buffers, within its implementation.
macro_rules! encoder {
    ($w:ident) => {
        fn begin_render_pass(
            &mut self,
            this: Resource<CommandEncoder>,
            descriptor: $w::GpuRenderPassDescriptor,
        ) -> wasmtime::Result<Resource<RenderPassEncoder>> {
            let encoder = self.of(&this)?;
            let descriptor = resolved(
                &$crate::methods::owner(&encoder),
                descriptor.resolve(self.table),
            )?;
            // A pass without attachments spoils its encoder.
            let pass = encoder
                .begin_render_pass(&descriptor.unwrap_or_else(RenderPassDescriptor::default));
            self.put(pass)
        }

        fn begin_compute_pass(
            &mut self,
            this: Resource<CommandEncoder>,
            descriptor: Option<$w::GpuComputePassDescriptor>,
        ) -> wasmtime::Result<Resource<ComputePassEncoder>> {
            let encoder = self.of(&this)?;
            let descriptor = descriptor
                .map(|descriptor| descriptor.resolve(self.table))
                .transpose();
            let descriptor = resolved(&$crate::methods::owner(&encoder), descriptor)?.flatten();
            let pass = encoder
                .begin_compute_pass(&descriptor.unwrap_or_else(ComputePassDescriptor::default));
            self.put(pass)
        }

        fn copy_buffer_to_texture(
            &mut self,
            this: Resource<CommandEncoder>,
            source: $w::GpuTexelCopyBufferInfo,
            destination: $w::GpuTexelCopyTextureInfo,
            copy_size: $w::GpuExtent3D,
        ) -> wasmtime::Result<()> {
            let encoder = self.of(&this)?;
            let device = $crate::methods::owner(&encoder);
            let source = resolved(&device, source.resolve(self.table))?;
            let destination = resolved(&device, destination.resolve(self.table))?;
            let size = told(&device, copy_size.plain());
            if let (Some(source), Some(destination), Some(size)) = (source, destination, size) {
                encoder.copy_buffer_to_texture(&source, &destination, size);
            }
            Ok(())
        }

        fn copy_texture_to_buffer(
            &mut self,
            this: Resource<CommandEncoder>,
            source: $w::GpuTexelCopyTextureInfo,
            destination: $w::GpuTexelCopyBufferInfo,
            copy_size: $w::GpuExtent3D,
        ) -> wasmtime::Result<()> {
            let encoder = self.of(&this)?;
            let device = $crate::methods::owner(&encoder);
            let source = resolved(&device, source.resolve(self.table))?;
            let destination = resolved(&device, destination.resolve(self.table))?;
            let size = told(&device, copy_size.plain());
            if let (Some(source), Some(destination), Some(size)) = (source, destination, size) {
                encoder.copy_texture_to_buffer(&source, &destination, size);
            }
            Ok(())
        }

        fn copy_texture_to_texture(
            &mut self,
            this: Resource<CommandEncoder>,
            source: $w::GpuTexelCopyTextureInfo,
            destination: $w::GpuTexelCopyTextureInfo,
            copy_size: $w::GpuExtent3D,
        ) -> wasmtime::Result<()> {
            let encoder = self.of(&this)?;
            let device = $crate::methods::owner(&encoder);
            let source = resolved(&device, source.resolve(self.table))?;
            let destination = resolved(&device, destination.resolve(self.table))?;
            let size = told(&device, copy_size.plain());
            if let (Some(source), Some(destination), Some(size)) = (source, destination, size) {
                encoder.copy_texture_to_texture(&source, &destination, size);
            }
            Ok(())
        }

        fn clear_buffer(
            &mut self,
            this: Resource<CommandEncoder>,
            buffer: Resource<Buffer>,
            offset: Option<u64>,
            size: Option<u64>,
        ) -> wasmtime::Result<()> {
            self.of(&this)?
                .clear_buffer(&self.of(&buffer)?, offset.unwrap_or(0), size);
            Ok(())
        }

        fn resolve_query_set(
            &mut self,
            this: Resource<CommandEncoder>,
            query_set: Resource<QuerySet>,
            first_query: u32,
            query_count: u32,
            destination: Resource<Buffer>,
            destination_offset: u64,
        ) -> wasmtime::Result<()> {
            self.of(&this)?.resolve_query_set(
                &self.of(&query_set)?,
                first_query,
                query_count,
                &self.of(&destination)?,
                destination_offset,
            );
            Ok(())
        }

        fn finish(
            &mut self,
            this: Resource<CommandEncoder>,
            descriptor: Option<$w::GpuCommandBufferDescriptor>,
        ) -> wasmtime::Result<Resource<CommandBuffer>> {
            let label = descriptor.and_then(|descriptor| descriptor.label);
            let commands = self.of(&this)?.finish(&CommandEncoderDescriptor { label });
            self.put(commands)
        }

        fn push_debug_group(
            &mut self,
            this: Resource<CommandEncoder>,
            label: String,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.push_debug_group(&label);
            Ok(())
        }

        fn pop_debug_group(&mut self, this: Resource<CommandEncoder>) -> wasmtime::Result<()> {
            self.table.get(&this)?.pop_debug_group();
            Ok(())
        }

        fn insert_debug_marker(
            &mut self,
            this: Resource<CommandEncoder>,
            label: String,
        ) -> wasmtime::Result<()> {
            self.table.get(&this)?.insert_debug_marker(&label);
            Ok(())
        }

        labelled!(CommandEncoder);
    };
}

/// The device whose errors the encoder's are.
pub(crate) fn owner(encoder: &CommandEncoder) -> Device {
    Device {
        core: encoder.core.device.clone(),
    }
}

pub(crate) use encoder;

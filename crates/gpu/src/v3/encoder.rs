//! `gpu-command-encoder`.

use wasmtime::component::Resource;

use super::webgpu;
use crate::View;
use crate::bound::{
    Buffer, CommandBuffer, CommandEncoder, ComputePassEncoder, QuerySet, RenderPassEncoder,
};
use crate::convert::{Plain, Resolve};
use crate::methods::{encoder, labelled, resolved, told};
use crate::objects::{CommandEncoderDescriptor, ComputePassDescriptor, RenderPassDescriptor};

impl webgpu::HostGpuCommandEncoder for View<'_> {
    fn copy_buffer_to_buffer(
        &mut self,
        this: Resource<CommandEncoder>,
        source: Resource<Buffer>,
        source_offset: Option<u64>,
        destination: Resource<Buffer>,
        destination_offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<()> {
        self.of(&this)?.copy_buffer_to_buffer(
            &self.of(&source)?,
            source_offset.unwrap_or(0),
            &self.of(&destination)?,
            destination_offset.unwrap_or(0),
            size,
        );
        Ok(())
    }

    encoder!(webgpu);
}

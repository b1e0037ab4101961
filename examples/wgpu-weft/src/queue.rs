//! The queue of a device.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use crate::buffer::Buffer;
use crate::commands::CommandBuffer;
use crate::convert::{data_layout, extent, texture_place};
use crate::device::{Device, Shared};
use crate::of;
use crate::unsupported::Blas;
use wgpu::custom::*;

pub(crate) struct Queue {
    shared: Rc<Shared>,
    submissions: Cell<u64>,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Queue").field(&self.shared.queue).finish()
    }
}

impl Queue {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            shared: Rc::clone(&device.0),
            submissions: Cell::new(0),
        }
    }

    fn write(&self, buffer: &DispatchBuffer, offset: u64, data: &[u8]) {
        let buffer = of!(buffer => Buffer).buffer();
        let written = self
            .shared
            .queue
            .write_buffer_with_copy(buffer, offset, data, None, None);
        if let Err(error) = written {
            self.shared.refuse(error.message);
        }
    }
}

impl QueueInterface for Queue {
    fn write_buffer(&self, buffer: &DispatchBuffer, offset: u64, data: &[u8]) {
        self.write(buffer, offset, data);
    }

    fn create_staging_buffer(&self, size: wgpu::BufferSize) -> Option<DispatchQueueWriteBuffer> {
        let size = usize::try_from(size.get()).ok()?;
        Some(DispatchQueueWriteBuffer::custom(Staging(vec![0; size])))
    }

    fn validate_write_buffer(&self, _: &DispatchBuffer, _: u64, _: wgpu::BufferSize) -> Option<()> {
        // The host looks at the write itself, when it comes.
        Some(())
    }

    fn write_staging_buffer(
        &self,
        buffer: &DispatchBuffer,
        offset: u64,
        staging: &DispatchQueueWriteBuffer,
    ) {
        self.write(buffer, offset, &of!(staging => Staging).0);
    }

    fn write_texture(
        &self,
        texture: wgpu::TexelCopyTextureInfo<'_>,
        data: &[u8],
        layout: wgpu::TexelCopyBufferLayout,
        size: wgpu::Extent3d,
    ) {
        self.shared.queue.write_texture_with_copy(
            &texture_place(texture),
            data,
            data_layout(layout),
            extent(size),
        );
    }

    fn submit(&self, command_buffers: &mut dyn Iterator<Item = DispatchCommandBuffer>) -> u64 {
        let buffers: Vec<DispatchCommandBuffer> = command_buffers.collect();
        let buffers: Vec<_> = buffers
            .iter()
            .map(|buffer| &of!(buffer => CommandBuffer).0)
            .collect();
        self.shared.queue.submit(&buffers);
        let index = self.submissions.get() + 1;
        self.submissions.set(index);
        index
    }

    fn get_timestamp_period(&self) -> f32 {
        // WebGPU's timestamps are nanoseconds.
        1.0
    }

    fn on_submitted_work_done(&self, callback: BoxSubmittedWorkDoneCallback) {
        let work = self.shared.submitted_work();
        self.shared.jobs.add(async move {
            work.await;
            callback();
        });
    }

    fn compact_blas(&self, _: &DispatchBlas) -> (Option<u64>, DispatchBlas) {
        (None, DispatchBlas::custom(Blas))
    }

    fn present(&self, _: &DispatchSurfaceOutputDetail) {}
}

/// Bytes on their way to a buffer.
#[derive(Debug)]
struct Staging(Vec<u8>);

impl QueueWriteBufferInterface for Staging {
    fn len(&self) -> usize {
        self.0.len()
    }

    unsafe fn write_slice(&mut self) -> wgpu::WriteOnly<'_, [u8]> {
        wgpu::WriteOnly::from_mut(&mut self.0)
    }
}

//! Buffers, and the parts of them that the component can see.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use crate::bindings::GpuBuffer;
use crate::convert::map_mode;
use crate::device::Shared;
use crate::jobs::begun;
use wgpu::custom::{
    BufferInterface, BufferMapCallback, BufferMappedRangeInterface, DispatchBufferMappedRange,
};

pub(crate) struct Buffer {
    shared: Rc<Shared>,
    mapped: Rc<Mapped>,
}

struct Mapped {
    buffer: GpuBuffer,
    /// Whether it was made mapped and nothing was written yet: it holds zeros, which need not be fetched.
    blank: Cell<bool>,
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Buffer").field(&self.mapped.buffer).finish()
    }
}

impl Buffer {
    pub(crate) fn new(shared: &Rc<Shared>, buffer: GpuBuffer, blank: bool) -> Self {
        Self {
            shared: Rc::clone(shared),
            mapped: Rc::new(Mapped {
                buffer,
                blank: Cell::new(blank),
            }),
        }
    }

    pub(crate) fn buffer(&self) -> &GpuBuffer {
        &self.mapped.buffer
    }
}

impl BufferInterface for Buffer {
    fn map_async(&self, mode: wgpu::MapMode, range: Range<u64>, callback: BufferMapCallback) {
        let mapped = Rc::clone(&self.mapped);
        let mapping = begun(async move {
            let size = range.end - range.start;
            let mode = map_mode(mode);
            mapped
                .buffer
                .map_async(mode, Some(range.start), Some(size))
                .await
        });
        let shared = Rc::downgrade(&self.shared);
        self.shared.jobs.add(async move {
            let result = mapping.await.map_err(|_| wgpu::BufferAsyncError);
            if let Some(shared) = shared.upgrade() {
                shared.watch.look().await;
            }
            callback(result);
        });
    }

    fn get_mapped_range(
        &self,
        range: Range<u64>,
    ) -> Result<DispatchBufferMappedRange, wgpu::MapRangeError> {
        let size = range.end - range.start;
        let bytes = if self.mapped.blank.get() {
            vec![0; usize::try_from(size).unwrap_or(usize::MAX)]
        } else {
            let buffer = &self.mapped.buffer;
            // wgpu gives backends no way to make a `MapRangeError`, and it has looked at the range itself: what is
            // left is a buffer that is not mapped, which is a mistake in the program.
            buffer
                .get_mapped_range_get_with_copy(Some(range.start), Some(size))
                .unwrap_or_else(|error| panic!("bytes {range:?} of a buffer: {}", error.message))
        };
        Ok(DispatchBufferMappedRange::custom(MappedRange {
            mapped: Rc::clone(&self.mapped),
            start: range.start,
            bytes,
            written: false,
        }))
    }

    fn unmap(&self) {
        self.mapped.blank.set(false);
        // A buffer that is not mapped stays as it is.
        let _ = self.mapped.buffer.unmap();
    }

    fn destroy(&self) {
        self.mapped.buffer.destroy();
    }
}

/// A copy of a mapped part, which goes back to the host where it was written to.
struct MappedRange {
    mapped: Rc<Mapped>,
    start: u64,
    bytes: Vec<u8>,
    written: bool,
}

impl fmt::Debug for MappedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedRange")
            .field("start", &self.start)
            .field("length", &self.bytes.len())
            .finish()
    }
}

impl BufferMappedRangeInterface for MappedRange {
    fn len(&self) -> usize {
        self.bytes.len()
    }

    unsafe fn read_slice(&self) -> &[u8] {
        &self.bytes
    }

    unsafe fn write_slice(&mut self) -> wgpu::WriteOnly<'_, [u8]> {
        self.written = true;
        wgpu::WriteOnly::from_mut(&mut self.bytes)
    }
}

impl Drop for MappedRange {
    fn drop(&mut self) {
        if !self.written {
            return;
        }
        self.mapped.blank.set(false);
        let size = Some(self.bytes.len() as u64);
        // It fails where the buffer was destroyed meanwhile; then nobody will read it.
        let _ =
            self.mapped
                .buffer
                .get_mapped_range_set_with_copy(&self.bytes, Some(self.start), size);
    }
}

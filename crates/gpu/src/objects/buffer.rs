//! `GPUBuffer`: memory that a guest fills, maps and hands to shaders.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use wgpu_core::device::HostMap;
use wgpu_core::id::BufferId;
use wgpu_core::resource::{BufferAccessError, BufferMapOperation};
use wgpu_types as wgt;

use super::DeviceCore;
use super::label::Label;
use super::memory::Memory;
use crate::bill::Billed;
use crate::error::GpuError;
use crate::ledger::{Charged, Credit};
use crate::timeline::Op;

/// What wgpu-hal's allocators hand out at least; a guest is charged in these steps.
const GRAIN: u64 = 256;

/// A buffer; clones are the same one.
#[derive(Clone, Debug)]
pub struct Buffer {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: BufferId,
    /// `None`: it could not be made.
    memory: Option<Arc<Memory>>,
    size: u64,
    usage: wgt::BufferUsages,
    label: Label,
    mapping: Mutex<Option<Mapping>>,
    _object: Option<Credit>,
}

/// What a guest may do with the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapState {
    /// Only the GPU has it.
    Unmapped,
    /// The guest waits for it.
    Pending,
    /// The guest has it.
    Mapped,
}

/// Why a buffer could not be mapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// It was unmapped or destroyed meanwhile.
    #[error("the buffer was unmapped before it was mapped")]
    Abort,
    /// The rules forbid it; the device has an error too.
    #[error("{0}")]
    Operation(String),
}

/// Why a mapped range cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RangeError(String);

#[derive(Debug)]
struct Mapping {
    mode: HostMap,
    start: u64,
    end: u64,
    state: Arc<Progress>,
    /// The memory through which it is seen.
    _staging: Option<Credit>,
}

/// How far a mapping is. The thread that polls changes it without a lock.
#[derive(Debug)]
pub(crate) struct Progress(AtomicU8);

const PENDING: u8 = 0;
const READY: u8 = 1;
const OVER: u8 = 2;

/// A mapping that waits for its turn.
#[derive(Debug)]
pub(crate) struct MapRequest {
    pub(crate) buffer: Arc<Core>,
    mode: HostMap,
    start: u64,
    size: u64,
    state: Arc<Progress>,
    reply: oneshot::Sender<Result<(), MapError>>,
}

impl Buffer {
    pub(super) fn new(
        device: &Arc<DeviceCore>,
        descriptor: &wgt::BufferDescriptor<Option<String>>,
    ) -> Self {
        let object = device.charge(Charged::Objects, 1);
        let bytes = descriptor
            .size
            .checked_next_multiple_of(GRAIN)
            .unwrap_or(u64::MAX);
        let credit = object
            .as_ref()
            .and_then(|_| device.charge(Charged::Memory, bytes));
        let staging = match (&credit, descriptor.mapped_at_creation) {
            (Some(_), true) => device.charge(Charged::Staging, descriptor.size),
            _ => None,
        };
        let affordable = credit.is_some() && (staging.is_some() || !descriptor.mapped_at_creation);
        let mut made = descriptor.map_label(|label| label.as_deref().map(Into::into));
        if !affordable {
            // wgpu-core makes an invalid buffer of this, which spoils whatever it is used for. Why is told already.
            made.usage = wgt::BufferUsages::empty();
        }
        let (id, error) = device
            .lease
            .global
            .device_create_buffer(device.id, &made, None);
        let valid = error.is_none();
        if affordable {
            device.errors.report(error);
        }
        let mapping = descriptor.mapped_at_creation.then(|| Mapping {
            mode: HostMap::Write,
            start: 0,
            end: descriptor.size,
            state: Arc::new(Progress(AtomicU8::new(READY))),
            _staging: staging,
        });
        Self {
            core: Arc::new(Core {
                device: Arc::clone(device),
                id,
                memory: credit.filter(|_| valid).map(Memory::new),
                size: descriptor.size,
                usage: descriptor.usage,
                label: Label::new(descriptor.label.as_ref()),
                mapping: Mutex::new(mapping),
                _object: object,
            }),
        }
    }

    /// Its size in bytes, also if it is invalid.
    pub fn size(&self) -> u64 {
        self.core.size
    }

    /// What it may be used for.
    pub fn usage(&self) -> wgt::BufferUsages {
        self.core.usage
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }

    /// Whether the guest has its memory.
    pub fn map_state(&self) -> MapState {
        match &*self.core.mapping() {
            None => MapState::Unmapped,
            Some(mapping) => match mapping.state.0.load(Ordering::Acquire) {
                PENDING => MapState::Pending,
                READY => MapState::Mapped,
                _ => MapState::Unmapped,
            },
        }
    }

    /// Asks for `size` bytes from `offset` on (to the end if it is `None`), when everything that was submitted is done. The
    /// request is made before this returns; the result says when it is granted.
    pub fn map_async(
        &self,
        mode: HostMap,
        offset: u64,
        size: Option<u64>,
    ) -> impl Future<Output = Result<(), MapError>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        if let Err(error) = self.request_map(mode, offset, size, reply) {
            self.core
                .device
                .errors
                .push(GpuError::validation(error.to_string()));
        }
        // Whoever would answer is gone: the request was refused, or the device with all that waited.
        async move {
            answer.await.unwrap_or_else(|_| {
                Err(MapError::Operation(
                    "the buffer cannot be mapped".to_owned(),
                ))
            })
        }
    }

    fn request_map(
        &self,
        mode: HostMap,
        start: u64,
        size: Option<u64>,
        reply: oneshot::Sender<Result<(), MapError>>,
    ) -> Result<(), MapError> {
        let refuse = |reason: String| MapError::Operation(reason);
        let size = size.unwrap_or_else(|| self.core.size.saturating_sub(start));
        let end = start
            .checked_add(size)
            .ok_or_else(|| refuse("the range to map ends beyond 2^64".to_owned()))?;
        let mut mapping = self.core.mapping();
        if mapping
            .as_ref()
            .is_some_and(|mapping| mapping.state.0.load(Ordering::Acquire) != OVER)
        {
            return Err(refuse(
                "the buffer is mapped, or a request to map it is pending".to_owned(),
            ));
        }
        let account = &self.core.device.account;
        let staging = account.charge(Charged::Staging, size.min(self.core.size));
        let staging = staging.map_err(|refused| refuse(refused.to_string()))?;
        let state = Arc::new(Progress(AtomicU8::new(PENDING)));
        *mapping = Some(Mapping {
            mode,
            start,
            end,
            state: Arc::clone(&state),
            _staging: Some(staging),
        });
        drop(mapping);
        let buffer = Arc::clone(&self.core);
        self.core.device.push(Op::Map(MapRequest {
            buffer,
            mode,
            start,
            size,
            state,
            reply,
        }));
        Ok(())
    }

    /// Reads a mapped range: `read` is given its bytes where they are.
    ///
    /// # Errors
    ///
    /// It is not mapped, or the range is not within what is.
    pub fn read_mapped<R>(
        &self,
        offset: u64,
        size: Option<u64>,
        read: impl FnOnce(&[u8]) -> R,
    ) -> Result<R, RangeError> {
        let mapping = self.core.mapping();
        let size = range(&mapping, self.core.size, offset, size)?;
        let _stays = self.core.device.hold_mapped();
        let at =
            self.core
                .device
                .lease
                .global
                .buffer_get_mapped_range(self.core.id, offset, Some(size));
        match at {
            Ok((at, length)) => {
                self.core.device.bill(Billed::Downloaded, size);
                Ok(read(bytes(at, length.min(size))))
            }
            // An invalid buffer that was made mapped, or a lost device: there is nothing behind it.
            Err(_) if size > self.core.device.lease.quota().staging => Err(RangeError(format!(
                "an invalid buffer has no {size} bytes to read"
            ))),
            Err(_) => Ok(read(&vec![0; usize::try_from(size).unwrap_or(0)])),
        }
    }

    /// Writes to a mapped range.
    ///
    /// # Errors
    ///
    /// It is not mapped for writing, or the range is not within what is, or `data` has another size than the range.
    pub fn write_mapped(
        &self,
        offset: u64,
        size: Option<u64>,
        data: &[u8],
    ) -> Result<(), RangeError> {
        let mapping = self.core.mapping();
        let size = range(&mapping, self.core.size, offset, size)?;
        if data.len() as u64 != size {
            return Err(RangeError(format!(
                "there are {} bytes for a range of {size}",
                data.len()
            )));
        }
        if mapping
            .as_ref()
            .is_some_and(|mapping| mapping.mode == HostMap::Read)
        {
            return Err(RangeError("the buffer is mapped for reading".to_owned()));
        }
        let _stays = self.core.device.hold_mapped();
        let at =
            self.core
                .device
                .lease
                .global
                .buffer_get_mapped_range(self.core.id, offset, Some(size));
        if let Ok((at, length)) = at {
            self.core.device.bill(Billed::Uploaded, size);
            bytes_mut(at, length.min(size)).copy_from_slice(data);
        }
        Ok(())
    }

    /// Gives the memory back to the GPU. A request that is pending is given up.
    pub fn unmap(&self) {
        if self.core.release_mapping() {
            self.core.device.push(Op::Unmap(Arc::clone(&self.core)));
        }
    }

    /// Gives its memory up. What was submitted before still has it.
    pub fn destroy(&self) {
        self.core.release_mapping();
        self.core
            .device
            .push(Op::DestroyBuffer(Arc::clone(&self.core)));
    }
}

impl Core {
    /// What an encoder that uses it has to hold.
    pub(crate) fn memory(&self) -> Option<&Arc<Memory>> {
        self.memory.as_ref()
    }

    pub(crate) fn destroy_now(&self) {
        self.device.lease.global.buffer_destroy(self.id);
        if let Some(memory) = &self.memory {
            memory.destroy();
        }
    }

    pub(crate) fn unmap_now(&self) {
        // A mapping that was never made cannot be ended: the guest was told why when it asked for it.
        let _ = self.device.lease.global.buffer_unmap(self.id);
    }

    fn mapping(&self) -> MutexGuard<'_, Option<Mapping>> {
        self.mapping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was one.
    fn release_mapping(&self) -> bool {
        match self.mapping().take() {
            Some(mapping) => mapping.state.0.swap(OVER, Ordering::AcqRel) != OVER,
            None => false,
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.buffer_drop(self.id);
    }
}

impl MapRequest {
    /// Asks wgpu-core, which answers when the device is polled.
    pub(crate) fn run(self) {
        let Self {
            buffer,
            mode,
            start,
            size,
            state,
            reply,
        } = self;
        if state.0.load(Ordering::Acquire) == OVER {
            let _ = reply.send(Err(MapError::Abort));
            return;
        }
        let granted = Arc::clone(&state);
        let callback = Box::new(move |result: Result<(), BufferAccessError>| {
            let step = |to| {
                granted
                    .0
                    .compare_exchange(PENDING, to, Ordering::AcqRel, Ordering::Acquire)
            };
            let answer = match result {
                Ok(()) => step(READY).map(drop).map_err(|_| MapError::Abort),
                Err(error) => match step(OVER) {
                    Ok(_) => Err(MapError::Operation(error.to_string())),
                    Err(_) => Err(MapError::Abort),
                },
            };
            // A guest that gave up the call is not interested.
            let _ = reply.send(answer);
        });
        let operation = BufferMapOperation {
            host: mode,
            callback: Some(callback),
        };
        let global = &buffer.device.lease.global;
        if let Err(error) = global.buffer_map_async(buffer.id, start, Some(size), operation) {
            buffer.device.errors.report(Some(error));
        }
    }
}

/// The size of a range that is mapped.
fn range(
    mapping: &Option<Mapping>,
    whole: u64,
    offset: u64,
    size: Option<u64>,
) -> Result<u64, RangeError> {
    let mapping = mapping
        .as_ref()
        .filter(|mapping| mapping.state.0.load(Ordering::Acquire) == READY);
    let mapping = mapping.ok_or_else(|| RangeError("the buffer is not mapped".to_owned()))?;
    let size = size.unwrap_or_else(|| whole.saturating_sub(offset));
    let end = offset.checked_add(size);
    if !offset.is_multiple_of(8) || !size.is_multiple_of(4) {
        return Err(RangeError(format!(
            "a mapped range starts at a multiple of 8 and has a multiple of 4 bytes, not {size} bytes at {offset}"
        )));
    }
    if offset < mapping.start || end.is_none_or(|end| end > mapping.end) {
        return Err(RangeError(format!(
            "{size} bytes at {offset} are not within what is mapped: {} to {}",
            mapping.start, mapping.end
        )));
    }
    Ok(size)
}

#[expect(unsafe_code, reason = "wgpu-core gives mapped memory as a pointer")]
fn bytes<'a>(at: std::ptr::NonNull<u8>, length: u64) -> &'a [u8] {
    // SAFETY: wgpu-core gives so many bytes there, which stay until the buffer is unmapped, destroyed or dropped, or its
    // lost device is polled. The caller holds the lock of the mapping against the first, a reference against the third, and
    // `hold_mapped` against the last; `unmap` and `destroy` take the lock before they do anything.
    unsafe { std::slice::from_raw_parts(at.as_ptr(), usize::try_from(length).unwrap_or(0)) }
}

#[expect(unsafe_code, reason = "wgpu-core gives mapped memory as a pointer")]
fn bytes_mut<'a>(at: std::ptr::NonNull<u8>, length: u64) -> &'a mut [u8] {
    // SAFETY: as in `bytes`; the lock of the mapping makes this the only one who writes there.
    unsafe { std::slice::from_raw_parts_mut(at.as_ptr(), usize::try_from(length).unwrap_or(0)) }
}

//! `GPUQueue`: where a guest hands work over.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;
use wgpu_types as wgt;

use super::memory::Uses;
use super::{Buffer, CommandBuffer, DeviceCore, Texture, TextureWrite, texture_write};
use crate::bill::Billed;
use crate::error::GpuError;
use crate::ledger::{Charged, Credit};
use crate::timeline::{Op, Submission};

/// The queue of a device; clones are the same one.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(crate) device: Arc<DeviceCore>,
}

/// Why bytes were not written: an `OperationError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WriteError(String);

impl Queue {
    pub(super) fn of(device: &Arc<DeviceCore>) -> Self {
        Self {
            device: Arc::clone(device),
        }
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.device.queue_label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.device.queue_label.set(label);
    }

    /// Waits until the workload may have another submission under way, and submits commands then.
    pub async fn submit_in_turn(&self, commands: &[CommandBuffer]) {
        let account = &self.device.account;
        loop {
            let freed = self.device.lease.gate().freed();
            match account.charge(Charged::Submissions, 1) {
                Ok(credit) => return self.submit_with(commands, credit),
                Err(_) => freed.await,
            }
        }
    }

    /// Submits commands. They run in their turn, after everything that was asked for before. With more submissions under way
    /// than the workload may have, that is an out-of-memory error.
    pub fn submit(&self, commands: &[CommandBuffer]) {
        if let Some(credit) = self.device.charge(Charged::Submissions, 1) {
            self.submit_with(commands, credit);
        }
    }

    fn submit_with(&self, commands: &[CommandBuffer], credit: Credit) {
        let mut uses = Uses::default();
        for commands in commands {
            uses.extend(&commands.core.uses);
        }
        if let Some(other) = commands
            .iter()
            .find(|commands| !Arc::ptr_eq(&commands.core.device, &self.device))
        {
            self.device.errors.push(GpuError::validation(format!(
                "a command buffer of another device was submitted: {:?}",
                other.core.id
            )));
            return;
        }
        let commands = commands
            .iter()
            .map(|commands| Arc::clone(&commands.core))
            .collect();
        self.device.push(Op::Submit(Submission {
            commands,
            uses,
            asked: Instant::now(),
            credit: Some(credit),
        }));
    }

    /// Is ready when everything that was submitted until now is done.
    pub fn on_submitted_work_done(&self) -> impl Future<Output = ()> + Send + use<> {
        let (reply, done) = oneshot::channel();
        self.device.push(Op::Done(reply));
        async move {
            // The device is gone, and with it what was submitted.
            let _ = done.await;
        }
    }

    /// Writes bytes into a buffer, after everything that was asked for before. They are copied once, into memory that the
    /// GPU reads.
    ///
    /// # Errors
    ///
    /// There is no room to stage them.
    pub fn write_buffer(
        &self,
        buffer: &Buffer,
        offset: u64,
        data: &[u8],
    ) -> Result<(), WriteError> {
        let Some(size) = wgt::BufferSize::new(data.len() as u64) else {
            return Ok(());
        };
        if !self.device.all_owned([&buffer.core.device]) {
            return Ok(());
        }
        // wgpu-core looks the buffer up in this device's books before it asks whose it is, and does not check the place.
        if !Arc::ptr_eq(&buffer.core.device, &self.device) {
            self.device.errors.push(GpuError::validation(
                "a buffer was not written: it is another device's",
            ));
            return Ok(());
        }
        let global = &self.device.lease.global;
        // Everything that is wrong about the bytes and not about the moment.
        if let Err(error) =
            global.queue_validate_write_buffer(self.device.queue, buffer.core.id, offset, size)
        {
            self.device.errors.report(Some(error));
            return Ok(());
        }
        let account = &self.device.account;
        let credit = account
            .charge(Charged::Staging, size.get())
            .map_err(|refused| WriteError(refused.to_string()))?;
        let (staging, at) = match global.queue_create_staging_buffer(self.device.queue, size, None)
        {
            Ok(made) => made,
            Err(error) => {
                self.device.errors.report(Some(error));
                return Ok(());
            }
        };
        fill(at, data);
        self.device.bill(Billed::Uploaded, size.get());
        self.device.push(Op::WriteBuffer {
            buffer: Arc::clone(&buffer.core),
            offset,
            staging,
            credit,
        });
        self.flush_if_much();
        Ok(())
    }

    /// Writes bytes into a texture, after everything that was asked for before. Without room to stage them that is an
    /// out-of-memory error.
    pub fn write_texture(
        &self,
        destination: &wgt::TexelCopyTextureInfo<&Texture>,
        data: &[u8],
        layout: &wgt::TexelCopyBufferLayout,
        size: &wgt::Extent3d,
    ) {
        let texture = &destination.texture.core;
        if !self.device.all_owned([&texture.device]) {
            return;
        }
        if !Arc::ptr_eq(&texture.device, &self.device) {
            self.device.errors.push(GpuError::validation(
                "a texture was not written: it is another device's",
            ));
            return;
        }
        let needed = match texture_write::check(destination, data.len(), layout, size) {
            Ok(Some(needed)) => needed,
            Ok(None) => return,
            Err(error) => return self.device.errors.push(error),
        };
        let Some(credit) = self.device.charge(Charged::Staging, needed.staging) else {
            return;
        };
        self.device
            .bill(Billed::Uploaded, (needed.end - needed.start) as u64);
        self.device.write_texture(TextureWrite {
            texture: Arc::clone(texture),
            mip_level: destination.mip_level,
            origin: destination.origin,
            aspect: destination.aspect,
            data: Cow::Borrowed(data.get(needed.start..needed.end).unwrap_or_default()),
            layout: needed.layout,
            size: *size,
            credit,
        });
        self.flush_if_much();
    }

    /// wgpu-core keeps what was written until the next submission. A guest that only writes gets one now and then.
    fn flush_if_much(&self) {
        if self.device.staged() > self.device.lease.quota().staging / 4 {
            self.device.push(Op::Submit(Submission {
                commands: Vec::new(),
                uses: Uses::default(),
                asked: Instant::now(),
                credit: None,
            }));
        }
    }
}

#[expect(unsafe_code, reason = "wgpu-core gives staging memory as a pointer")]
fn fill(at: std::ptr::NonNull<u8>, data: &[u8]) {
    // SAFETY: wgpu-core made a staging buffer of exactly this size there, which nobody else knows yet.
    unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), at.as_ptr(), data.len()) }
}

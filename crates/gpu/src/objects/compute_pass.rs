//! `GPUComputePassEncoder`: records dispatches.

use std::sync::{Arc, Mutex, PoisonError};

use wgpu_core::command;

use super::command_encoder::Core as EncoderCore;
use super::label::Label;
use super::window::{WindowError, window};
use super::{BindGroup, Buffer, ComputePipeline, PassTimestampWrites};
use crate::ledger::{Charged, Credit};

/// A compute pass; clones are the same one.
#[derive(Clone, Debug)]
pub struct ComputePass {
    core: Arc<Core>,
}

#[derive(Debug)]
struct Core {
    encoder: Arc<EncoderCore>,
    pass: Mutex<command::ComputePass>,
    label: Label,
    _object: Option<Credit>,
}

/// `GPUComputePassDescriptor`.
#[derive(Clone, Debug, Default)]
pub struct ComputePassDescriptor {
    /// Its label.
    pub label: Option<String>,
    /// Where to write the time.
    pub timestamp_writes: Option<PassTimestampWrites>,
}

impl ComputePass {
    pub(super) fn new(encoder: &Arc<EncoderCore>, descriptor: &ComputePassDescriptor) -> Self {
        let object = encoder.device.charge(Charged::Objects, 1);
        if object.is_none() {
            encoder
                .fail("a pass could not be begun: the workload has as many objects as it may have");
        }
        encoder.admit(0);
        let wanted = command::ComputePassDescriptor {
            label: None,
            timestamp_writes: encoder.timestamps(descriptor.timestamp_writes.as_ref()),
        };
        let global = &encoder.device.lease.global;
        let (pass, error) = global.command_encoder_begin_compute_pass(encoder.id, &wanted);
        encoder.device.errors.report(error);
        Self {
            core: Arc::new(Core {
                encoder: Arc::clone(encoder),
                pass: Mutex::new(pass),
                label: Label::new(descriptor.label.as_ref()),
                _object: object,
            }),
        }
    }

    /// Chooses what is dispatched.
    pub fn set_pipeline(&self, pipeline: &ComputePipeline) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) && encoder.owned(&pipeline.core.device) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.compute_pass_set_pipeline(pass, pipeline.core.id));
        }
    }

    /// Chooses what shaders see; `None` is nothing.
    pub fn set_bind_group(&self, index: u32, group: Option<&BindGroup>, offsets: &[u32]) {
        let encoder = &self.core.encoder;
        if !encoder.admit(size_of_val(offsets)) {
            return;
        }
        if let Some(group) = group {
            if !encoder.owned(&group.core.device) {
                return;
            }
            encoder.holds_all(&group.core.uses);
        }
        let global = &encoder.device.lease.global;
        let id = group.map(|group| group.core.id);
        self.record(|pass| global.compute_pass_set_bind_group(pass, index, id, offsets));
    }

    /// The same with a part of a longer list of offsets.
    ///
    /// # Errors
    ///
    /// The part is not within the list: a `RangeError`.
    pub fn set_bind_group_window(
        &self,
        index: u32,
        group: Option<&BindGroup>,
        offsets: &[u32],
        start: u64,
        length: u64,
    ) -> Result<(), WindowError> {
        self.set_bind_group(index, group, window(offsets, start, Some(length))?);
        Ok(())
    }

    /// Sets a part of the immediate data: bytes of `data` from `start` on.
    ///
    /// # Errors
    ///
    /// The part is not within the data: a `RangeError`.
    pub fn set_immediates(
        &self,
        offset: u32,
        data: &[u8],
        start: u64,
        size: Option<u64>,
    ) -> Result<(), WindowError> {
        let data = window(data, start, size)?;
        let encoder = &self.core.encoder;
        if encoder.admit(data.len()) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.compute_pass_set_immediates(pass, offset, data));
        }
        Ok(())
    }

    /// Runs the pipeline.
    pub fn dispatch_workgroups(&self, x: u32, y: u32, z: u32) {
        let encoder = &self.core.encoder;
        if encoder.admit_work(1, 1) && encoder.workgroups(x, y, z) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.compute_pass_dispatch_workgroups(pass, x, y, z));
        }
    }

    /// Runs the pipeline as often as the buffer says.
    pub fn dispatch_workgroups_indirect(&self, buffer: &Buffer, offset: u64) {
        let encoder = &self.core.encoder;
        if encoder.admit_work(1, 1) && encoder.buffer(buffer) {
            let global = &encoder.device.lease.global;
            let id = buffer.core.id;
            self.record(|pass| global.compute_pass_dispatch_workgroups_indirect(pass, id, offset));
        }
    }

    /// Begins a group for debuggers.
    pub fn push_debug_group(&self, _label: &str) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.compute_pass_push_debug_group(pass, "", 0));
        }
    }

    /// Ends a group.
    pub fn pop_debug_group(&self) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.compute_pass_pop_debug_group(pass));
        }
    }

    /// Marks a place for debuggers.
    pub fn insert_debug_marker(&self, _label: &str) {
        let encoder = &self.core.encoder;
        if encoder.admit(0) {
            let global = &encoder.device.lease.global;
            self.record(|pass| global.compute_pass_insert_debug_marker(pass, "", 0));
        }
    }

    /// Ends the pass; its encoder goes on.
    pub fn end(&self) {
        let encoder = &self.core.encoder;
        let global = &encoder.device.lease.global;
        let mut pass = self
            .core
            .pass
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let ended = global.compute_pass_end(&mut pass);
        drop(pass);
        encoder.ended(ended);
    }

    /// Where its errors go.
    pub fn errors(&self) -> &crate::error::Errors {
        &self.core.encoder.device.errors
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }

    fn record(
        &self,
        record: impl FnOnce(&mut command::ComputePass) -> Result<(), command::PassStateError>,
    ) {
        let mut pass = self
            .core
            .pass
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let recorded = record(&mut pass);
        drop(pass);
        self.core.encoder.told(recorded);
    }
}

//! `GPUQuerySet`: places for what the GPU counts or times.

use std::sync::Arc;

use wgpu_core::id::QuerySetId;
use wgpu_types as wgt;

use super::DeviceCore;
use super::label::Label;
use super::memory::Memory;
use crate::ledger::{Charged, Credit};
use crate::timeline::Op;

/// A query set; clones are the same one.
#[derive(Clone, Debug)]
pub struct QuerySet {
    pub(crate) core: Arc<Core>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) device: Arc<DeviceCore>,
    pub(crate) id: QuerySetId,
    /// `None`: it could not be made.
    memory: Option<Arc<Memory>>,
    kind: QueryType,
    count: u32,
    label: Label,
    _object: Option<Credit>,
}

/// What a query set holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryType {
    /// How many samples were seen.
    Occlusion,
    /// When something was done, in nanoseconds.
    Timestamp,
}

/// A query set as a guest asks for it.
#[derive(Clone, Debug)]
pub struct QuerySetDescriptor {
    /// For people.
    pub label: Option<String>,
    /// What it holds.
    pub kind: QueryType,
    /// How many of them: 1 to 4096.
    pub count: u32,
}

/// A query set cannot be had: a `TypeError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a query set of timestamps needs the feature timestamp-query: ask for it in request-device"
)]
pub struct CreateQuerySetError;

impl QuerySet {
    pub(super) fn new(
        device: &Arc<DeviceCore>,
        descriptor: &QuerySetDescriptor,
    ) -> Result<Self, CreateQuerySetError> {
        let ty = match descriptor.kind {
            QueryType::Occlusion => wgt::QueryType::Occlusion,
            QueryType::Timestamp => wgt::QueryType::Timestamp,
        };
        if descriptor.kind == QueryType::Timestamp
            && !device.features().contains(wgt::Features::TIMESTAMP_QUERY)
        {
            return Err(CreateQuerySetError);
        }
        let object = device.charge(Charged::Objects, 1);
        // Beyond the bound wgpu-core refuses, and takes nothing.
        let bytes = if descriptor.count <= wgt::QUERY_SET_MAX_QUERIES {
            u64::from(descriptor.count) * u64::from(wgt::QUERY_SIZE)
        } else {
            0
        };
        let credit = object
            .as_ref()
            .and_then(|_| device.charge(Charged::Memory, bytes));
        let affordable = credit.is_some();
        let made = wgt::QuerySetDescriptor {
            label: None,
            ty,
            // wgpu-core makes an invalid set of nought.
            count: if affordable { descriptor.count } else { 0 },
        };
        let (id, error) = device
            .lease
            .global
            .device_create_query_set(device.id, &made, None);
        let valid = error.is_none();
        if affordable {
            device.errors.report(error);
        }
        Ok(Self {
            core: Arc::new(Core {
                device: Arc::clone(device),
                id,
                memory: credit.filter(|_| valid).map(Memory::new),
                kind: descriptor.kind,
                count: descriptor.count,
                label: Label::new(descriptor.label.as_ref()),
                _object: object,
            }),
        })
    }

    /// What it holds.
    pub fn kind(&self) -> QueryType {
        self.core.kind
    }

    /// How many it holds, also if it is invalid.
    pub fn count(&self) -> u32 {
        self.core.count
    }

    /// Its label.
    pub fn label(&self) -> String {
        self.core.label.get()
    }

    /// Gives it another label.
    pub fn set_label(&self, label: String) {
        self.core.label.set(label);
    }

    /// Gives its memory up. What was submitted before still has it.
    pub fn destroy(&self) {
        self.core
            .device
            .push(Op::DestroyQuerySet(Arc::clone(&self.core)));
    }
}

impl Core {
    /// What an encoder that uses it has to hold.
    pub(crate) fn memory(&self) -> Option<&Arc<Memory>> {
        self.memory.as_ref()
    }

    pub(crate) fn destroy_now(&self) {
        self.device.lease.global.query_set_destroy(self.id);
        if let Some(memory) = &self.memory {
            memory.destroy();
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.device.lease.global.query_set_drop(self.id);
    }
}

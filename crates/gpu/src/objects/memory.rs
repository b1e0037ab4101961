//! The memory of a buffer or texture as the ledger sees it. wgpu-core frees it when it was destroyed or nobody refers to it,
//! and nothing on the GPU uses it: the credit goes back at that moment, not before.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ledger::Credit;

/// Whoever can still use the memory holds one: the handle, bind groups, encoders, command buffers, submissions.
#[derive(Debug)]
pub(crate) struct Memory {
    credit: Mutex<Option<Credit>>,
    destroyed: AtomicBool,
    /// Submissions on the GPU, or on their way there, that use it.
    in_flight: AtomicU32,
}

impl Memory {
    pub(crate) fn new(credit: Credit) -> Arc<Self> {
        Arc::new(Self {
            credit: Mutex::new(Some(credit)),
            destroyed: AtomicBool::new(false),
            in_flight: AtomicU32::new(0),
        })
    }

    /// The guest gave it up; who still refers to it cannot use it.
    pub(crate) fn destroy(&self) {
        self.destroyed.store(true, Ordering::SeqCst);
        self.settle();
    }

    fn submitted(&self) {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
    }

    fn finished(&self) {
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.settle();
    }

    /// Gives the credit back if the memory is free. Both of the two that can make it so look at what the other did.
    fn settle(&self) {
        if self.destroyed.load(Ordering::SeqCst) && self.in_flight.load(Ordering::SeqCst) == 0 {
            self.credit
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
        }
    }
}

/// All memory that an encoder, a command buffer, a bundle or a bind group refers to, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses(HashMap<usize, Arc<Memory>>);

impl Uses {
    pub(crate) fn add(&mut self, memory: &Arc<Memory>) {
        self.0
            .entry(Arc::as_ptr(memory) as usize)
            .or_insert_with(|| Arc::clone(memory));
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        for (key, memory) in &other.0 {
            self.0.entry(*key).or_insert_with(|| Arc::clone(memory));
        }
    }

    /// Says that the GPU is about to use all of it, until the result is dropped.
    pub(crate) fn submit(self) -> InFlight {
        for memory in self.0.values() {
            memory.submitted();
        }
        InFlight(self)
    }
}

/// Memory that the GPU uses.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Uses);

impl Drop for InFlight {
    fn drop(&mut self) {
        for memory in self.0.0.values() {
            memory.finished();
        }
    }
}

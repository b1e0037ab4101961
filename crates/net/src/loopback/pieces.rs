//! Places for large pieces of data that writers have handed over and that no buffer has taken yet. Such a piece is memory
//! of the host beside the buffers, so a network has so many of them and no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::memory::Memory;

/// Bytes of a large piece.
pub(crate) const LARGE: usize = 64 << 10;

/// Large pieces of all writers of a network together.
const MOST: usize = 256;

/// The places of one network. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Pieces {
    free: Arc<AtomicUsize>,
    memory: Memory,
}

/// One place, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct PiecePlace(Pieces);

impl Pieces {
    pub(super) fn new(memory: Memory) -> Self {
        Self {
            free: Arc::new(AtomicUsize::new(MOST)),
            memory,
        }
    }

    /// A place, if there is one and the memory for it.
    pub(crate) fn take(&self) -> Option<PiecePlace> {
        let one_less = |free: usize| free.checked_sub(1);
        self.free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .ok()?;
        if !self.memory.take(LARGE) {
            self.free.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(PiecePlace(self.clone()))
    }

    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.free.load(Ordering::Relaxed)
    }
}

impl Drop for PiecePlace {
    fn drop(&mut self) {
        self.0.memory.give_back(LARGE);
        self.0.free.fetch_add(1, Ordering::Relaxed);
    }
}

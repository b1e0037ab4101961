//! What waits to be sent: bounded in number and in bytes. Putting something in never waits for anybody; when there is no
//! room, it is dropped and counted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::signal::Item;
use crate::stats::{Loss, SignalKind, Stats};

/// The room of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Items.
    pub(crate) items: usize,
    /// Bytes.
    pub(crate) bytes: usize,
    /// As soon as there are so many, they are sent.
    pub(crate) batch: usize,
}

/// The share of one workload in what guests hand in: the rest is for the others.
const SHARE: usize = 4;
/// Bytes of a batch, about: collectors take 4 MiB.
const BATCH_BYTES: usize = 2 << 20;

pub(crate) struct Queue {
    kind: SignalKind,
    room: Room,
    waiting: Mutex<Waiting>,
    /// There is a batch.
    full: Notify,
    stats: Arc<Stats>,
}

struct Waiting {
    items: VecDeque<Item>,
    bytes: usize,
}

impl Queue {
    pub(crate) fn new(kind: SignalKind, room: Room, stats: Arc<Stats>) -> Self {
        Self {
            kind,
            room,
            waiting: Mutex::new(Waiting {
                items: VecDeque::new(),
                bytes: 0,
            }),
            full: Notify::new(),
            stats,
        }
    }

    /// Takes an item, or drops and counts it. `shared` bounds what one resource may have waiting.
    pub(crate) fn push(&self, item: Item, shared: bool) {
        if let Err(why) = self.try_push(item, shared) {
            self.stats.of(self.kind).count_lost(why, 1);
        }
    }

    fn try_push(&self, item: Item, shared: bool) -> Result<(), Loss> {
        if shared && item.resource.waiting() >= (self.room.items / SHARE).max(1) {
            return Err(Loss::Share);
        }
        let mut waiting = self.lock();
        let bytes = waiting.bytes.saturating_add(item.size());
        if waiting.items.len() >= self.room.items || bytes > self.room.bytes {
            return Err(Loss::QueueFull);
        }
        item.resource.enters();
        self.stats.of(self.kind).enters();
        waiting.bytes = bytes;
        waiting.items.push_back(item);
        let batch = waiting.items.len() == self.room.batch;
        drop(waiting);
        // Only here: to wake the one that sends costs more than to put something in.
        if batch {
            self.full.notify_one();
        }
        Ok(())
    }

    /// Waits until there is a whole batch.
    pub(crate) async fn full(&self) {
        self.full.notified().await;
    }

    /// The next batch, oldest first, and whether there is another whole one; empty if nothing waits.
    pub(crate) fn take(&self) -> (Vec<Item>, bool) {
        let mut waiting = self.lock();
        let mut bytes = 0_usize;
        let fits = waiting
            .items
            .iter()
            .take(self.room.batch)
            .take_while(|item| {
                bytes = bytes.saturating_add(item.size());
                bytes <= BATCH_BYTES
            });
        // One that is larger than a batch goes alone.
        let count = fits.count().max(1).min(waiting.items.len());
        let batch: Vec<_> = waiting.items.drain(..count).collect();
        let taken = batch
            .iter()
            .fold(0_usize, |sum, item| sum.saturating_add(item.size()));
        waiting.bytes = waiting.bytes.saturating_sub(taken);
        let more = waiting.items.len() >= self.room.batch;
        drop(waiting);
        batch.iter().for_each(|item| item.resource.leaves());
        (batch, more)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

//! Connections that nobody uses at the moment. The one that was used last is lent first, so that those which are not
//! needed stay idle and can be closed.

use crate::backend::Backend;
use sqlx::pool::PoolConnection;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// A connection, and how old it is.
pub(crate) struct Spare<B: Backend> {
    pub(crate) conn: PoolConnection<B::Db>,
    /// When it was opened.
    pub(crate) born: Instant,
    /// When it was given back.
    pub(crate) since: Instant,
}

/// All of one pool. At most as many as it has connections.
pub(crate) struct Idle<B: Backend> {
    spares: Mutex<VecDeque<Spare<B>>>,
    /// Told when the first one comes.
    some: Notify,
}

impl<B: Backend> Spare<B> {
    pub(crate) fn new(conn: PoolConnection<B::Db>) -> Self {
        let now = Instant::now();
        Self {
            conn,
            born: now,
            since: now,
        }
    }
}

impl<B: Backend> Idle<B> {
    pub(crate) fn new() -> Self {
        Self {
            spares: Mutex::new(VecDeque::new()),
            some: Notify::new(),
        }
    }

    pub(crate) fn put(&self, spare: Spare<B>) {
        let mut spares = self.spares();
        if spares.is_empty() {
            self.some.notify_one();
        }
        spares.push_back(spare);
    }

    /// The one that was used last.
    pub(crate) fn take(&self) -> Option<Spare<B>> {
        self.spares().pop_back()
    }

    /// The one that has been idle for longest.
    pub(crate) fn take_oldest(&self) -> Option<Spare<B>> {
        self.spares().pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        self.spares().len()
    }

    /// Since when the one is idle that has been so for longest. Waits for one; `None` when it was taken meanwhile.
    pub(crate) async fn oldest(&self) -> Option<Instant> {
        let since = || self.spares().front().map(|spare| spare.since);
        if let Some(since) = since() {
            return Some(since);
        }
        self.some.notified().await;
        since()
    }

    fn spares(&self) -> MutexGuard<'_, VecDeque<Spare<B>>> {
        self.spares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

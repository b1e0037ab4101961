//! The orderly end of a server: finish what is in flight up to a limit, then cut the rest.
//!
//! Every task of a server runs under one [`Lifeline`], so none outlives it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::activity::Activity;

/// How long cut tasks may take to notice. They notice at once, unless a target blocks its thread.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// How a server ended: what was cut because it took longer than `Limits::drain_timeout`. All zero is a clean end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Requests that were in flight when the limit passed.
    pub cut_requests: usize,
    /// Connections that were open when the limit passed, busy or not.
    pub cut_connections: usize,
}

/// What a server tells its tasks, and how it waits for them.
#[derive(Debug, Default)]
pub(crate) struct Lifeline {
    stop: CancellationToken,
    cut: CancellationToken,
    connections: TaskTracker,
    streams: TaskTracker,
    requests: Arc<Activity>,
}

/// Cuts everything when dropped, so that a server whose future is dropped leaves nothing running.
pub(crate) struct CutOnDrop(CancellationToken);

impl Lifeline {
    /// Runs a connection until it ends or is cut.
    pub(crate) fn spawn_connection(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let cut = self.cut.clone();
        self.connections.spawn(async move {
            cut.run_until_cancelled(connection).await;
        });
    }

    /// Runs one request of an HTTP/2 connection until it ends or is cut.
    pub(crate) fn spawn_stream<F: Future + Send + 'static>(&self, stream: F) {
        let cut = self.cut.clone();
        self.streams.spawn(async move {
            cut.run_until_cancelled(stream).await;
        });
    }

    /// Resolves when connections should take no more requests.
    pub(crate) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// True once what is in flight is being thrown away.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.is_cancelled()
    }

    /// The requests in flight on this server.
    pub(crate) fn requests(&self) -> &Arc<Activity> {
        &self.requests
    }

    /// Ties the tasks to the life of the caller's future.
    pub(crate) fn cut_on_drop(&self) -> CutOnDrop {
        CutOnDrop(self.cut.clone())
    }

    /// Ends all connections: idle ones now, busy ones after their requests, the rest when `limit` has passed.
    pub(crate) async fn drain(&self, limit: Duration) -> Drained {
        self.stop.cancel();
        self.connections.close();
        self.streams.close();
        if timeout(limit, self.finished()).await.is_ok() {
            return Drained::default();
        }
        let drained = Drained {
            cut_requests: self.requests.in_flight(),
            cut_connections: self.connections.len(),
        };
        self.cut.cancel();
        if timeout(CUT_GRACE, self.finished()).await.is_err() {
            tracing::error!(
                connections = self.connections.len(),
                requests = self.requests.in_flight(),
                "tasks still block their threads after the cut"
            );
        }
        drained
    }

    async fn finished(&self) {
        self.connections.wait().await;
        self.streams.wait().await;
    }
}

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

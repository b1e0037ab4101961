//! The accept loop: permit, accept, spawn. It never waits for a peer, and no error ends it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::connection::Protocol;
use crate::drain::{Drained, Lifeline};
use crate::limits::Limits;
use crate::observer::Observer;
use crate::request::Handler;
use crate::routes::Routes;

/// Pauses after failed accepts: the first, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How often the log says that all connections are in use.
const FULL_NOTICE_INTERVAL: Duration = Duration::from_secs(10);

/// How a listener is served.
#[derive(Clone, Default)]
pub struct Config {
    /// What peers are allowed.
    pub limits: Limits,
    /// For development: a 404 for an unknown host name lists the names that are answered. It tells every client which
    /// tenants' names this host has, so production leaves it off.
    pub verbose_not_found: bool,
    /// Told of every request, for metrics.
    pub observer: Option<Arc<dyn Observer>>,
}

/// Serves `routes` on `listener` until `shutdown`, then drains: new connections are refused, requests in flight finish
/// or are cut after `Limits::drain_timeout`. Dropping the future cuts everything at once.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    config: Config,
    shutdown: CancellationToken,
) -> Drained {
    let limits = config.limits;
    let lifeline = Arc::new(Lifeline::default());
    let _cut_on_drop = lifeline.cut_on_drop();
    let handler = Handler::new(routes, &config, Arc::clone(&lifeline));
    let protocol = Arc::new(Protocol::new(&limits, handler, Arc::clone(&lifeline)));
    let permits = Permits::new(limits.max_connections);
    shutdown
        .run_until_cancelled(accept_forever(&listener, permits, &lifeline, &protocol))
        .await;
    drop(listener);
    lifeline.drain(limits.drain_timeout).await
}

async fn accept_forever(
    listener: &TcpListener,
    mut permits: Permits,
    lifeline: &Lifeline,
    protocol: &Arc<Protocol>,
) {
    let mut failures = 0;
    loop {
        let permit = permits.acquire().await;
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                let pause = pause_after(&error, failures);
                if !pause.is_zero() {
                    failures += 1;
                    tracing::warn!(%error, ?pause, "cannot accept connections");
                    sleep(pause).await;
                }
                continue;
            }
        };
        failures = 0;
        send_at_once(&stream);
        let protocol = Arc::clone(protocol);
        lifeline.spawn_connection(async move {
            protocol.run(stream, peer).await;
            drop(permit);
        });
    }
}

/// How long to leave the listener alone after `failures` failed accepts in a row and now this one.
///
/// An error of the one connection that was about to be accepted needs no pause. Everything else (no file descriptors
/// left, no memory) does not get better by asking at once, and asking in a loop would take a whole core.
fn pause_after(error: &io::Error, failures: u32) -> Duration {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    match error.kind() {
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted => Duration::ZERO,
        _ => PAUSE_MIN
            .saturating_mul(2_u32.saturating_pow(failures))
            .min(PAUSE_MAX),
    }
}

/// Small frames go out as they are written; without this, the kernel holds them back for an acknowledgement.
fn send_at_once(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
}

/// One permit per open connection.
struct Permits {
    free: Arc<Semaphore>,
    max: usize,
    noticed: Option<Instant>,
}

impl Permits {
    fn new(max: usize) -> Self {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(max)),
            max,
            noticed: None,
        }
    }

    /// Waits for a free permit. `None` would mean that the semaphore was closed, which nothing does.
    async fn acquire(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(permit);
        }
        if self
            .noticed
            .is_none_or(|last| last.elapsed() > FULL_NOTICE_INTERVAL)
        {
            self.noticed = Some(Instant::now());
            tracing::warn!(
                max = self.max,
                "all connections are in use; new clients wait"
            );
        }
        Arc::clone(&self.free).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests;

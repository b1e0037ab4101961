//! The accept loop: permit, accept, spawn. It never waits for a peer, and no error ends it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use weft_telemetry::Telemetry;

use crate::arrival::{Arrival, Notices};
use crate::connection::Protocol;
use crate::drain::{Drained, Lifeline};
use crate::limits::Limits;
use crate::notice::Notice;
use crate::observer::Observer;
use crate::peers::Peers;
use crate::request::Handler;
use crate::routes::Routes;
use crate::stats::Stats;
use crate::tls::Tls;

/// Pauses after failed accepts: the first, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How a listener is served.
#[derive(Clone, Default)]
pub struct Config {
    /// What peers are allowed.
    pub limits: Limits,
    /// For development: a 404 for an unknown host name lists the names that are answered. It tells every client which
    /// tenants' names this host has, so production leaves it off.
    pub verbose_not_found: bool,
    /// Whether the listener speaks TLS, and with which certificates. They are exchanged when their files change.
    pub tls: Option<Tls>,
    /// Whether each connection begins with a header of the PROXY protocol, version 2, which says where it comes from.
    /// Only for listeners that nobody but the balancer can reach: whoever connects can name any address.
    pub proxy_protocol: bool,
    /// Where connections are counted.
    pub stats: Arc<Stats>,
    /// Told of every request, for metrics.
    pub observer: Option<Arc<dyn Observer>>,
    /// Where spans of requests go; none = requests have no traces.
    pub telemetry: Option<Telemetry>,
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
    let (tls, proxy_protocol) = (config.tls.clone(), config.proxy_protocol);
    let stats = Arc::clone(&config.stats);
    let lifeline = Arc::new(Lifeline::default());
    let _cut_on_drop = lifeline.cut_on_drop();
    let handler = Handler::new(routes, &config, Arc::clone(&lifeline));
    let protocol = Protocol::new(&limits, handler, Arc::clone(&lifeline), Arc::clone(&stats));
    let arrival = Arrival {
        protocol: Arc::new(protocol),
        peers: Peers::new(limits.max_connections_per_peer),
        proxy_protocol,
        tls: tls.clone(),
        stats: Arc::clone(&stats),
        limits,
        lifeline: Arc::clone(&lifeline),
        notices: Notices::default(),
    };
    let entrance = Entrance {
        listener: &listener,
        permits: Permits::new(limits.max_connections),
        arrival: Arc::new(arrival),
        lifeline: &lifeline,
        stats,
    };
    let watch = async {
        if let Some(tls) = &tls {
            tls.watch().await;
        }
    };
    shutdown
        .run_until_cancelled(async { tokio::join!(entrance.accept_forever(), watch) })
        .await;
    drop(listener);
    lifeline.drain(limits.drain_timeout).await
}

/// Where connections come in.
struct Entrance<'a> {
    listener: &'a TcpListener,
    permits: Permits,
    arrival: Arc<Arrival>,
    lifeline: &'a Lifeline,
    stats: Arc<Stats>,
}

impl Entrance<'_> {
    async fn accept_forever(self) {
        let mut failures = 0;
        loop {
            let permit = self.permits.acquire().await;
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.stats.count_accept_error();
                    failures = wait_after(&error, failures).await;
                    continue;
                }
            };
            failures = 0;
            let arrival = Arc::clone(&self.arrival);
            let open = self.stats.accept();
            self.lifeline.spawn_connection(async move {
                arrival.receive(stream, peer).await;
                drop((open, permit));
            });
        }
    }
}

/// Pauses if the error calls for it, and counts it then.
pub(crate) async fn wait_after(error: &io::Error, failures: u32) -> u32 {
    let pause = pause_after(error, failures);
    if pause.is_zero() {
        return failures;
    }
    tracing::warn!(%error, ?pause, "cannot accept connections");
    sleep(pause).await;
    failures.saturating_add(1)
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

/// One permit per open connection.
pub(crate) struct Permits {
    free: Arc<Semaphore>,
    max: usize,
    full: Notice,
}

impl Permits {
    pub(crate) fn new(max: usize) -> Self {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(max)),
            max,
            full: Notice::default(),
        }
    }

    /// Waits for a free permit. `None` would mean that the semaphore was closed, which nothing does.
    pub(crate) async fn acquire(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(permit);
        }
        if self.full.due(Instant::now()).is_some() {
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

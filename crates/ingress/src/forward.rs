//! Raw connections from the network to ports of services: by an address that a port has to itself, or by the name that
//! a TLS client asks for, of which many share one listener.
//!
//! ```text
//! forward      accept loop: permits, accept, back off on errors, spawn; never awaits a peer
//! places       who may have how many connections: the host, and each tenant a part of it
//! visit        one connection: its address's share, whose it is, the target, then bytes both ways
//! hello        the name out of the first message of TLS, which is kept for the service
//! alert        what a client is told that is turned away
//! pump         bytes both ways: half-close is kept, what is cut is reset, silence has an end
//! ```
//!
//! Invariants:
//!
//! - A connection that is cut ends with a reset on both sides, so that a part is never taken for the whole.
//! - What one connection holds is bounded: its hello, and a buffer for each direction.
//! - A tenant never has all places of the host, and whoever waits for a place of its tenant has none of the host.
//! - The host's certificates are shown only for names that a workload has claimed with TLS ended here.

mod alert;
mod hello;
mod limits;
mod places;
mod pump;
mod stats;
mod target;
mod visit;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::drain::{Drained, Lifeline};
use crate::peers::Peers;
use crate::routes::Routes;
use crate::serve::{Permits, wait_after};
use crate::tls::Tls;

use self::places::Taken;
use self::visit::Visits;

pub use self::limits::ForwardLimits;
pub use self::places::Places;
pub use self::stats::{ForwardRefusal, ForwardStats};
pub use self::target::{Cord, ForwardTarget};

/// Where the connections of a listener go.
#[derive(Clone)]
pub enum Entrance {
    /// All to one target.
    Target(Arc<dyn ForwardTarget>),
    /// To the target that has the name that the client asks for (TLS, SNI).
    Names {
        /// Who has which name.
        routes: Routes,
        /// The certificates for names whose TLS ends here.
        tls: Option<Tls>,
    },
}

/// How connections are forwarded.
#[derive(Clone)]
pub struct ForwardConfig {
    /// What peers are allowed.
    pub limits: ForwardLimits,
    /// Places that all listeners of the host share.
    pub places: Places,
    /// Where connections are counted.
    pub stats: Arc<ForwardStats>,
}

/// Forwards connections until `shutdown`, then drains: who is silent is closed soon, who is not may go on for
/// `ForwardLimits::drain_timeout`. Dropping the future resets everything at once.
pub async fn forward(
    listener: TcpListener,
    entrance: Entrance,
    config: ForwardConfig,
    shutdown: CancellationToken,
) -> Drained {
    let limits = config.limits;
    let lifeline = Arc::new(Lifeline::default());
    let _cut_on_drop = lifeline.cut_on_drop();
    let tls = match &entrance {
        Entrance::Names { tls, .. } => tls.clone(),
        Entrance::Target(_) => None,
    };
    let visits = Arc::new(Visits {
        entrance,
        limits,
        peers: Peers::new(limits.max_connections_per_peer),
        places: config.places.clone(),
        stats: Arc::clone(&config.stats),
        lifeline: Arc::clone(&lifeline),
        notices: visit::Notices::default(),
    });
    let watch = async {
        if let Some(tls) = &tls {
            tls.watch().await;
        }
    };
    let accepting = accept_forever(&listener, &visits, &config);
    shutdown
        .run_until_cancelled(async { tokio::join!(accepting, watch) })
        .await;
    drop(listener);
    lifeline.drain(limits.drain_timeout).await
}

async fn accept_forever(listener: &TcpListener, visits: &Arc<Visits>, config: &ForwardConfig) {
    let places = Permits::new(config.limits.max_connections);
    let owner = match &visits.entrance {
        Entrance::Target(target) => Some(config.places.tenant(target.tenant())),
        // Whose a connection is will be known by its name.
        Entrance::Names { .. } => None,
    };
    let mut failures = 0;
    loop {
        let own = places.acquire().await;
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                config.stats.count_accept_error();
                failures = wait_after(&error, failures).await;
                continue;
            }
        };
        failures = 0;
        // Only now: a listener to which nobody comes takes no place from the others.
        let taken: Option<Taken> = match &owner {
            Some(owner) => Some(owner.wait().await),
            None => None,
        };
        let permits = (own, taken);
        let open = config.stats.accept();
        let visit = Arc::clone(visits);
        visits.lifeline.spawn_connection(async move {
            visit.receive(stream, peer).await;
            drop((open, permits));
        });
    }
}

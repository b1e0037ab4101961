//! Datagrams between an address of the host and a UDP port of a service. Each peer outside is a flow: a socket of its
//! own on the virtual network, so that answers find their way back. As with every UDP, what cannot be delivered is lost.

mod flows;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::flows::Flows;
use super::target::PortTarget;

/// The longest datagram there is.
const LONGEST: usize = 65_536;
/// Pauses after failed receives: the first, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// What peers may use up of one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpLimits {
    /// Peers at a time, at least 1. One more takes the place of the one that was silent for longest among those that
    /// the service has never answered; if there is none, its datagrams are lost.
    pub flows: usize,
    /// How long a flow is kept without a datagram in either direction.
    pub idle: Duration,
}

impl Default for UdpLimits {
    fn default() -> Self {
        Self {
            flows: 1024,
            idle: Duration::from_mins(1),
        }
    }
}

/// Forwards until `stop`, or until it is dropped.
pub(super) async fn forward(
    socket: UdpSocket,
    target: PortTarget,
    limits: UdpLimits,
    stop: CancellationToken,
) {
    let socket = Arc::new(socket);
    let mut flows = Flows::new(Arc::clone(&socket), target, limits);
    let mut buffer = vec![0; LONGEST];
    let mut failures = 0_u32;
    loop {
        let received: io::Result<(usize, SocketAddr)> = tokio::select! {
            () = stop.cancelled() => return,
            () = flows.ended() => continue,
            received = socket.recv_from(&mut buffer) => received,
        };
        match received {
            Ok((length, peer)) => {
                failures = 0;
                flows.send(peer, buffer.get(..length).unwrap_or_default());
            }
            Err(error) => {
                // Asking at once would take a whole core for as long as the error lasts.
                let pause = PAUSE_MIN.saturating_mul(2_u32.saturating_pow(failures));
                tracing::debug!(%error, "cannot receive datagrams");
                failures = failures.saturating_add(1);
                sleep(pause.min(PAUSE_MAX)).await;
            }
        }
    }
}

//! A connection from its acceptance to its first byte of HTTP: its place among those of its peer, and the handshakes.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::connection::{Client, Protocol};
use crate::limits::Limits;
use crate::notice::Notice;
use crate::peers::{Peers, Place};
use crate::socket::Socket;
use crate::stats::{Refusal, Stats};

/// What all new connections of one server pass through.
pub(crate) struct Arrival {
    protocol: Arc<Protocol>,
    peers: Arc<Peers>,
    crowd: Notice,
    stats: Arc<Stats>,
    limits: Limits,
}

impl Arrival {
    /// What leads to `protocol`.
    pub(crate) fn new(protocol: Arc<Protocol>, limits: &Limits, stats: Arc<Stats>) -> Self {
        Self {
            protocol,
            peers: Peers::new(limits.max_connections_per_peer),
            crowd: Notice::default(),
            stats,
            limits: *limits,
        }
    }

    /// Serves one connection to its end.
    pub(crate) async fn receive(&self, stream: TcpStream, socket_peer: SocketAddr) {
        let socket = Socket::new(stream, &self.limits);
        let pulse = socket.pulse();
        let client = Client {
            peer: canonical(socket_peer),
            secure: false,
        };
        let Some(_place) = self.place(client.peer) else {
            return;
        };
        Arc::clone(&self.protocol).run(socket, pulse, client).await;
    }

    fn place(&self, peer: SocketAddr) -> Option<Place> {
        let place = self.peers.enter(peer.ip());
        if place.is_none() {
            self.stats.count_refusal(Refusal::PeerLimit);
            tracing::debug!(%peer, "connection refused: its address has too many");
            if let Some(unsaid) = self.crowd.due(Instant::now()) {
                let max = self.limits.max_connections_per_peer;
                tracing::warn!(%peer, max, unsaid, "an address has too many connections; raise the limit if it is a balancer");
            }
        }
        place
    }
}

/// IPv4 as IPv4, also when the listener is one for both.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

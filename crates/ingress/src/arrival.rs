//! A connection from its acceptance to its first byte of HTTP: where it comes from, its place among those of its peer,
//! and the TLS handshake.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::server::TlsStream;

use crate::connection::{Client, Protocol};
use crate::drain::Lifeline;
use crate::limits::Limits;
use crate::notice::Notice;
use crate::peers::{Peers, Place};
use crate::proxy_protocol::{self, HeaderError};
use crate::socket::Socket;
use crate::stats::{Refusal, Stats};
use crate::tls::Tls;

/// What all new connections of one server pass through.
pub(crate) struct Arrival {
    /// What they come to.
    pub protocol: Arc<Protocol>,
    /// Who they come from.
    pub peers: Arc<Peers>,
    /// Whether each begins with a PROXY header.
    pub proxy_protocol: bool,
    /// Whether each begins with a TLS handshake.
    pub tls: Option<Tls>,
    pub stats: Arc<Stats>,
    pub limits: Limits,
    pub lifeline: Arc<Lifeline>,
    /// What is in the log once in a while only.
    pub notices: Notices,
}

/// Lines about refusals that somebody who runs this host should see.
#[derive(Default)]
pub(crate) struct Notices {
    crowd: Notice,
    header: Notice,
}

impl Arrival {
    /// Serves one connection to its end.
    pub(crate) async fn receive(&self, mut stream: TcpStream, socket_peer: SocketAddr) {
        // What has not become a request by then need not be waited for.
        let deadline = Instant::now() + self.limits.handshake_timeout;
        let Some(peer) = self
            .handshake(deadline, socket_peer, self.peer(&mut stream, socket_peer))
            .await
        else {
            return;
        };
        let peer = canonical(peer);
        let Some(_place) = self.place(peer) else {
            return;
        };
        let socket = Socket::new(stream, &self.limits);
        let pulse = socket.pulse();
        let protocol = Arc::clone(&self.protocol);
        let Some(tls) = &self.tls else {
            let client = Client {
                peer,
                secure: false,
            };
            return protocol.run(socket, pulse, client).await;
        };
        let handshake = self.handshake(deadline, peer, self.secure(tls, socket, peer));
        if let Some(stream) = handshake.await {
            let client = Client { peer, secure: true };
            protocol.run(stream, pulse, client).await;
        }
    }

    /// Gives a handshake up when its time is over or the server stops.
    async fn handshake<T>(
        &self,
        deadline: Instant,
        peer: SocketAddr,
        handshake: impl Future<Output = Option<T>>,
    ) -> Option<T> {
        let done = tokio::select! {
            biased;
            done = timeout_at(deadline, handshake) => done,
            () = self.lifeline.stopped() => return None,
        };
        done.unwrap_or_else(|_| {
            self.stats.count_refusal(Refusal::HandshakeTimeout);
            tracing::debug!(%peer, "connection refused: its handshake takes too long");
            None
        })
    }

    /// Where a connection comes from.
    async fn peer(&self, stream: &mut TcpStream, socket_peer: SocketAddr) -> Option<SocketAddr> {
        if !self.proxy_protocol {
            return Some(socket_peer);
        }
        match proxy_protocol::read(stream).await {
            Ok(named) => Some(named.unwrap_or(socket_peer)),
            // Whoever only looks whether the port is open, such as a health check, has done nothing wrong.
            Err(HeaderError::Nothing) => None,
            Err(error) => {
                self.stats.count_refusal(Refusal::ProxyHeader);
                tracing::debug!(peer = %socket_peer, %error, "connection refused");
                if let Some(unsaid) = self.notices.header.due(Instant::now()) {
                    tracing::warn!(peer = %socket_peer, %error, unsaid, "connections are refused");
                }
                None
            }
        }
    }

    fn place(&self, peer: SocketAddr) -> Option<Place> {
        let place = self.peers.enter(peer.ip());
        if place.is_none() {
            self.stats.count_refusal(Refusal::PeerLimit);
            tracing::debug!(%peer, "connection refused: its address has too many");
            if let Some(unsaid) = self.notices.crowd.due(Instant::now()) {
                let max = self.limits.max_connections_per_peer;
                tracing::warn!(%peer, max, unsaid, "an address has too many connections; raise the limit if it is a balancer");
            }
        }
        place
    }

    async fn secure(
        &self,
        tls: &Tls,
        socket: Socket,
        peer: SocketAddr,
    ) -> Option<TlsStream<Socket>> {
        let pulse = socket.pulse();
        match tls.accept(socket).await {
            Ok(stream) => Some(stream),
            Err(_) if !pulse.heard() => None,
            Err(error) => {
                self.stats.count_refusal(Refusal::TlsHandshake);
                tracing::debug!(%peer, %error, "connection refused: the TLS handshake failed");
                None
            }
        }
    }
}

/// IPv4 as IPv4, also when the listener is one for both.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

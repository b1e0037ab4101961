//! One forwarded connection, from its acceptance to its end.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use weft_api::spec::TlsEnd;

use crate::drain::Lifeline;
use crate::hostname::normalise;
use crate::notice::Notice;
use crate::peers::{Peers, Place};
use crate::routes::{NameSlot, Routes};
use crate::socket::configure;
use crate::tls::Tls;

use super::Entrance;
use super::alert::{Alert, refuse};
use super::hello::{self, Begun, HelloError};
use super::limits::ForwardLimits;
use super::places::{Places, Taken};
use super::pump::{End, Silence, pump};
use super::stats::{ForwardRefusal, ForwardStats};
use super::target::{Cord, ForwardTarget};

/// What all connections of one listener pass through.
pub(super) struct Visits {
    pub(super) entrance: Entrance,
    pub(super) limits: ForwardLimits,
    pub(super) peers: Arc<Peers>,
    pub(super) places: Places,
    pub(super) stats: Arc<ForwardStats>,
    pub(super) lifeline: Arc<Lifeline>,
    pub(super) notices: Notices,
}

/// What is in the log once in a while only.
#[derive(Default)]
pub(super) struct Notices {
    crowd: Notice,
    target: Notice,
    certificate: Notice,
}

impl Visits {
    /// Forwards one connection to its end.
    pub(super) async fn receive(&self, stream: TcpStream, peer: SocketAddr) {
        configure(&stream, self.limits.tcp_keepalive);
        let Some(_place) = self.place(peer) else {
            return;
        };
        match &self.entrance {
            Entrance::Target(target) => {
                if let Some(far) = self.reach(target.as_ref(), peer).await {
                    self.carry(stream, far, target.name(), peer).await;
                } else {
                    cut(stream);
                }
            }
            Entrance::Names { routes, tls } => {
                self.by_name(stream, peer, routes, tls.as_ref()).await;
            }
        }
    }

    fn place(&self, peer: SocketAddr) -> Option<Place> {
        let place = self.peers.enter(peer.ip());
        if place.is_none() {
            self.refuse(ForwardRefusal::PeerLimit, peer, "its address has too many");
            if let Some(unsaid) = self.notices.crowd.due(Instant::now()) {
                let max = self.limits.max_connections_per_peer;
                tracing::warn!(%peer, max, unsaid, "an address has too many forwarded connections");
            }
        }
        place
    }

    async fn by_name(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        routes: &Routes,
        tls: Option<&Tls>,
    ) {
        let deadline = Instant::now() + self.limits.handshake_timeout;
        let Some(begun) = self.hello(stream, peer, deadline).await else {
            return;
        };
        let name = begun.client_hello().server_name().map(str::to_owned);
        let name = name.as_deref().and_then(normalise);
        let Some(name) = name else {
            self.refuse(ForwardRefusal::NoName, peer, "it asks for no name");
            return turn_away(begun, Alert::MissingExtension).await;
        };
        let Some(slot) = routes.find_name(&name) else {
            self.refuse(ForwardRefusal::UnknownName, peer, "nobody has the name");
            return turn_away(begun, Alert::UnrecognizedName).await;
        };
        let Some(_active) = slot.enter(self.limits.max_connections_per_name.max(1)) else {
            self.refuse(ForwardRefusal::NameLimit, peer, "the name has too many");
            return turn_away(begun, Alert::InternalError).await;
        };
        let Some(_taken) = self.taken(&slot, peer, deadline).await else {
            return turn_away(begun, Alert::InternalError).await;
        };
        let forwarding = self.to_slot(begun, peer, &slot, tls, deadline);
        slot.cut.run_until_cancelled(forwarding).await;
    }

    /// A place among the connections of the tenant and of the host. The listener is everybody's, so nobody waits there for
    /// places of one tenant.
    async fn taken(&self, slot: &NameSlot, peer: SocketAddr, deadline: Instant) -> Option<Taken> {
        let tenant = self.places.tenant(slot.target.tenant());
        let Some(own) = tenant.try_own() else {
            tenant.say_full("further ones by name are turned away");
            self.refuse(ForwardRefusal::TenantLimit, peer, "the tenant has too many");
            return None;
        };
        let taken = timeout_at(deadline, own.wait()).await.ok();
        if taken.is_none() {
            self.refuse(ForwardRefusal::HostLimit, peer, "the host has too many");
        }
        taken
    }

    async fn hello(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        deadline: Instant,
    ) -> Option<Begun<TcpStream>> {
        let reading = timeout_at(deadline, hello::read(stream, self.limits.max_hello_bytes));
        let read = tokio::select! {
            biased;
            read = reading => read,
            // What has not said whom it wants by then need not be waited for.
            () = self.lifeline.stopped() => return None,
        };
        match read {
            Ok(Ok(begun)) => return Some(begun),
            // Whoever only looks whether the port is open has done nothing wrong.
            Ok(Err(HelloError::Nothing)) => {}
            Ok(Err(error)) => self.refuse(ForwardRefusal::Hello, peer, &error.to_string()),
            Err(_) => self.refuse(
                ForwardRefusal::HandshakeTimeout,
                peer,
                "its ClientHello takes too long",
            ),
        }
        None
    }

    async fn to_slot(
        &self,
        mut begun: Begun<TcpStream>,
        peer: SocketAddr,
        slot: &NameSlot,
        tls: Option<&Tls>,
        deadline: Instant,
    ) {
        let name = slot.target.name();
        match (slot.tls, tls) {
            (TlsEnd::Passthrough, _) => {
                let Some(mut far) = self.reach(slot.target.as_ref(), peer).await else {
                    return turn_away(begun, Alert::InternalError).await;
                };
                let (hello, stream) = begun.io.into_parts();
                if far.write_all(&hello).await.is_ok() {
                    self.stats.count_received(hello.len());
                    self.carry(stream, far, name, peer).await;
                } else {
                    cut(stream);
                }
            }
            (TlsEnd::Terminate, Some(tls)) => {
                begun.io.forget();
                let config = tls.config_for(hello::protocols(&begun));
                let handshake = timeout_at(deadline, begun.into_stream(config));
                let near = match handshake.await {
                    Ok(Ok(near)) => near,
                    Ok(Err(error)) => {
                        return self.refuse(ForwardRefusal::TlsHandshake, peer, &error.to_string());
                    }
                    Err(_) => {
                        let why = "its handshake takes too long";
                        return self.refuse(ForwardRefusal::HandshakeTimeout, peer, why);
                    }
                };
                match self.reach(slot.target.as_ref(), peer).await {
                    Some(far) => self.carry(near, far, name, peer).await,
                    None => cut(near),
                }
            }
            (TlsEnd::Terminate, None) => {
                if self.notices.certificate.due(Instant::now()).is_some() {
                    tracing::error!(
                        workload = name,
                        "a name asks for TLS that ends at the host, which has no certificate"
                    );
                }
                self.refuse(ForwardRefusal::TlsHandshake, peer, "no certificate");
                turn_away(begun, Alert::InternalError).await;
            }
        }
    }

    /// A connection to the target, if there is one in time.
    async fn reach(&self, target: &dyn ForwardTarget, peer: SocketAddr) -> Option<Box<dyn Cord>> {
        let connecting = timeout(self.limits.connect_timeout, target.connect());
        let connected = tokio::select! {
            biased;
            connected = connecting => connected,
            () = self.lifeline.stopped() => return None,
        };
        let why = match connected {
            Ok(Ok(far)) => return Some(far),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the service does not listen".to_owned(),
        };
        let workload = target.name();
        self.stats.count_refusal(ForwardRefusal::Target);
        tracing::debug!(%peer, workload, error = why, "connection not forwarded");
        if let Some(unsaid) = self.notices.target.due(Instant::now()) {
            tracing::warn!(
                workload,
                error = why,
                unsaid,
                "connections are not forwarded"
            );
        }
        None
    }

    async fn carry(&self, near: impl Cord, far: impl Cord, workload: &str, peer: SocketAddr) {
        let silence = Silence {
            idle: self.limits.idle_timeout,
            quiet: self.limits.quiet_timeout,
        };
        match pump(near, far, &self.stats, silence, self.lifeline.stopped()).await {
            End::Finished | End::Stopped => {}
            End::Broken(error) => {
                tracing::debug!(%peer, workload, %error, "a forwarded connection broke");
            }
            End::Idle => tracing::debug!(%peer, workload, "a forwarded connection was idle"),
        }
    }

    fn refuse(&self, why: ForwardRefusal, peer: SocketAddr, what: &str) {
        self.stats.count_refusal(why);
        tracing::debug!(%peer, why = what, "connection refused");
    }
}

async fn turn_away(begun: Begun<TcpStream>, alert: Alert) {
    let (_, stream) = begun.io.into_parts();
    refuse(stream, alert).await;
}

/// Ends a connection that nobody answers.
fn cut(mut cord: impl Cord) {
    cord.reset();
}

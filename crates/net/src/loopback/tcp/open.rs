//! Binding and listening.

use std::net::SocketAddr;

use super::super::address;
use super::super::state::{Place, SocketId, State};
use super::{Error, Phase, Queues};

impl State {
    /// Binds as Linux does with SO_REUSEADDR, which `wasi:sockets` implies: only a listener is in the way, so that a
    /// service that starts again has its port at once.
    pub(in super::super) fn bind(&mut self, id: SocketId, wish: SocketAddr) -> Result<(), Error> {
        self.open()?;
        let tcp = self.socket(id)?;
        if !matches!(tcp.phase, Phase::Open) || tcp.bound.is_some() {
            return Err(Error::InvalidState);
        }
        let wish = address::local(tcp.family, wish)?;
        tcp.role.may_listen()?;
        self.hold(id, wish)
    }

    /// Listens, on a port that the network chooses if none was bound.
    pub(in super::super) fn listen(&mut self, id: SocketId) -> Result<(), Error> {
        self.open()?;
        let tcp = self.socket(id)?;
        if !matches!(tcp.phase, Phase::Open) {
            return Err(Error::InvalidState);
        }
        tcp.role.may_listen()?;
        let bound = match tcp.bound {
            Some(bound) => bound,
            None => {
                let any = SocketAddr::new(tcp.family.unspecified(), 0);
                self.hold(id, any)?;
                self.socket(id)?.bound.unwrap_or(any)
            }
        };
        if self.is_listened_to(bound) {
            return Err(Error::AddressInUse);
        }
        if let Some(holder) = self.tcp_ports.holder(bound, id) {
            holder.listening = true;
        }
        self.socket(id)?.phase = Phase::Listening(Queues::default());
        self.wake(Place::Listening);
        Ok(())
    }

    /// How many connections may wait to be accepted; also for a listener at work.
    pub(in super::super) fn set_backlog(&mut self, id: SocketId, wish: u64) -> Result<(), Error> {
        let backlog = self.limits.backlog(wish)?;
        let tcp = self.socket(id)?;
        if !matches!(tcp.phase, Phase::Open | Phase::Listening(_)) {
            return Err(Error::InvalidState);
        }
        tcp.backlog = backlog;
        self.admit(id);
        Ok(())
    }

    /// Takes an address, with a port of the network's choice for port 0.
    fn hold(&mut self, id: SocketId, mut wish: SocketAddr) -> Result<(), Error> {
        if wish.port() == 0 {
            let port = self.tcp_ports.ephemeral_for(wish.ip());
            wish.set_port(port.ok_or(Error::AddressInUse)?);
        } else if self.is_listened_to(wish) {
            return Err(Error::AddressInUse);
        }
        self.tcp_ports.claim(wish, id);
        self.socket(id)?.bound = Some(wish);
        Ok(())
    }

    fn is_listened_to(&self, address: SocketAddr) -> bool {
        self.tcp_ports
            .overlapping(address)
            .any(|holder| holder.listening)
    }
}

//! Connecting and accepting: there is no handshake, a connection exists at both ends at once or not at all.

use std::net::{IpAddr, SocketAddr};

use super::super::address::{self, Family};
use super::super::state::{Place, SocketId, State};
use super::{Error, Phase, Stream, Tcp};

impl State {
    /// Begins to connect. What is wrong with the arguments or the state is an error here and leaves the socket as it
    /// was; everything else is the outcome, for `connected`.
    pub(in super::super) fn connect(
        &mut self,
        id: SocketId,
        remote: SocketAddr,
    ) -> Result<(), Error> {
        self.open()?;
        let tcp = self.socket(id)?;
        if !matches!(tcp.phase, Phase::Open) {
            return Err(Error::InvalidState);
        }
        let remote = address::remote(tcp.family, remote)?;
        if let Err(error) = self.dial(id, remote) {
            self.fail_connect(id, error);
        }
        Ok(())
    }

    /// The outcome of a connect. `WouldBlock` while it waits for a place in the listener's queue.
    pub(in super::super) fn connected(&mut self, id: SocketId) -> Result<(), Error> {
        match &self.socket(id)?.phase {
            Phase::Connected(_) => Ok(()),
            Phase::Connecting { .. } => Err(Error::WouldBlock),
            Phase::Closed(error) => Err(*error),
            Phase::Open | Phase::Listening(_) => Err(Error::InvalidState),
        }
    }

    /// Ends a connect that waits, if it does.
    pub(in super::super) fn fail_connect(&mut self, id: SocketId, error: Error) {
        let Some(tcp) = self.tcp.get_mut(&id) else {
            return;
        };
        if let Phase::Connecting { listener, .. } = tcp.phase {
            self.leave_queue(listener, id);
        } else if !matches!(tcp.phase, Phase::Open) {
            return;
        }
        if let Ok(tcp) = self.socket(id) {
            tcp.phase = Phase::Closed(error);
        }
        self.wake(Place::Readable(id));
        self.wake(Place::Writable(id));
    }

    /// Takes the oldest connection off the queue of a listener. It is the caller's from now on.
    pub(in super::super) fn accept(&mut self, id: SocketId) -> Result<SocketId, Error> {
        let queues = match &mut self.socket(id)?.phase {
            Phase::Listening(queues) => queues,
            Phase::Closed(Error::ConnectionAborted) => return Err(Error::ConnectionAborted),
            Phase::Open | Phase::Connecting { .. } | Phase::Connected(_) | Phase::Closed(_) => {
                return Err(Error::InvalidState);
            }
        };
        let accepted = queues.established.pop_front().ok_or(Error::WouldBlock)?;
        self.admit(id);
        Ok(accepted)
    }

    /// Fills the free places of a listener with those who wait for one.
    pub(super) fn admit(&mut self, listener: SocketId) {
        while let Some(next) = self.next_to_admit(listener) {
            let Some(Phase::Connecting { local, remote, .. }) =
                self.tcp.get(&next).map(|tcp| &tcp.phase)
            else {
                continue;
            };
            let (local, remote) = (*local, *remote);
            if let Err(error) = self.establish(next, listener, local, remote) {
                self.pairs.remove(&(local, remote));
                if let Ok(tcp) = self.socket(next) {
                    tcp.phase = Phase::Closed(error);
                }
            }
            self.wake(Place::Readable(next));
            self.wake(Place::Writable(next));
        }
    }

    /// Takes one who waits to connect off the queue of a listener, and its addresses back.
    pub(super) fn leave_queue(&mut self, listener: SocketId, id: SocketId) {
        if let Some(queues) = self.queues(listener) {
            queues.connecting.retain(|other| *other != id);
        }
        if let Some(Phase::Connecting { local, remote, .. }) =
            self.tcp.get(&id).map(|tcp| &tcp.phase)
        {
            let pair = (*local, *remote);
            self.pairs.remove(&pair);
        }
    }

    fn dial(&mut self, id: SocketId, remote: SocketAddr) -> Result<(), Error> {
        if !address::is_reachable(remote.ip()) {
            return Err(Error::RemoteUnreachable);
        }
        let local = self.source(id, remote)?;
        if self.pairs.contains(&(local, remote)) {
            return Err(Error::AddressNotBindable);
        }
        let listener = self.listener(remote).ok_or(Error::ConnectionRefused)?;
        if self.has_room(listener) {
            self.establish(id, listener, local, remote)?;
        } else {
            self.socket(id)?.phase = Phase::Connecting {
                listener,
                local,
                remote,
            };
            if let Some(queues) = self.queues(listener) {
                queues.connecting.push_back(id);
            }
        }
        self.pairs.insert((local, remote));
        Ok(())
    }

    /// The address that a socket connects from. An ephemeral port may serve many connections to different addresses, and
    /// is never one that was bound.
    fn source(&mut self, id: SocketId, remote: SocketAddr) -> Result<SocketAddr, Error> {
        let source = Family::of(remote.ip()).source();
        let bound = self.socket(id)?.bound;
        let ip = bound
            .map(|bound| bound.ip())
            .filter(|ip| !ip.is_unspecified())
            .unwrap_or(source);
        let port = match bound {
            Some(bound) => bound.port(),
            None => self.connect_port(ip, remote).ok_or(Error::AddressInUse)?,
        };
        Ok(SocketAddr::new(ip, port))
    }

    fn connect_port(&mut self, ip: IpAddr, remote: SocketAddr) -> Option<u16> {
        let pairs = &self.pairs;
        let family = Family::of(ip);
        self.tcp_ports.ephemeral(|ports, port| {
            !ports.is_taken(family, port) && !pairs.contains(&(SocketAddr::new(ip, port), remote))
        })
    }

    /// Who listens to an address: on it or on all addresses, for nobody listens on one while another does on the other.
    fn listener(&self, remote: SocketAddr) -> Option<SocketId> {
        self.tcp_ports
            .overlapping(remote)
            .find(|holder| holder.listening)
            .map(|holder| holder.id)
    }

    /// Whether one more connection may wait to be accepted. As on Linux, one more than was asked for.
    fn has_room(&self, listener: SocketId) -> bool {
        self.tcp.get(&listener).is_some_and(|tcp| match &tcp.phase {
            Phase::Listening(queues) => queues.established.len() <= tcp.backlog,
            Phase::Open | Phase::Connecting { .. } | Phase::Connected(_) | Phase::Closed(_) => {
                false
            }
        })
    }

    fn next_to_admit(&mut self, listener: SocketId) -> Option<SocketId> {
        if !self.has_room(listener) {
            return None;
        }
        self.queues(listener)?.connecting.pop_front()
    }

    /// Makes both ends of a connection and queues the far one.
    fn establish(
        &mut self,
        id: SocketId,
        listener: SocketId,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<(), Error> {
        let tcp = self.socket(listener)?;
        let (family, role, options, backlog) = (tcp.family, tcp.role, tcp.options, tcp.backlog);
        let far = self.new_id()?;
        let end = Tcp {
            family,
            role,
            bound: None,
            options,
            backlog,
            phase: Phase::Connected(Stream::new(remote, local, id, false)),
            readers: Default::default(),
            writers: Default::default(),
        };
        self.tcp.insert(far, Box::new(end));
        self.socket(id)?.phase = Phase::Connected(Stream::new(local, remote, far, true));
        if let Some(queues) = self.queues(listener) {
            queues.established.push_back(far);
        }
        self.wake(Place::Readable(listener));
        Ok(())
    }
}

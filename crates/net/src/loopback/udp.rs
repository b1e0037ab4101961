//! One UDP socket: its addresses, and what was sent to it. `send` is how that comes there, `socket` is what users hold.

mod send;
pub(super) mod socket;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::address;
use super::limits::Limits;
use super::state::{SocketId, State};
use super::waiters::{Waiters, Wakes};
use super::{Error, Family, Role};

/// The longest datagram on IPv4, in bytes: 65535 less the headers of IP and UDP.
pub const LONGEST_V4: usize = 65_507;
/// The longest datagram on IPv6, in bytes: 65535 less the header of UDP.
pub const LONGEST_V6: usize = 65_527;

/// What a datagram is charged on top of its bytes.
const OVERHEAD: usize = 256;

#[derive(Debug)]
pub(super) struct Udp {
    pub(super) family: Family,
    role: Role,
    /// The address that was asked for, with the port that was given.
    bound: Option<SocketAddr>,
    /// The address that is held among the ports: a connected socket is on one address, even if it was bound to all.
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    queue: VecDeque<Datagram>,
    /// Bytes that the queue is charged.
    queued: usize,
    /// To be told once.
    error: Option<Error>,
    aborted: bool,
    pub(super) hop_limit: u8,
    pub(super) receive_buffer: usize,
    pub(super) send_buffer: usize,
    pub(super) readers: Waiters,
}

#[derive(Debug)]
struct Datagram {
    from: SocketAddr,
    data: Box<[u8]>,
}

impl Udp {
    pub(super) fn new(family: Family, role: Role, limits: &Limits) -> Self {
        Self {
            family,
            role,
            bound: None,
            local: None,
            remote: None,
            queue: VecDeque::new(),
            queued: 0,
            error: None,
            aborted: false,
            hop_limit: 64,
            receive_buffer: limits.udp_buffer,
            send_buffer: limits.udp_buffer,
            readers: Waiters::default(),
        }
    }

    /// The network goes away. Gives what its queue was charged.
    pub(super) fn abort(&mut self, wakes: &mut Wakes) -> usize {
        self.aborted = true;
        self.queue = VecDeque::new();
        self.bound = None;
        self.local = None;
        self.readers.wake(wakes);
        std::mem::take(&mut self.queued)
    }

    /// An error that is there to be told.
    fn take_error(&mut self) -> Result<(), Error> {
        if self.aborted {
            return Err(Error::ConnectionAborted);
        }
        self.error.take().map_or(Ok(()), Err)
    }

    fn hears(&self, from: SocketAddr) -> bool {
        self.remote.is_none_or(|remote| remote == from)
    }
}

impl State {
    pub(super) fn udp(&mut self, id: SocketId) -> Result<&mut Udp, Error> {
        match self.udp.get_mut(&id) {
            Some(udp) => Ok(udp),
            None => Err(Error::InvalidState),
        }
    }

    pub(super) fn bind_udp(&mut self, id: SocketId, wish: SocketAddr) -> Result<(), Error> {
        self.open()?;
        let udp = self.udp(id)?;
        if udp.bound.is_some() {
            return Err(Error::InvalidState);
        }
        let wish = match address::local(udp.family, wish) {
            Ok(wish) => wish,
            // Linux binds UDP to groups and broadcast addresses; a loopback has none.
            Err(_) if Family::of(wish.ip()) == udp.family && wish.ip().is_multicast() => {
                return Err(Error::AddressNotBindable);
            }
            Err(error) => return Err(error),
        };
        udp.role.may_bind_udp(wish.port())?;
        self.hold_udp(id, wish)
    }

    /// Talks to one address only from now on. Takes the place of an earlier one.
    pub(super) fn connect_udp(&mut self, id: SocketId, remote: SocketAddr) -> Result<(), Error> {
        self.open()?;
        let remote = address::remote(self.udp(id)?.family, remote)?;
        if !address::is_reachable(remote.ip()) {
            return Err(Error::RemoteUnreachable);
        }
        let bound = self.bound_udp(id)?;
        let udp = self.udp(id)?;
        udp.remote = Some(remote);
        if bound.ip().is_unspecified() {
            self.move_udp(id, SocketAddr::new(udp_source(bound), bound.port()));
        }
        Ok(())
    }

    pub(super) fn disconnect_udp(&mut self, id: SocketId) -> Result<(), Error> {
        let udp = self.udp(id)?;
        if udp.remote.take().is_none() {
            return Err(Error::InvalidState);
        }
        if let Some(bound) = udp.bound {
            self.move_udp(id, bound);
        }
        Ok(())
    }

    /// The oldest datagram, whole, and who sent it.
    pub(super) fn receive(&mut self, id: SocketId) -> Result<(Box<[u8]>, SocketAddr), Error> {
        let udp = self.udp(id)?;
        udp.take_error()?;
        if udp.bound.is_none() {
            return Err(Error::InvalidState);
        }
        let before = udp.queued;
        let mut found = None;
        while let Some(datagram) = udp.queue.pop_front() {
            udp.queued -= datagram.data.len() + OVERHEAD;
            // What came before the socket was connected may be from somebody else.
            if udp.hears(datagram.from) {
                found = Some((datagram.data, datagram.from));
                break;
            }
        }
        if udp.queue.is_empty() {
            udp.queue = VecDeque::new();
        }
        let now = udp.queued;
        self.account(before, now);
        self.memory.give_back(before - now);
        found.ok_or(Error::WouldBlock)
    }

    /// Whether `receive` would not wait.
    pub(super) fn receivable(&mut self, id: SocketId) -> Result<(), Error> {
        let udp = self.udp(id)?;
        let ready = udp.aborted
            || udp.error.is_some()
            || udp.bound.is_none()
            || udp.queue.iter().any(|datagram| udp.hears(datagram.from));
        if ready {
            Ok(())
        } else {
            Err(Error::WouldBlock)
        }
    }

    pub(super) fn udp_local_address(&mut self, id: SocketId) -> Result<SocketAddr, Error> {
        self.udp(id)?.local.ok_or(Error::InvalidState)
    }

    pub(super) fn udp_remote_address(&mut self, id: SocketId) -> Result<SocketAddr, Error> {
        self.udp(id)?.remote.ok_or(Error::InvalidState)
    }

    pub(super) fn drop_udp(&mut self, id: SocketId) {
        let Some(mut udp) = self.udp.remove(&id) else {
            return;
        };
        if let Some(local) = udp.local {
            self.udp_ports.release(local, id);
        }
        udp.readers.wake(&mut self.wakes);
        self.account(udp.queued, 0);
        self.memory.give_back(udp.queued);
        self.forget_socket();
    }

    /// The address of a socket, which gets one if it has none.
    fn bound_udp(&mut self, id: SocketId) -> Result<SocketAddr, Error> {
        let udp = self.udp(id)?;
        if let Some(bound) = udp.bound {
            return Ok(bound);
        }
        let any = SocketAddr::new(udp.family.unspecified(), 0);
        self.hold_udp(id, any)?;
        Ok(self.udp(id)?.bound.unwrap_or(any))
    }

    fn hold_udp(&mut self, id: SocketId, mut wish: SocketAddr) -> Result<(), Error> {
        if wish.port() == 0 {
            let port = self.udp_ports.ephemeral_for(wish.ip());
            wish.set_port(port.ok_or(Error::AddressInUse)?);
        } else if self.udp_ports.overlapping(wish).next().is_some() {
            return Err(Error::AddressInUse);
        }
        self.udp_ports.claim(wish, id);
        let udp = self.udp(id)?;
        udp.bound = Some(wish);
        udp.local = Some(wish);
        Ok(())
    }

    fn move_udp(&mut self, id: SocketId, to: SocketAddr) {
        let Ok(udp) = self.udp(id) else {
            return;
        };
        if let Some(from) = udp.local.replace(to)
            && let Some(holder) = self.udp_ports.holder(from, id)
        {
            holder.ip = to.ip();
        }
    }
}

fn udp_source(bound: SocketAddr) -> std::net::IpAddr {
    Family::of(bound.ip()).source()
}

//! Sending: who gets a datagram, and what happens to those that nobody gets.
//!
//! A queue that is full loses what comes, as does a network whose memory is used up. A sender learns that nobody has a
//! port only if it is connected to it, and only at its next call, as on Linux.

use std::net::SocketAddr;

use super::super::address;
use super::super::state::{Place, SocketId, State};
use super::{Datagram, Error, Family, LONGEST_V4, LONGEST_V6, OVERHEAD, udp_source};

impl State {
    /// Sends at once or loses. Without an address to where the socket is connected.
    pub(in super::super) fn send(
        &mut self,
        id: SocketId,
        data: &[u8],
        to: Option<SocketAddr>,
    ) -> Result<(), Error> {
        self.open()?;
        let udp = self.udp(id)?;
        let longest = match udp.family {
            Family::V4 => LONGEST_V4,
            Family::V6 => LONGEST_V6,
        };
        let connected = udp.remote;
        let to = match to {
            Some(to) => address::remote(udp.family, to)?,
            None => connected.ok_or(Error::InvalidArgument)?,
        };
        if connected.is_some_and(|remote| remote != to) {
            return Err(Error::InvalidArgument);
        }
        if !address::is_reachable(to.ip()) {
            return Err(Error::RemoteUnreachable);
        }
        let mut from = self.bound_udp(id)?;
        if data.len() > longest {
            return Err(Error::DatagramTooLarge);
        }
        let udp = self.udp(id)?;
        udp.take_error()?;
        from = udp.local.unwrap_or(from);
        if from.ip().is_unspecified() {
            from.set_ip(udp_source(from));
        }
        match self.receiver(from, to) {
            Some(receiver) => self.queue(receiver, from, data),
            None if connected.is_some() => self.refuse(id),
            None => {}
        }
        Ok(())
    }

    /// Who gets a datagram: a socket on the address before one on all addresses, a connected one before another.
    fn receiver(&self, from: SocketAddr, to: SocketAddr) -> Option<SocketId> {
        self.udp_ports
            .overlapping(to)
            .filter_map(|holder| Some((holder, self.udp.get(&holder.id)?)))
            .filter(|(_, udp)| udp.hears(from))
            .max_by_key(|(holder, udp)| (holder.ip == to.ip(), udp.remote.is_some()))
            .map(|(holder, _)| holder.id)
    }

    fn queue(&mut self, to: SocketId, from: SocketAddr, data: &[u8]) {
        let (free, memory) = (self.free(), &self.memory);
        let charge = data.len() + OVERHEAD;
        let Some(udp) = self.udp.get_mut(&to) else {
            return;
        };
        // As on Linux, one datagram fits into any buffer, however small.
        let fits = udp.queue.is_empty() || udp.queued + charge <= udp.receive_buffer;
        if !fits || charge > free || !memory.take(charge) {
            return;
        }
        let before = udp.queued;
        udp.queued += charge;
        udp.queue.push_back(Datagram {
            from,
            data: data.into(),
        });
        self.account(before, before + charge);
        self.wake(Place::Readable(to));
    }

    fn refuse(&mut self, id: SocketId) {
        if let Ok(udp) = self.udp(id) {
            udp.error = Some(Error::ConnectionRefused);
        }
        self.wake(Place::Readable(id));
    }
}

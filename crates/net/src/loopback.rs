//! The virtual loopback network of a workload: TCP and UDP between its service and its components, in memory. Nothing
//! here ever opens a socket of the machine, so that any number of workloads may listen on the same port, and none can
//! reach another: a socket knows no network but the one that made it.
//!
//! Layout: `state` is a network at a moment, with the transitions of `tcp` and `udp`; all of it is pure. This file waits
//! and wakes. `address` says which addresses there are, `ports` who has them, `bytes` holds data, `pieces` and `limits` bound all, `memory` is who is charged,
//! `role` says who may do what, `names` which names lead here, `outside` is for the host that brings what comes from
//! outside. Sockets are as in `wasi:sockets`: what the state of a
//! socket forbids is `InvalidState`, and a connect that failed leaves nothing but to drop the socket.
//!
//! Behaviour is that of the loopback interface of Linux, compared by `tests/it/loopback`, but for this:
//! - There is no TIME_WAIT: a pair of addresses is free when both ends are dropped.
//! - A port that was given to an outgoing connection can be bound by another socket.
//! - A socket does not connect to itself; Linux lets a socket that is bound to where it connects.
//! - A connect that finds the queue of the listener full goes on as soon as there is a place, not at the next of
//!   Linux's attempts; it never times out by itself (see `TcpSocket::give_up`).
//! - What a writer may be ahead of its reader is exactly the two buffers; Linux counts its own bookkeeping and lets
//!   buffers grow. A reset takes nothing away that was written before it.
//! - A UDP socket that is disconnected keeps its port.
//! - 127.255.255.255 is nobody's: not bindable, and unreachable.

mod address;
mod bytes;
mod error;
mod limits;
mod memory;
mod names;
mod options;
mod outside;
mod pieces;
mod ports;
mod role;
mod state;
mod tcp;
mod udp;
mod wait;
mod waiters;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use address::{Family, is_virtual};
pub use error::Error;
pub use limits::{Limits, SMALLEST_BUFFER, Usage};
pub use memory::Ledger;
pub use names::{Name, look_up};
pub use options::TcpOptions;
pub use ports::EPHEMERAL;
pub use role::Role;
pub use tcp::socket::TcpSocket;
pub use udp::socket::UdpSocket;
pub use udp::{LONGEST_V4, LONGEST_V6};

pub(crate) use memory::{Held, Memory};
pub(crate) use pieces::{LARGE, PiecePlace, Pieces};

use state::Place;
use wait::Shared;

/// The network of one workload. Its drop closes it.
#[derive(Debug)]
pub struct Network {
    shared: Arc<Shared>,
    pieces: Pieces,
    memory: Memory,
}

impl Network {
    /// A network without any sockets, which costs less than 1 KiB. Nobody is charged for it.
    pub fn new(limits: Limits) -> Self {
        Self::with(limits, Memory::default())
    }

    /// The same, whose sockets and data are charged to somebody. A network without sockets is charged nothing.
    pub fn charged(limits: Limits, ledger: Arc<dyn Ledger>) -> Self {
        Self::with(limits, Memory::of(ledger))
    }

    fn with(limits: Limits, memory: Memory) -> Self {
        Self {
            shared: Shared::new(limits, memory.clone()),
            pieces: Pieces::new(memory.clone()),
            memory,
        }
    }

    /// What is charged for what its sockets hold beside it.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// A new TCP socket.
    ///
    /// # Errors
    /// `NewSocketLimit`; `OutOfMemory`; `ConnectionAborted` when the network was closed.
    pub fn tcp(&self, family: Family, role: Role) -> Result<TcpSocket, Error> {
        let id = self.shared.with(|state| state.new_tcp(family, role))?;
        Ok(TcpSocket::new(&self.shared, id))
    }

    /// A new UDP socket.
    ///
    /// # Errors
    /// As for `tcp`.
    pub fn udp(&self, family: Family, role: Role) -> Result<UdpSocket, Error> {
        let id = self.shared.with(|state| state.new_udp(family, role))?;
        Ok(UdpSocket::new(&self.shared, id))
    }

    /// Places for large pieces that were handed over to be written and that no buffer has taken yet.
    pub(crate) fn pieces(&self) -> &Pieces {
        &self.pieces
    }

    /// What it uses now.
    pub fn usage(&self) -> Usage {
        self.shared.with(|state| state.usage())
    }

    /// Addresses that are listened to, in the order of ports.
    pub fn listeners(&self) -> Vec<std::net::SocketAddr> {
        self.shared.with(|state| state.listeners())
    }

    /// Resolves when a socket listens; at once if one does.
    ///
    /// # Errors
    /// `ConnectionAborted` when the network is closed.
    pub async fn until_listening(&self) -> Result<(), Error> {
        self.shared
            .wait(Place::Listening, |state| {
                state.open()?;
                if state.listeners().is_empty() {
                    return Err(Error::WouldBlock);
                }
                Ok(())
            })
            .await
    }

    /// Ends everything: connections are reset, data is forgotten, all who wait are told. Sockets that are still held
    /// can only be dropped.
    pub fn close(&self) {
        self.shared.with(state::State::close);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.close();
    }
}

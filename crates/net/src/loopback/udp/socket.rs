//! A UDP socket as its user holds it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::super::state::{Place, SocketId, State};
use super::super::wait::Shared;
use super::super::{Error, Family};

/// A UDP socket of a virtual network. Its drop closes it; to share it, put it into an `Arc`.
#[derive(Debug)]
pub struct UdpSocket {
    shared: Arc<Shared>,
    id: SocketId,
}

/// A datagram, whole, and who sent it.
type Received = (Box<[u8]>, SocketAddr);

impl UdpSocket {
    pub(in super::super) fn new(shared: &Arc<Shared>, id: SocketId) -> Self {
        Self {
            shared: Arc::clone(shared),
            id,
        }
    }

    /// Binds to an address of the network; port 0 is one that the network chooses.
    ///
    /// # Errors
    /// `InvalidState` if bound; `InvalidArgument` and `AddressNotBindable` for an address of another kind or place;
    /// `AccessDenied` for a component and a port; `AddressInUse`.
    pub fn bind(&self, address: SocketAddr) -> Result<(), Error> {
        self.shared.with(|state| state.bind_udp(self.id, address))
    }

    /// Sends to one address and hears from it alone, instead of from any before. Binds if not bound.
    ///
    /// # Errors
    /// `InvalidArgument` for an address that nobody can have; `RemoteUnreachable` outside the network; `AddressInUse`
    /// without a free port.
    pub fn connect(&self, remote: SocketAddr) -> Result<(), Error> {
        self.shared.with(|state| state.connect_udp(self.id, remote))
    }

    /// Hears from everybody again.
    ///
    /// # Errors
    /// `InvalidState` unless connected.
    pub fn disconnect(&self) -> Result<(), Error> {
        self.shared.with(|state| state.disconnect_udp(self.id))
    }

    /// Sends a datagram, or loses it; never waits. Binds if not bound.
    ///
    /// # Errors
    /// `InvalidArgument` without an address and a connection, and for an address that is not the connected one;
    /// `DatagramTooLarge`; `RemoteUnreachable`; `ConnectionRefused` once when nobody got what was sent before over a
    /// connected socket.
    pub fn send(&self, data: &[u8], to: Option<SocketAddr>) -> Result<(), Error> {
        self.shared.with(|state| state.send(self.id, data, to))
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// `WouldBlock`; `InvalidState` if not bound; `ConnectionRefused` as for `send`; `ConnectionAborted` when the
    /// network was closed.
    pub fn try_receive(&self) -> Result<Received, Error> {
        self.shared.with(|state| state.receive(self.id))
    }

    /// Receives a datagram, or wakes when there is one.
    ///
    /// # Errors
    /// As `try_receive`, but never `WouldBlock`.
    pub fn poll_receive(&self, cx: &Context<'_>) -> Poll<Result<Received, Error>> {
        let receive = |state: &mut State| state.receive(self.id);
        self.shared.poll(Place::Readable(self.id), cx, receive)
    }

    /// Waits for a datagram.
    ///
    /// # Errors
    /// As `try_receive`, but never `WouldBlock`.
    pub async fn receive(&self) -> Result<Received, Error> {
        let receive = |state: &mut State| state.receive(self.id);
        self.shared.wait(Place::Readable(self.id), receive).await
    }

    /// Ready when `try_receive` would not block.
    pub fn poll_readable(&self, cx: &Context<'_>) -> Poll<()> {
        let receivable = |state: &mut State| state.receivable(self.id);
        let poll = self.shared.poll(Place::Readable(self.id), cx, receivable);
        poll.map(|_| ())
    }

    /// Resolves when `try_receive` would not block.
    pub async fn readable(&self) {
        let receivable = |state: &mut State| state.receivable(self.id);
        // An error is something to receive as well.
        let _ = self.shared.wait(Place::Readable(self.id), receivable).await;
    }

    /// Where it is bound; while connected, the one address that it talks from.
    ///
    /// # Errors
    /// `InvalidState` if not bound.
    pub fn local_address(&self) -> Result<SocketAddr, Error> {
        self.shared.with(|state| state.udp_local_address(self.id))
    }

    /// Where it is connected to.
    ///
    /// # Errors
    /// `InvalidState` unless connected.
    pub fn remote_address(&self) -> Result<SocketAddr, Error> {
        self.shared.with(|state| state.udp_remote_address(self.id))
    }

    /// The protocol it was made for.
    pub fn family(&self) -> Family {
        let family = |state: &mut State| state.udp(self.id).map(|udp| udp.family);
        self.shared.with(family).unwrap_or(Family::V4)
    }

    /// Hops that a packet may take: kept, and without effect.
    pub fn hop_limit(&self) -> Result<u8, Error> {
        self.shared
            .with(|state| state.udp(self.id).map(|udp| udp.hop_limit))
    }

    /// Sets the hops that a packet may take.
    ///
    /// # Errors
    /// `InvalidArgument` for zero, as for the two that follow.
    pub fn set_hop_limit(&self, hops: u8) -> Result<(), Error> {
        if hops == 0 {
            return Err(Error::InvalidArgument);
        }
        self.shared.with(|state| {
            state.udp(self.id)?.hop_limit = hops;
            Ok(())
        })
    }

    /// Bytes of the receive buffer.
    pub fn receive_buffer(&self) -> Result<usize, Error> {
        self.shared
            .with(|state| state.udp(self.id).map(|udp| udp.receive_buffer))
    }

    /// Sets the receive buffer in bytes, clamped. What is queued stays.
    pub fn set_receive_buffer(&self, bytes: u64) -> Result<(), Error> {
        self.shared.with(|state| {
            let bytes = state.limits.buffer(bytes)?;
            state.udp(self.id)?.receive_buffer = bytes;
            Ok(())
        })
    }

    /// Bytes of the send buffer, which is kept and without effect: a datagram is sent at once.
    pub fn send_buffer(&self) -> Result<usize, Error> {
        self.shared
            .with(|state| state.udp(self.id).map(|udp| udp.send_buffer))
    }

    /// Sets the send buffer in bytes, clamped.
    pub fn set_send_buffer(&self, bytes: u64) -> Result<(), Error> {
        self.shared.with(|state| {
            let bytes = state.limits.buffer(bytes)?;
            state.udp(self.id)?.send_buffer = bytes;
            Ok(())
        })
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.shared.with(|state| state.drop_udp(self.id));
    }
}

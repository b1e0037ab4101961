//! `wasi:sockets/{udp, udp-create-socket}@0.2`.

use std::net::SocketAddr;
use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::network::{IpAddressFamily, IpSocketAddress};
use super::udp::{self, IncomingDatagram, OutgoingDatagram};
use super::{Failure, Network, udp_create_socket};
use crate::sockets::View;
use crate::sockets::error::Error;
use crate::sockets::options::Opt;
use crate::sockets::udp::UdpSocket as Socket;

/// Datagrams of one call, and their bytes together.
const MOST: usize = 16;
const BYTES: usize = 64 << 10;

/// A UDP socket, and whether a bind was begun and not finished.
pub struct UdpSocket {
    socket: Arc<Socket>,
    binding: bool,
}

/// What a socket hears.
pub struct IncomingDatagrams(Arc<Socket>);

/// What a socket sends.
pub struct OutgoingDatagrams {
    socket: Arc<Socket>,
    /// Datagrams that the next `send` may have.
    allowed: usize,
}

type Streams = (Resource<IncomingDatagrams>, Resource<OutgoingDatagrams>);

impl View<'_> {
    fn udp(&self, socket: &Resource<UdpSocket>) -> Result<&Socket, Failure> {
        Ok(&self.table.get(socket)?.socket)
    }
}

impl udp_create_socket::Host for View<'_> {
    fn create_udp_socket(
        &mut self,
        family: IpAddressFamily,
    ) -> Result<Resource<UdpSocket>, Failure> {
        let socket = Arc::new(Socket::new(self.ctx, family.into())?);
        Ok(self.table.push(UdpSocket {
            socket,
            binding: false,
        })?)
    }
}

impl udp::Host for View<'_> {}

impl udp::HostUdpSocket for View<'_> {
    fn start_bind(
        &mut self,
        socket: Resource<UdpSocket>,
        network: Resource<Network>,
        local: IpSocketAddress,
    ) -> Result<(), Failure> {
        self.table.get(&network)?;
        let socket = self.table.get_mut(&socket)?;
        if socket.binding {
            return Err(Error::ConcurrencyConflict.into());
        }
        socket.socket.bind(local.into())?;
        socket.binding = true;
        Ok(())
    }

    fn finish_bind(&mut self, socket: Resource<UdpSocket>) -> Result<(), Failure> {
        let socket = self.table.get_mut(&socket)?;
        if !std::mem::take(&mut socket.binding) {
            return Err(Error::NotInProgress.into());
        }
        Ok(())
    }

    fn stream(
        &mut self,
        socket: Resource<UdpSocket>,
        remote: Option<IpSocketAddress>,
    ) -> Result<Streams, Failure> {
        let UdpSocket { socket, binding } = self.table.get(&socket)?;
        if *binding {
            return Err(Error::ConcurrencyConflict.into());
        }
        // 0.2 wants a socket to be bound before it talks.
        if !socket.is_bound() {
            return Err(Error::InvalidState.into());
        }
        match remote {
            Some(remote) => socket.connect(remote.into())?,
            None if socket.is_connected() => socket.disconnect()?,
            None => {}
        }
        let incoming = IncomingDatagrams(Arc::clone(socket));
        let outgoing = OutgoingDatagrams {
            socket: Arc::clone(socket),
            allowed: 0,
        };
        Ok((self.table.push(incoming)?, self.table.push(outgoing)?))
    }

    fn local_address(&mut self, socket: Resource<UdpSocket>) -> Result<IpSocketAddress, Failure> {
        Ok(self.udp(&socket)?.local_address()?.into())
    }

    fn remote_address(&mut self, socket: Resource<UdpSocket>) -> Result<IpSocketAddress, Failure> {
        Ok(self.udp(&socket)?.remote_address()?.into())
    }

    fn address_family(&mut self, socket: Resource<UdpSocket>) -> wasmtime::Result<IpAddressFamily> {
        Ok(self.table.get(&socket)?.socket.family().into())
    }

    fn unicast_hop_limit(&mut self, socket: Resource<UdpSocket>) -> Result<u8, Failure> {
        let hops = self.udp(&socket)?.option(Opt::HopLimit)?;
        Ok(u8::try_from(hops).unwrap_or(u8::MAX))
    }

    fn set_unicast_hop_limit(
        &mut self,
        socket: Resource<UdpSocket>,
        value: u8,
    ) -> Result<(), Failure> {
        Ok(self.udp(&socket)?.set_option(Opt::HopLimit, value.into())?)
    }

    fn receive_buffer_size(&mut self, socket: Resource<UdpSocket>) -> Result<u64, Failure> {
        Ok(self.udp(&socket)?.option(Opt::ReceiveBuffer)?)
    }

    fn set_receive_buffer_size(
        &mut self,
        socket: Resource<UdpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        Ok(self.udp(&socket)?.set_option(Opt::ReceiveBuffer, value)?)
    }

    fn send_buffer_size(&mut self, socket: Resource<UdpSocket>) -> Result<u64, Failure> {
        Ok(self.udp(&socket)?.option(Opt::SendBuffer)?)
    }

    fn set_send_buffer_size(
        &mut self,
        socket: Resource<UdpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        Ok(self.udp(&socket)?.set_option(Opt::SendBuffer, value)?)
    }

    fn subscribe(
        &mut self,
        socket: Resource<UdpSocket>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, socket)
    }

    fn drop(&mut self, socket: Resource<UdpSocket>) -> wasmtime::Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}

impl udp::HostIncomingDatagramStream for View<'_> {
    fn receive(
        &mut self,
        stream: Resource<IncomingDatagrams>,
        most: u64,
    ) -> Result<Vec<IncomingDatagram>, Failure> {
        let IncomingDatagrams(socket) = self.table.get(&stream)?;
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(MOST);
        let mut datagrams = Vec::new();
        let mut bytes = 0;
        while datagrams.len() < most && bytes < BYTES {
            match socket.try_receive() {
                Ok((data, from)) => {
                    bytes += data.len();
                    datagrams.push(IncomingDatagram {
                        data,
                        remote_address: from.into(),
                    });
                }
                Err(Error::WouldBlock) => break,
                // What has been received is not lost for an error; that is told the next time, if it is still there.
                Err(_) if !datagrams.is_empty() => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(datagrams)
    }

    fn subscribe(
        &mut self,
        stream: Resource<IncomingDatagrams>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, stream)
    }

    fn drop(&mut self, stream: Resource<IncomingDatagrams>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl udp::HostOutgoingDatagramStream for View<'_> {
    fn check_send(&mut self, stream: Resource<OutgoingDatagrams>) -> Result<u64, Failure> {
        let stream = self.table.get_mut(&stream)?;
        stream.allowed = MOST;
        Ok(MOST as u64)
    }

    fn send(
        &mut self,
        stream: Resource<OutgoingDatagrams>,
        datagrams: Vec<OutgoingDatagram>,
    ) -> Result<u64, Failure> {
        let stream = self.table.get_mut(&stream)?;
        if datagrams.len() > stream.allowed {
            let what = "more datagrams are sent than `check-send` allowed";
            return Err(Failure::Trap(wasmtime::Error::msg(what)));
        }
        if datagrams.is_empty() {
            return Ok(0);
        }
        stream.allowed = 0;
        let mut sent = 0;
        for datagram in datagrams {
            let to = datagram.remote_address.map(SocketAddr::from);
            match stream.socket.try_send(&datagram.data, to) {
                Ok(()) => sent += 1,
                Err(Error::WouldBlock) => break,
                // The guest sends the rest again, and is told then.
                Err(_) if sent > 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(sent)
    }

    fn subscribe(
        &mut self,
        stream: Resource<OutgoingDatagrams>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, stream)
    }

    fn drop(&mut self, stream: Resource<OutgoingDatagrams>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for UdpSocket {
    async fn ready(&mut self) {
        // A bind is finished as soon as it is begun.
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for IncomingDatagrams {
    async fn ready(&mut self) {
        self.0.readable().await;
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for OutgoingDatagrams {
    async fn ready(&mut self) {
        self.socket.writable().await;
    }
}

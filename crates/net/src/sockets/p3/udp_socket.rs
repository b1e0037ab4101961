//! The resource `udp-socket` of `wasi:sockets/types@0.3`.

use std::net::SocketAddr;
use std::sync::Arc;

use wasmtime::component::{Accessor, Resource};

use super::Failure;
use super::types::{self, IpAddressFamily, IpSocketAddress};
use crate::sockets::options::Opt;
use crate::sockets::udp::UdpSocket as Socket;
use crate::sockets::{Sockets, View};

/// A UDP socket.
pub struct UdpSocket(Arc<Socket>);

impl View<'_> {
    fn udp3(&self, socket: &Resource<UdpSocket>) -> Result<&Arc<Socket>, Failure> {
        Ok(&self.table.get(socket)?.0)
    }
}

impl<T: 'static> types::HostUdpSocketWithStore<T> for Sockets {
    async fn send(
        accessor: &Accessor<T, Self>,
        socket: Resource<UdpSocket>,
        data: Vec<u8>,
        remote: Option<IpSocketAddress>,
    ) -> Result<(), Failure> {
        let socket = accessor.with(|mut access| access.get().udp3(&socket).map(Arc::clone))?;
        Ok(socket.send(&data, remote.map(SocketAddr::from)).await?)
    }

    async fn receive(
        accessor: &Accessor<T, Self>,
        socket: Resource<UdpSocket>,
    ) -> Result<(Vec<u8>, IpSocketAddress), Failure> {
        let socket = accessor.with(|mut access| access.get().udp3(&socket).map(Arc::clone))?;
        let (data, from) = socket.receive().await?;
        Ok((data, from.into()))
    }
}

impl types::HostUdpSocket for View<'_> {
    fn create(&mut self, family: IpAddressFamily) -> Result<Resource<UdpSocket>, Failure> {
        let socket = Socket::new(self.ctx, family.into())?;
        Ok(self.table.push(UdpSocket(Arc::new(socket)))?)
    }

    fn bind(&mut self, socket: Resource<UdpSocket>, local: IpSocketAddress) -> Result<(), Failure> {
        Ok(self.udp3(&socket)?.bind(local.into())?)
    }

    fn connect(
        &mut self,
        socket: Resource<UdpSocket>,
        remote: IpSocketAddress,
    ) -> Result<(), Failure> {
        Ok(self.udp3(&socket)?.connect(remote.into())?)
    }

    fn disconnect(&mut self, socket: Resource<UdpSocket>) -> Result<(), Failure> {
        Ok(self.udp3(&socket)?.disconnect()?)
    }

    fn get_local_address(
        &mut self,
        socket: Resource<UdpSocket>,
    ) -> Result<IpSocketAddress, Failure> {
        Ok(self.udp3(&socket)?.local_address()?.into())
    }

    fn get_remote_address(
        &mut self,
        socket: Resource<UdpSocket>,
    ) -> Result<IpSocketAddress, Failure> {
        Ok(self.udp3(&socket)?.remote_address()?.into())
    }

    fn get_address_family(
        &mut self,
        socket: Resource<UdpSocket>,
    ) -> wasmtime::Result<IpAddressFamily> {
        Ok(self.table.get(&socket)?.0.family().into())
    }

    fn get_unicast_hop_limit(&mut self, socket: Resource<UdpSocket>) -> Result<u8, Failure> {
        let hops = self.udp3(&socket)?.option(Opt::HopLimit)?;
        Ok(u8::try_from(hops).unwrap_or(u8::MAX))
    }

    fn set_unicast_hop_limit(
        &mut self,
        socket: Resource<UdpSocket>,
        value: u8,
    ) -> Result<(), Failure> {
        Ok(self
            .udp3(&socket)?
            .set_option(Opt::HopLimit, value.into())?)
    }

    fn get_receive_buffer_size(&mut self, socket: Resource<UdpSocket>) -> Result<u64, Failure> {
        Ok(self.udp3(&socket)?.option(Opt::ReceiveBuffer)?)
    }

    fn set_receive_buffer_size(
        &mut self,
        socket: Resource<UdpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        Ok(self.udp3(&socket)?.set_option(Opt::ReceiveBuffer, value)?)
    }

    fn get_send_buffer_size(&mut self, socket: Resource<UdpSocket>) -> Result<u64, Failure> {
        Ok(self.udp3(&socket)?.option(Opt::SendBuffer)?)
    }

    fn set_send_buffer_size(
        &mut self,
        socket: Resource<UdpSocket>,
        value: u64,
    ) -> Result<(), Failure> {
        Ok(self.udp3(&socket)?.set_option(Opt::SendBuffer, value)?)
    }

    fn drop(&mut self, socket: Resource<UdpSocket>) -> wasmtime::Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}

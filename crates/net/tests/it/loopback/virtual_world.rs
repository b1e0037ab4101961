//! The virtual network as a world.

use std::net::{Shutdown, SocketAddr};

use weft_net::loopback::{Error, Family, Limits, Network, Role, TcpSocket, UdpSocket};

use super::world::World;

pub(crate) struct VirtualWorld {
    network: Network,
}

impl VirtualWorld {
    pub(crate) fn new() -> Self {
        Self {
            network: Network::new(Limits::default()),
        }
    }
}

impl World for VirtualWorld {
    type Tcp = TcpSocket;
    type Udp = UdpSocket;

    fn ports(&self) -> [u16; 3] {
        [1, 77, 65_535]
    }

    fn tcp(&self, family: Family) -> TcpSocket {
        self.network.tcp(family, Role::Service).unwrap()
    }

    fn bind(&self, socket: &TcpSocket, address: SocketAddr) -> Result<(), Error> {
        socket.bind(address)
    }

    fn listen(&self, socket: &TcpSocket) -> Result<(), Error> {
        socket.listen()
    }

    fn connect(&self, socket: &TcpSocket, address: SocketAddr) -> Result<(), Error> {
        socket.start_connect(address)?;
        socket.try_connected()
    }

    fn accept(&self, socket: &TcpSocket, _wait: bool) -> Result<TcpSocket, Error> {
        socket.try_accept()
    }

    fn write(&self, socket: &TcpSocket, data: &[u8]) -> Result<usize, Error> {
        socket.try_write(data)
    }

    fn read(
        &self,
        socket: &TcpSocket,
        most: usize,
        _wait: Option<usize>,
    ) -> Result<Vec<u8>, Error> {
        let mut buffer = vec![0; most];
        let count = socket.try_read(&mut buffer)?;
        buffer.truncate(count);
        Ok(buffer)
    }

    fn shutdown(&self, socket: &TcpSocket, how: Shutdown) -> Result<(), Error> {
        socket.shutdown(how)
    }

    fn local(&self, socket: &TcpSocket) -> Result<SocketAddr, Error> {
        socket.local_address()
    }

    fn remote(&self, socket: &TcpSocket) -> Result<SocketAddr, Error> {
        socket.remote_address()
    }

    fn family(&self, socket: &TcpSocket) -> Family {
        socket.family()
    }

    fn udp(&self, family: Family) -> UdpSocket {
        self.network.udp(family, Role::Service).unwrap()
    }

    fn bind_udp(&self, socket: &UdpSocket, address: SocketAddr) -> Result<(), Error> {
        socket.bind(address)
    }

    fn connect_udp(&self, socket: &UdpSocket, address: SocketAddr) -> Result<(), Error> {
        socket.connect(address)
    }

    fn disconnect(&self, socket: &UdpSocket) -> Result<(), Error> {
        socket.disconnect()
    }

    fn send(&self, socket: &UdpSocket, data: &[u8], to: Option<SocketAddr>) -> Result<(), Error> {
        socket.send(data, to)
    }

    fn receive(&self, socket: &UdpSocket, _wait: bool) -> Result<(Vec<u8>, SocketAddr), Error> {
        let (data, from) = socket.try_receive()?;
        Ok((data.into_vec(), from))
    }

    fn local_udp(&self, socket: &UdpSocket) -> Result<SocketAddr, Error> {
        socket.local_address()
    }

    fn remote_udp(&self, socket: &UdpSocket) -> Result<SocketAddr, Error> {
        socket.remote_address()
    }

    fn family_udp(&self, socket: &UdpSocket) -> Family {
        socket.family()
    }
}

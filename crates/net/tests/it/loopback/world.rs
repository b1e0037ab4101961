//! What a program runs on.

use std::net::{Shutdown, SocketAddr};

use weft_net::loopback::{Error, Family};

/// A network with sockets. Where there is a `hint`, it is what the other network had: one that has to be waited for is
/// waited for if the other did not say `WouldBlock`.
pub(crate) trait World {
    type Tcp;
    type Udp;

    /// Three ports for the program.
    fn ports(&self) -> [u16; 3];

    fn tcp(&self, family: Family) -> Self::Tcp;
    fn bind(&self, socket: &Self::Tcp, address: SocketAddr) -> Result<(), Error>;
    fn listen(&self, socket: &Self::Tcp) -> Result<(), Error>;
    fn connect(&self, socket: &Self::Tcp, address: SocketAddr) -> Result<(), Error>;
    fn accept(&self, socket: &Self::Tcp, wait: bool) -> Result<Self::Tcp, Error>;
    fn write(&self, socket: &Self::Tcp, data: &[u8]) -> Result<usize, Error>;
    /// Up to `most` bytes; if `wait` is given, that many are waited for.
    fn read(&self, socket: &Self::Tcp, most: usize, wait: Option<usize>) -> Result<Vec<u8>, Error>;
    fn shutdown(&self, socket: &Self::Tcp, how: Shutdown) -> Result<(), Error>;
    fn local(&self, socket: &Self::Tcp) -> Result<SocketAddr, Error>;
    fn remote(&self, socket: &Self::Tcp) -> Result<SocketAddr, Error>;
    fn family(&self, socket: &Self::Tcp) -> Family;

    fn udp(&self, family: Family) -> Self::Udp;
    fn bind_udp(&self, socket: &Self::Udp, address: SocketAddr) -> Result<(), Error>;
    fn connect_udp(&self, socket: &Self::Udp, address: SocketAddr) -> Result<(), Error>;
    fn disconnect(&self, socket: &Self::Udp) -> Result<(), Error>;
    fn send(&self, socket: &Self::Udp, data: &[u8], to: Option<SocketAddr>) -> Result<(), Error>;
    fn receive(&self, socket: &Self::Udp, wait: bool) -> Result<(Vec<u8>, SocketAddr), Error>;
    fn local_udp(&self, socket: &Self::Udp) -> Result<SocketAddr, Error>;
    fn remote_udp(&self, socket: &Self::Udp) -> Result<SocketAddr, Error>;
    fn family_udp(&self, socket: &Self::Udp) -> Family;
}

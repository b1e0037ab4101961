//! TCP on one network: who gets which address, how connections are made, how bytes move and how it ends.

mod addresses;
mod connections;
mod ends;
mod flow;
mod waiting;

use std::net::SocketAddr;

use super::super::{Error, Family, Limits, Network, Role, TcpSocket};

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn network() -> Network {
    Network::new(Limits::default())
}

/// A socket of the service for the family of an address.
fn socket(network: &Network, address: SocketAddr) -> TcpSocket {
    network
        .tcp(Family::of(address.ip()), Role::Service)
        .unwrap()
}

fn listener(network: &Network, address: &str) -> TcpSocket {
    let socket = socket(network, at(address));
    socket.bind(at(address)).unwrap();
    socket.listen().unwrap();
    socket
}

/// A component's connection to an address, or why there is none. Does not wait.
fn dial(network: &Network, address: &str) -> Result<TcpSocket, Error> {
    let socket = network
        .tcp(Family::of(at(address).ip()), Role::Component)
        .unwrap();
    socket.start_connect(at(address))?;
    socket.try_connected()?;
    Ok(socket)
}

/// Both ends of a connection, the one that connected first.
fn pair(network: &Network) -> (TcpSocket, TcpSocket) {
    let listener = listener(network, "127.0.0.1:0");
    let to = listener.local_address().unwrap().to_string();
    let near = dial(network, &to).unwrap();
    (near, listener.try_accept().unwrap())
}

fn read(socket: &TcpSocket) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0; 1 << 20];
    let count = socket.try_read(&mut buffer)?;
    buffer.truncate(count);
    Ok(buffer)
}

/// Writes until nothing more is taken; returns how much was.
fn fill(socket: &TcpSocket) -> usize {
    let mut total = 0;
    loop {
        match socket.try_write(&[7; 10_000]) {
            Ok(count) => total += count,
            Err(error) => {
                assert_eq!(error, Error::WouldBlock);
                return total;
            }
        }
    }
}

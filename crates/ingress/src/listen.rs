//! The listening socket: room for many clients that arrive at once.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// How many clients may wait in the kernel until they are accepted; it takes no more than its own limit (Linux:
/// `net.core.somaxconn`). A client that finds no room there tries again after a second, which looks like a slow server.
/// The default of the standard library is 128.
const BACKLOG: u32 = 4096;

/// Listens on an address, port 0 for any that is free. Has to be called within a tokio runtime.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A host that starts again must not wait for the old one's connections to be forgotten. On Windows the option
    // means something else: that two may have the port at once.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

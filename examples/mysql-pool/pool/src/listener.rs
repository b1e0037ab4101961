//! A listener for wasm32-wasip2. tokio's own cannot accept there: mio makes an accepted socket non-blocking with fcntl,
//! which wasi-libc refuses for sockets. The standard library does it in a way that works, so it accepts, and tokio only
//! says when somebody is there: for that it watches the same socket as if it were a stream.

use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Accepts connections.
pub(crate) struct Listener {
    socket: Option<TcpListener>,
}

impl Listener {
    pub(crate) fn bind(addr: &str) -> io::Result<Self> {
        let socket = TcpListener::bind(addr)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: Some(socket),
        })
    }

    /// The next connection. `None` = the listener itself is closed. To be waited for to its end.
    pub(crate) async fn accept(&mut self) -> Option<io::Result<std::net::TcpStream>> {
        loop {
            let socket = self.socket.take()?;
            let accepted = socket.accept();
            match accepted {
                Ok((stream, _)) => {
                    self.socket = Some(socket);
                    return Some(stream.set_nonblocking(true).map(|()| stream));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match until_ready(socket).await {
                        Ok(socket) => self.socket = Some(socket),
                        Err(error) => return Some(Err(error)),
                    }
                }
                Err(error) => {
                    self.socket = Some(socket);
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Waits until somebody wants to connect.
async fn until_ready(socket: TcpListener) -> io::Result<TcpListener> {
    let watched = TcpStream::from_std(std::net::TcpStream::from(OwnedFd::from(socket)))?;
    watched.ready(Interest::READABLE).await?;
    Ok(TcpListener::from(OwnedFd::from(watched.into_std()?)))
}

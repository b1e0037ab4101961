//! A TCP connection on the virtual network as a stream of bytes.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use weft_ingress::Cord;
use weft_net::loopback::{Error, TcpSocket};

use super::place::Counted;

/// One end of a connection to a service.
pub(super) struct VirtualCord {
    socket: TcpSocket,
    _counted: Counted,
}

impl VirtualCord {
    pub(super) fn new(socket: TcpSocket, counted: Counted) -> Self {
        Self {
            socket,
            _counted: counted,
        }
    }
}

impl AsyncRead for VirtualCord {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = self.socket.poll_read(cx, buffer.initialize_unfilled());
        polled.map(|read| {
            buffer.advance(read.map_err(io_error)?);
            Ok(())
        })
    }
}

impl AsyncWrite for VirtualCord {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_write(cx, bytes).map_err(io_error)
    }

    /// What was written is on its way.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.socket.shutdown(Shutdown::Write) {
            // Both directions were at their end.
            Ok(()) | Err(Error::InvalidState) => Ok(()),
            Err(error) => Err(io_error(error)),
        })
    }
}

impl Cord for VirtualCord {
    fn reset(&mut self) {
        self.socket.reset();
    }
}

/// The error that a socket of the machine would have.
pub(super) fn io_error(error: Error) -> io::Error {
    let kind = match error {
        Error::AccessDenied => io::ErrorKind::PermissionDenied,
        Error::AddressInUse => io::ErrorKind::AddrInUse,
        Error::AddressNotBindable => io::ErrorKind::AddrNotAvailable,
        Error::ConnectionAborted => io::ErrorKind::ConnectionAborted,
        Error::ConnectionBroken => io::ErrorKind::BrokenPipe,
        Error::ConnectionRefused => io::ErrorKind::ConnectionRefused,
        Error::ConnectionReset => io::ErrorKind::ConnectionReset,
        Error::InvalidArgument | Error::DatagramTooLarge => io::ErrorKind::InvalidInput,
        Error::InvalidState => io::ErrorKind::NotConnected,
        Error::NewSocketLimit => io::ErrorKind::QuotaExceeded,
        Error::RemoteUnreachable => io::ErrorKind::NetworkUnreachable,
        Error::Timeout => io::ErrorKind::TimedOut,
        Error::WouldBlock => io::ErrorKind::WouldBlock,
    };
    io::Error::new(kind, error)
}

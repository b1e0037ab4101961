//! A TCP connection on the virtual network as a stream of bytes, for what the host itself sends and receives there.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::loopback::{Error, TcpSocket};

/// One end of a connection. Its drop closes it.
#[derive(Debug)]
pub struct VirtualStream(TcpSocket);

impl VirtualStream {
    /// For a socket that is connected.
    pub fn new(socket: TcpSocket) -> Self {
        Self(socket)
    }

    /// Breaks the connection off: the peer sees a reset.
    pub fn reset(&self) {
        self.0.reset();
    }
}

impl AsyncRead for VirtualStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = self.0.poll_read(cx, buffer.initialize_unfilled());
        polled.map(|read| {
            buffer.advance(read.map_err(io_error)?);
            Ok(())
        })
    }
}

impl AsyncWrite for VirtualStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes).map_err(io_error)
    }

    /// What was written is on its way.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.0.shutdown(Shutdown::Write) {
            // Both directions were at their end.
            Ok(()) | Err(Error::InvalidState) => Ok(()),
            Err(error) => Err(io_error(error)),
        })
    }
}

/// The error that a socket of the machine would have.
pub fn io_error(error: Error) -> io::Error {
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
        Error::OutOfMemory => io::ErrorKind::OutOfMemory,
        Error::RemoteUnreachable => io::ErrorKind::NetworkUnreachable,
        Error::Timeout => io::ErrorKind::TimedOut,
        Error::WouldBlock => io::ErrorKind::WouldBlock,
    };
    io::Error::new(kind, error)
}

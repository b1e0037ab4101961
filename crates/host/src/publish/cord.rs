//! A TCP connection on the virtual network as the ingress passes it on.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use weft_ingress::Cord;
use weft_net::loopback::TcpSocket;
use weft_net::virtual_stream::VirtualStream;

use super::place::Counted;

/// One end of a connection to a service.
pub(super) struct VirtualCord {
    stream: VirtualStream,
    _counted: Counted,
}

impl VirtualCord {
    pub(super) fn new(socket: TcpSocket, counted: Counted) -> Self {
        Self {
            stream: VirtualStream::new(socket),
            _counted: counted,
        }
    }
}

impl AsyncRead for VirtualCord {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for VirtualCord {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Cord for VirtualCord {
    fn reset(&mut self) {
        self.stream.reset();
    }
}

//! The name that a TLS client asks for: read out of its ClientHello, which is kept as it came so that the service can
//! be given it.
//!
//! rustls reads it, so that a hello in many records or one byte at a time is understood as the service would.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::StartHandshake;

use super::alert;
use super::target::Cord;

/// A handshake that has begun.
pub(super) type Begun<S> = StartHandshake<Recorder<S>>;

/// Why there is no hello.
#[derive(Debug, thiserror::Error)]
pub(super) enum HelloError {
    /// The client left without a word.
    #[error("nothing came")]
    Nothing,
    /// It is longer than anybody's.
    #[error("the ClientHello has more than {0} bytes")]
    TooLong(usize),
    /// It is none, or the connection broke; the client has been told, if it could be.
    #[error("no ClientHello: {0}")]
    Malformed(io::Error),
}

/// Reads a hello of `max` bytes at most. There is no time limit here.
pub(super) async fn read<S>(stream: S, max: usize) -> Result<Begun<S>, HelloError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut acceptor = LazyConfigAcceptor::new(Acceptor::default(), Recorder::new(stream, max));
    let error = match (&mut acceptor).await {
        Ok(begun) => return Ok(begun),
        Err(error) => error,
    };
    let Some(mut stream) = acceptor.take_io() else {
        return Err(HelloError::Malformed(error));
    };
    if stream.is_full() {
        return Err(HelloError::TooLong(max));
    }
    if stream.bytes.is_empty() {
        return Err(HelloError::Nothing);
    }
    if error.kind() == io::ErrorKind::InvalidData {
        // rustls has written an alert.
        stream.forget();
        let _ = alert::part(&mut stream).await;
    }
    Err(HelloError::Malformed(error))
}

/// The protocols that may be agreed on when TLS ends here, for a service whose protocols nobody knows: a client that
/// offers one speaks that or nothing. A client that offers several goes on without one, as with a server that is older
/// than the extension.
pub(super) fn protocols<S: AsyncRead + AsyncWrite + Unpin>(begun: &Begun<S>) -> Vec<Vec<u8>> {
    let hello = begun.client_hello();
    let offered: Vec<Vec<u8>> = hello
        .alpn()
        .map(|offered| offered.take(2).map(<[u8]>::to_vec).collect())
        .unwrap_or_default();
    match offered.len() {
        1 => offered,
        _ => Vec::new(),
    }
}

/// A stream that keeps what is read from it.
#[derive(Debug)]
pub(super) struct Recorder<S> {
    stream: S,
    bytes: Vec<u8>,
    /// Bytes that may be read; none = it keeps nothing any more.
    max: Option<usize>,
}

impl<S> Recorder<S> {
    fn new(stream: S, max: usize) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
            max: Some(max),
        }
    }

    /// From now on it is only the stream.
    pub(super) fn forget(&mut self) {
        self.max = None;
        self.bytes = Vec::new();
    }

    /// What was read, and the stream.
    pub(super) fn into_parts(self) -> (Vec<u8>, S) {
        (self.bytes, self.stream)
    }

    fn is_full(&self) -> bool {
        self.max.is_some_and(|max| self.bytes.len() >= max)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorder<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(max) = this.max else {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        };
        let left = max.saturating_sub(this.bytes.len());
        if left == 0 {
            return Poll::Ready(Err(io::Error::other("no more than this is read")));
        }
        let recorded = this.bytes.len();
        let mut part = buffer.take(left);
        let polled = Pin::new(&mut this.stream).poll_read(cx, &mut part);
        this.bytes.extend_from_slice(part.filled());
        // `part` was the memory of `buffer`, which has to be told without unsafe code what is in it now.
        buffer.put_slice(this.bytes.get(recorded..).unwrap_or_default());
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorder<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S: Cord> Cord for Recorder<S> {
    fn reset(&mut self) {
        self.stream.reset();
    }
}

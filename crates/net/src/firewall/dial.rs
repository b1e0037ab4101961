//! From a destination to a connection, in one piece: look up, check every address, connect to an address that was checked.
//!
//! The name is not looked up a second time, so an answer that changes in between changes nothing. Addresses that may not
//! be dialled are passed over; when none is left, the denial of the first is the answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::ask::Ask;
use super::denial::Denial;
use super::gate::Firewall;
use super::host::{Host, Name};
use super::policy::Way;
use super::quota::{Permit, QuotaError};
use super::resolve::ResolveError;

/// Bounds of one dial.
#[derive(Clone, Copy, Debug)]
pub struct DialLimits {
    /// Time for everything: a place, the look-up, and all addresses.
    pub total: Duration,
    /// Time for one address, so that a dead one leaves time for the next.
    pub each: Duration,
    /// Part of the total that may pass until there is a place among the connections of the workload.
    pub place: Duration,
}

impl Default for DialLimits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(30),
            each: Duration::from_secs(5),
            place: Duration::from_secs(5),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    #[error(transparent)]
    Denied(#[from] Denial),
    #[error(transparent)]
    Quota(#[from] QuotaError),
    #[error("look up `{name}`")]
    Resolve {
        name: Name,
        #[source]
        error: ResolveError,
    },
    #[error("connect to `{asked}` at {address}")]
    Connect {
        asked: Ask,
        address: SocketAddr,
        #[source]
        error: io::Error,
    },
    #[error("connect to `{asked}`: not connected in {limit:?}")]
    TimedOut { asked: Ask, limit: Duration },
}

pin_project_lite::pin_project! {
    /// A connection, and its place among those of the workload.
    #[derive(Debug)]
    pub struct Connection {
        #[pin]
        stream: TcpStream,
        permit: Permit,
    }
}

impl Connection {
    /// The stream, and the permit that has to live as long as it.
    pub fn into_parts(self) -> (TcpStream, Permit) {
        (self.stream, self.permit)
    }

    /// Who is at the other end.
    pub fn peer(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl Firewall {
    /// Connects to what was asked for.
    pub async fn dial(&self, ask: &Ask, limits: DialLimits) -> Result<Connection, DialError> {
        let admitted = self.admit(ask)?;
        let until = Instant::now() + limits.total;
        let late = || DialError::TimedOut {
            asked: ask.clone(),
            limit: limits.total,
        };
        let permit = timeout_at(until, self.quota().wait(limits.place))
            .await
            .map_err(|_| late())??;
        let found = match (&ask.host, admitted.way) {
            (_, Way::HostLoopback) => Vec::new(),
            (Host::Address(address), _) => vec![*address],
            (Host::Name(name), _) => {
                let answer = timeout_at(until, self.resolve(name))
                    .await
                    .map_err(|_| late())?;
                let answer = answer.map_err(|error| DialError::Resolve {
                    name: name.clone(),
                    error,
                })?;
                answer.addresses.to_vec()
            }
        };
        let addresses = self.vet(ask, admitted, &found)?;
        let mut failure = late();
        for address in addresses {
            let attempt = (Instant::now() + limits.each).min(until);
            match timeout_at(attempt, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // A request that waits for the acknowledgement of the one before helps nobody; without it, only slower.
                    let _ = stream.set_nodelay(true);
                    return Ok(Connection { stream, permit });
                }
                Ok(Err(error)) => {
                    failure = DialError::Connect {
                        asked: ask.clone(),
                        address,
                        error,
                    };
                }
                Err(_) => failure = late(),
            }
            if Instant::now() >= until {
                return Err(late());
            }
        }
        Err(failure)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().stream.poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

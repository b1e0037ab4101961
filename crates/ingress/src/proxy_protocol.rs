//! The header that a balancer puts before the bytes of a client, to say where the client is: version 2 of HAProxy's
//! PROXY protocol. Version 1 is text without a length in front, and is refused.
//!
//! The header is read to its last byte and not one further; what follows belongs to TLS or HTTP. It is taken from
//! everybody who can connect, so only balancers may reach a listener that asks for it.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt as _};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// How version 1 begins.
const VERSION_1: &[u8] = b"PROXY ";
/// Signature, version and command, family and protocol, length of the rest.
const FIXED: usize = 16;
/// Addresses and further facts. Those about the balancer's own TLS, with a client certificate's name, fit well.
const MAX_REST: usize = 4096;
/// Two paths of local sockets.
const UNIX_PATHS: usize = 216;

/// Why what a connection begins with is no header.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("the connection ended before its first byte")]
    Nothing,
    #[error("the connection ended before its PROXY header did")]
    Incomplete(#[source] io::Error),
    #[error(
        "the connection does not begin with a PROXY header of version 2; turn it on at the balancer, or off here"
    )]
    Missing,
    #[error("the balancer sends version 1 of the PROXY protocol; set it to version 2")]
    Version1,
    #[error("the PROXY header has the unknown version and command {0:#04x}")]
    UnknownCommand(u8),
    #[error(
        "the PROXY header has the address family and protocol {0:#04x}, which a TCP connection cannot have"
    )]
    UnknownFamily(u8),
    #[error("the PROXY header announces {length} bytes, of at most {MAX_REST}")]
    TooLong { length: usize },
    #[error("the PROXY header announces {length} bytes, too few for its addresses")]
    TooShort { length: usize },
}

/// Reads a header. `None` if the connection is the balancer's own, such as a health check, or the client's address is
/// not known to it.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<SocketAddr>, HeaderError> {
    let [command, family, high, low] = read_fixed(stream).await?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MAX_REST {
        return Err(HeaderError::TooLong { length });
    }
    let mut rest = vec![0; length];
    let read = stream.read_exact(&mut rest).await;
    read.map_err(HeaderError::Incomplete)?;
    match command {
        // LOCAL: whatever the rest says does not count.
        0x20 => Ok(None),
        0x21 => address(family, &rest),
        _ => Err(HeaderError::UnknownCommand(command)),
    }
}

/// What follows the signature. A connection that begins otherwise is recognised by its first wrong byte: it may send
/// fewer than a header has, and wait for an answer.
async fn read_fixed(stream: &mut (impl AsyncRead + Unpin)) -> Result<[u8; 4], HeaderError> {
    let mut fixed = Vec::with_capacity(FIXED);
    while fixed.len() < FIXED {
        let missing = FIXED - fixed.len();
        let read = (&mut *stream)
            .take(missing as u64)
            .read_buf(&mut fixed)
            .await;
        if read.map_err(HeaderError::Incomplete)? == 0 {
            if fixed.is_empty() {
                return Err(HeaderError::Nothing);
            }
            let end = io::ErrorKind::UnexpectedEof.into();
            return Err(HeaderError::Incomplete(end));
        }
        let matches = fixed
            .iter()
            .zip(SIGNATURE)
            .all(|(byte, right)| *byte == right);
        if !matches {
            return Err(
                if VERSION_1.starts_with(&fixed) || fixed.starts_with(VERSION_1) {
                    HeaderError::Version1
                } else {
                    HeaderError::Missing
                },
            );
        }
    }
    let rest = fixed.last_chunk().copied();
    rest.ok_or(HeaderError::Missing)
}

fn address(family: u8, rest: &[u8]) -> Result<Option<SocketAddr>, HeaderError> {
    let source = match family {
        // The balancer does not know it.
        0x00 => return Ok(None),
        // The path of a local socket names no machine.
        0x31 if rest.len() >= UNIX_PATHS => return Ok(None),
        0x31 => None,
        0x11 => source::<4>(rest),
        0x21 => source::<16>(rest),
        _ => return Err(HeaderError::UnknownFamily(family)),
    };
    let length = rest.len();
    source.map(Some).ok_or(HeaderError::TooShort { length })
}

/// Source and destination address, then their ports.
fn source<const N: usize>(rest: &[u8]) -> Option<SocketAddr>
where
    IpAddr: From<[u8; N]>,
{
    let (source, rest) = rest.split_first_chunk::<N>()?;
    let (_destination, rest) = rest.split_first_chunk::<N>()?;
    let (source_port, rest) = rest.split_first_chunk::<2>()?;
    let (_destination_port, _facts) = rest.split_first_chunk::<2>()?;
    let port = u16::from_be_bytes(*source_port);
    Some(SocketAddr::new(IpAddr::from(*source), port))
}

#[cfg(test)]
mod tests;

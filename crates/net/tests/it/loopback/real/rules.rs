//! The rules of `wasi:sockets` for addresses and errors, written apart from those under test.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use weft_net::loopback::{Error, Family};

pub(super) fn check_remote(family: Family, address: SocketAddr) -> Result<(), Error> {
    let ip = address.ip();
    if !is_of(family, ip) || is_for_many(ip) || ip.is_unspecified() || address.port() == 0 {
        return Err(Error::InvalidArgument);
    }
    Ok(())
}

pub(super) fn is_of(family: Family, ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => family == Family::V4,
        IpAddr::V6(ip) => family == Family::V6 && ip.to_ipv4_mapped().is_none(),
    }
}

pub(super) fn is_for_many(ip: IpAddr) -> bool {
    ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// The code of `wasi:sockets` for an error of Linux.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is given to `map_err` everywhere"
)]
pub(super) fn code(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => Error::AddressInUse,
        io::ErrorKind::AddrNotAvailable => Error::AddressNotBindable,
        io::ErrorKind::BrokenPipe => Error::ConnectionBroken,
        io::ErrorKind::ConnectionAborted => Error::ConnectionAborted,
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::ConnectionReset => Error::ConnectionReset,
        io::ErrorKind::InvalidInput => Error::InvalidArgument,
        io::ErrorKind::NotConnected => Error::InvalidState,
        io::ErrorKind::TimedOut => Error::Timeout,
        io::ErrorKind::WouldBlock => Error::WouldBlock,
        _ if error.raw_os_error() == Some(rustix::io::Errno::MSGSIZE.raw_os_error()) => {
            Error::DatagramTooLarge
        }
        _ => panic!("the machine says {error}, which no program should cause"),
    }
}

//! Error codes and addresses of 0.3.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use super::Failure;
use super::types::{
    self, ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
    Ipv6SocketAddress,
};
use crate::loopback::Family;
use crate::sockets::View;
use crate::sockets::error::{Code, Error};

impl From<Error> for ErrorCode {
    fn from(error: Error) -> Self {
        match error {
            Error::AccessDenied => Self::AccessDenied,
            Error::AddressInUse => Self::AddressInUse,
            Error::AddressNotBindable => Self::AddressNotBindable,
            Error::ConnectionAborted => Self::ConnectionAborted,
            Error::ConnectionBroken => Self::ConnectionBroken,
            Error::ConnectionRefused => Self::ConnectionRefused,
            Error::ConnectionReset => Self::ConnectionReset,
            Error::DatagramTooLarge => Self::DatagramTooLarge,
            Error::InvalidArgument => Self::InvalidArgument,
            // The second and third are words of 0.2 for what is not begun and finished apart here.
            Error::InvalidState | Error::ConcurrencyConflict | Error::NotInProgress => {
                Self::InvalidState
            }
            Error::NotSupported => Self::NotSupported,
            // 0.3 has no word for the first. This one, as every function may give it, and as wasmCloud does.
            Error::NewSocketLimit | Error::OutOfMemory => Self::OutOfMemory,
            Error::RemoteUnreachable => Self::RemoteUnreachable,
            Error::Timeout => Self::Timeout,
            Error::Unknown | Error::WouldBlock => Self::Other(None),
        }
    }
}

impl types::Host for View<'_> {
    fn convert_error_code(&mut self, failure: Failure) -> wasmtime::Result<ErrorCode> {
        match failure {
            Failure::Code(Code::Socket(error)) => Ok(error.into()),
            // Look-ups of 0.3 have codes of their own.
            Failure::Code(Code::Lookup(code)) => Ok(ErrorCode::Other(Some(code.to_string()))),
            Failure::Trap(error) => Err(error),
        }
    }
}

impl From<IpAddressFamily> for Family {
    fn from(family: IpAddressFamily) -> Self {
        match family {
            IpAddressFamily::Ipv4 => Self::V4,
            IpAddressFamily::Ipv6 => Self::V6,
        }
    }
}

impl From<Family> for IpAddressFamily {
    fn from(family: Family) -> Self {
        match family {
            Family::V4 => Self::Ipv4,
            Family::V6 => Self::Ipv6,
        }
    }
}

impl From<IpSocketAddress> for SocketAddr {
    fn from(address: IpSocketAddress) -> Self {
        match address {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }) => {
                let (a, b, c, d) = address;
                (Ipv4Addr::new(a, b, c, d), port).into()
            }
            IpSocketAddress::Ipv6(v6) => {
                let (a, b, c, d, e, f, g, h) = v6.address;
                let ip = Ipv6Addr::new(a, b, c, d, e, f, g, h);
                SocketAddrV6::new(ip, v6.port, v6.flow_info, v6.scope_id).into()
            }
        }
    }
}

impl From<SocketAddr> for IpSocketAddress {
    fn from(address: SocketAddr) -> Self {
        let port = address.port();
        match address.ip().into() {
            IpAddress::Ipv4(address) => Self::Ipv4(Ipv4SocketAddress { port, address }),
            IpAddress::Ipv6(address) => Self::Ipv6(Ipv6SocketAddress {
                port,
                flow_info: 0,
                address,
                scope_id: 0,
            }),
        }
    }
}

impl From<IpAddr> for IpAddress {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                Self::Ipv4((a, b, c, d))
            }
            IpAddr::V6(ip) => {
                let [a, b, c, d, e, f, g, h] = ip.segments();
                Self::Ipv6((a, b, c, d, e, f, g, h))
            }
        }
    }
}

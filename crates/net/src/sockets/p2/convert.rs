//! Error codes, addresses and the network of 0.2.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use wasmtime::component::Resource;

use super::network::{
    self, ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
    Ipv6SocketAddress,
};
use super::{Failure, instance_network};
use crate::loopback::Family;
use crate::sockets::View;
use crate::sockets::error::{Code, Error};

/// A handle to the network, which says nothing: what a socket may do depends on who created it.
pub struct Network(());

impl From<Error> for ErrorCode {
    fn from(error: Error) -> Self {
        match error {
            Error::AccessDenied => Self::AccessDenied,
            Error::AddressInUse => Self::AddressInUse,
            Error::AddressNotBindable => Self::AddressNotBindable,
            Error::ConcurrencyConflict => Self::ConcurrencyConflict,
            Error::ConnectionAborted => Self::ConnectionAborted,
            Error::ConnectionRefused => Self::ConnectionRefused,
            Error::ConnectionReset => Self::ConnectionReset,
            Error::DatagramTooLarge => Self::DatagramTooLarge,
            Error::InvalidArgument => Self::InvalidArgument,
            Error::InvalidState => Self::InvalidState,
            Error::NewSocketLimit => Self::NewSocketLimit,
            Error::NotInProgress => Self::NotInProgress,
            Error::NotSupported => Self::NotSupported,
            Error::OutOfMemory => Self::OutOfMemory,
            Error::RemoteUnreachable => Self::RemoteUnreachable,
            Error::Timeout => Self::Timeout,
            Error::WouldBlock => Self::WouldBlock,
            // 0.2 has no word for the first: streams say that they are closed.
            Error::ConnectionBroken | Error::Unknown => Self::Unknown,
        }
    }
}

impl network::Host for View<'_> {
    fn convert_error_code(&mut self, failure: Failure) -> wasmtime::Result<ErrorCode> {
        match failure {
            Failure::Code(Code::Socket(error)) => Ok(error.into()),
            Failure::Code(Code::Lookup(code)) => Ok(code),
            Failure::Trap(error) => Err(error),
        }
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        let error = self.table.get(&error)?;
        if let Some(error) = error.downcast_ref::<Error>() {
            return Ok(Some((*error).into()));
        }
        let io = error.downcast_ref::<io::Error>();
        Ok(io.map(|error| Error::from(error).into()))
    }
}

impl network::HostNetwork for View<'_> {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}

impl instance_network::Host for View<'_> {
    fn instance_network(&mut self) -> wasmtime::Result<Resource<Network>> {
        Ok(self.table.push(Network(()))?)
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

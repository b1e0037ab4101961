//! Requests that stay in the workload: to its service, over the virtual network. No firewall has a say in them, and they
//! take no place among the connections to the outside.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::firewall::ask::Ask;
use crate::firewall::dial::DialError;
use crate::firewall::host::Host;
use crate::firewall::ranges::HOST_LOOPBACK;
use crate::loopback::{self, Family, Name, Network, Role};
use crate::virtual_stream::{VirtualStream, io_error};

/// The network that a component is at home on.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) network: Arc<Network>,
    /// Whether a service of the workload may listen there.
    pub(super) has_service: bool,
}

impl Home {
    /// Whether a destination is on the virtual network: the same names and addresses as for sockets.
    pub(super) fn has(ask: &Ask) -> bool {
        match ask.host() {
            Host::Address(address) => {
                *address != HOST_LOOPBACK && loopback::is_virtual(address.to_canonical())
            }
            Host::Name(name) => matches!(loopback::look_up(name.as_str()), Name::Here(_)),
        }
    }

    /// Connects to the first address that answers.
    pub(super) async fn dial(&self, ask: &Ask) -> Result<VirtualStream, DialError> {
        let addresses: &[IpAddr] = match ask.host() {
            Host::Address(address) => &[address.to_canonical()],
            Host::Name(name) => match loopback::look_up(name.as_str()) {
                Name::Here(addresses) => addresses,
                Name::Nowhere | Name::Elsewhere => &[],
            },
        };
        let mut failed = (SocketAddr::from(([127, 0, 0, 1], ask.port())), None);
        for address in addresses {
            let at = SocketAddr::new(*address, ask.port());
            match self.connect(at).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = (at, Some(error)),
            }
        }
        let (address, error) = failed;
        Err(DialError::Connect {
            asked: ask.clone(),
            address,
            error: io_error(error.unwrap_or(loopback::Error::RemoteUnreachable)),
        })
    }

    async fn connect(&self, at: SocketAddr) -> Result<VirtualStream, loopback::Error> {
        let socket = self.network.tcp(Family::of(at.ip()), Role::Component)?;
        socket.connect(at).await?;
        Ok(VirtualStream::new(socket))
    }
}

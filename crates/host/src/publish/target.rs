//! A port of a service on the virtual network of its workload, as the ingress sees it.

use std::io;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::task::yield_now;
use weft_ingress::{Cord, ForwardTarget};
use weft_net::loopback::{Error, Family, Network, Role};
use weft_net::virtual_stream::io_error;

use super::cord::VirtualCord;
use super::place::{Counted, Gauge};

/// A port of a service. Clones are the same port.
#[derive(Clone)]
pub(super) struct PortTarget {
    workload: String,
    pub(super) network: Arc<Network>,
    pub(super) port: u16,
    gauge: Gauge,
}

impl PortTarget {
    pub(super) fn new(workload: String, network: Arc<Network>, port: u16) -> Self {
        Self {
            workload,
            network,
            port,
            gauge: Gauge::default(),
        }
    }

    /// How many connections it has.
    pub(super) fn gauge(&self) -> Gauge {
        self.gauge.clone()
    }

    pub(super) fn count(&self) -> Counted {
        self.gauge.count()
    }

    /// Connects once the service listens, on whichever address it does. A service that goes away in between is waited
    /// for again.
    async fn reach(&self) -> Result<VirtualCord, Error> {
        loop {
            let address = self.network.until_listening_on(self.port).await?;
            let socket = self
                .network
                .tcp(Family::of(address.ip()), Role::Component)?;
            match socket.connect(address).await {
                Ok(()) => return Ok(VirtualCord::new(socket, self.count())),
                Err(Error::ConnectionRefused | Error::ConnectionReset) => yield_now().await,
                Err(error) => return Err(error),
            }
        }
    }
}

impl ForwardTarget for PortTarget {
    fn name(&self) -> &str {
        &self.workload
    }

    fn connect(&self) -> BoxFuture<'_, io::Result<Box<dyn Cord>>> {
        Box::pin(async {
            match self.reach().await {
                Ok(cord) => Ok(Box::new(cord) as Box<dyn Cord>),
                Err(error) => Err(io_error(error)),
            }
        })
    }
}

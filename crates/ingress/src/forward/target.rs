//! What connections are forwarded to. The trait lives here, with its caller; the layer above implements it for the
//! services of its workloads.

use std::io;

use futures::future::BoxFuture;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// Something that takes connections: a port of a service, seen from the network.
pub trait ForwardTarget: Send + Sync + 'static {
    /// The name in the log: `tenant/workload`.
    fn name(&self) -> &str;

    /// Whose connections they are: the tenant.
    fn tenant(&self) -> &str {
        let name = self.name();
        name.split_once('/').map_or(name, |(tenant, _)| tenant)
    }

    /// Makes a connection. It may wait for as long as there is hope; the caller gives up after its own limit by
    /// dropping the future.
    fn connect(&self) -> BoxFuture<'_, io::Result<Box<dyn Cord>>>;
}

/// One end of a connection, which can be cut.
pub trait Cord: AsyncRead + AsyncWrite + Send + Unpin {
    /// Makes the coming drop a reset instead of an orderly end.
    fn reset(&mut self);
}

impl Cord for TcpStream {
    fn reset(&mut self) {
        // Lingering for no time at all is how a reset is asked for. A socket that takes no options any more is gone.
        let _ = SockRef::from(&*self).set_linger(Some(std::time::Duration::ZERO));
    }
}

impl<C: Cord> Cord for TlsStream<C> {
    fn reset(&mut self) {
        self.get_mut().0.reset();
    }
}

impl<C: Cord + ?Sized> Cord for Box<C> {
    fn reset(&mut self) {
        (**self).reset();
    }
}

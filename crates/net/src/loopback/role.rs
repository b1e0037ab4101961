//! Who may do what on the virtual network of a workload.

use super::Error;

/// On whose behalf a socket is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The service of the workload: it may bind any port and listen.
    Service,
    /// Any other component, and the host when it forwards a connection: it may connect, and bind UDP to a port that the
    /// network chooses.
    Component,
}

impl Role {
    /// Whether a TCP socket may be bound, or listen.
    pub(super) fn may_listen(self) -> Result<(), Error> {
        match self {
            Self::Service => Ok(()),
            Self::Component => Err(Error::AccessDenied),
        }
    }

    /// Whether a UDP socket may be bound to a port; 0 leaves the choice to the network.
    pub(super) fn may_bind_udp(self, port: u16) -> Result<(), Error> {
        match self {
            Self::Component if port != 0 => Err(Error::AccessDenied),
            Self::Component | Self::Service => Ok(()),
        }
    }
}

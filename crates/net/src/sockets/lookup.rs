//! Names: first those of the workload and the host, then what the firewall lets the guest look up.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::Parts;
use crate::firewall::denial::Reason;
use crate::firewall::gate;
use crate::firewall::ranges::HOST_LOOPBACK;
use crate::firewall::resolve::ResolveError;
use crate::loopback::{self, Name};

/// Bytes of the longest text that is looked at: more than a name has in any encoding.
const LONGEST: usize = 1024;

/// Names of the machine that runs the host.
const HOST: [&str; 2] = ["host.weft.internal", "host.wasmcloud.internal"];

/// Why there are no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LookupError {
    /// The policy does not let the guest look it up.
    Denied,
    /// It is neither a name nor an address.
    Invalid,
    /// There is no such name, or it has no address.
    NotFound,
    /// The servers refuse to answer, and will the next time.
    Permanent,
    /// Another time there may be an answer.
    Temporary,
}

/// The addresses of a name, one at least.
pub(super) async fn look_up(parts: Arc<Parts>, name: String) -> Result<Vec<IpAddr>, LookupError> {
    if name.len() > LONGEST {
        return Err(LookupError::Invalid);
    }
    let plain = name.strip_suffix('.').unwrap_or(&name);
    if HOST.iter().any(|host| host.eq_ignore_ascii_case(plain)) {
        return Ok(vec![HOST_LOOPBACK]);
    }
    match loopback::look_up(&name) {
        Name::Here(addresses) => return Ok(addresses.to_vec()),
        Name::Nowhere => return Err(LookupError::NotFound),
        Name::Elsewhere => {}
    }
    let addresses = parts.firewall.look_up(&name).await.map_err(reason)?;
    let canonical: Vec<_> = addresses.iter().map(IpAddr::to_canonical).collect();
    if canonical.is_empty() {
        return Err(LookupError::NotFound);
    }
    Ok(canonical)
}

fn reason(error: gate::LookupError) -> LookupError {
    match error {
        gate::LookupError::Denied(denial) => match denial.reason {
            Reason::Malformed(_) => LookupError::Invalid,
            _ => LookupError::Denied,
        },
        gate::LookupError::Resolve { error, .. } => match error {
            ResolveError::NotFound => LookupError::NotFound,
            ResolveError::Refused(_) => LookupError::Permanent,
            ResolveError::TimedOut(_) | ResolveError::Failed(_) => LookupError::Temporary,
        },
    }
}

/// Without what means nothing to a guest: flow information and scope.
pub(super) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}

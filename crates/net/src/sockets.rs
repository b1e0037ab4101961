//! `wasi:sockets` 0.2 and 0.3 for guests: the virtual network of the workload for everything on a loopback address, and
//! what the firewall lets out for the rest.
//!
//! Layout: `address` says what is virtual, `tcp` and `udp` are the sockets of both versions, `link` is a connection,
//! `options` what can be set, `lookup` names, `error` what goes wrong; `p2` and `p3` say all this in the words of the
//! two versions.
//!
//! A socket begins on the virtual network and stays there unless it connects, or sends, to elsewhere: so an address that
//! a guest binds is never one of the machine's. A socket has the rights of the component that created it, whoever
//! holds it later.
//!
//! Invariants:
//! - no socket of the machine listens, or hears from anybody that the guest has not sent to;
//! - nothing is dialled or sent outside that the firewall was not asked about;
//! - everything is freed when its resource is dropped, and all of it when the store is;
//! - nothing here blocks, and what waits is bounded: a connect by time, a write by one piece for each stream.

mod address;
mod error;
mod link;
mod lookup;
mod options;
pub mod p2;
pub mod p3;
mod tcp;
mod udp;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{HasData, ResourceTable};

use crate::firewall::gate::Firewall;
use crate::loopback::{Network, Role};

use error::Error;

/// Bounds of the sockets of one component in one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sockets that exist at the same time, accepted ones and those whose streams only are left among them.
    pub sockets: usize,
    /// How long a connect may take.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sockets: 16_384,
            connect: Duration::from_secs(60),
        }
    }
}

/// What the sockets of one component are made of; the same for all its instances.
pub struct Parts {
    /// The virtual network of the workload.
    pub network: Arc<Network>,
    /// Whether the component is the workload's service.
    pub role: Role,
    /// What the component may reach outside.
    pub firewall: Firewall,
    /// What an instance may have.
    pub limits: Limits,
}

/// The sockets of one component in one instance. Clones are the same.
#[derive(Clone)]
pub struct Ctx {
    parts: Arc<Parts>,
    places: Arc<Semaphore>,
}

/// A place among the sockets of an instance, taken as long as any part of the socket lives.
type Place = Arc<OwnedSemaphorePermit>;

impl Ctx {
    /// For a new instance.
    pub fn new(parts: &Arc<Parts>) -> Self {
        let most = parts.limits.sockets.min(Semaphore::MAX_PERMITS);
        Self {
            parts: Arc::clone(parts),
            places: Arc::new(Semaphore::new(most)),
        }
    }

    fn place(&self) -> Result<Place, Error> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(permit) => Ok(Arc::new(permit)),
            Err(_) => Err(Error::NewSocketLimit),
        }
    }
}

/// How the store data is asked for the sockets of a component.
pub struct View<'a> {
    pub ctx: &'a mut Ctx,
    pub table: &'a mut ResourceTable,
}

/// Ties [`View`] to the linker: the `D` of `add_to_linker` and `add_to_linker_instance` of all interfaces in [`p2`] and
/// [`p3`]. Those in [`bears_identity`] have to be bound for each component that shares a store; of the others one will do.
pub struct Sockets;

impl HasData for Sockets {
    type Data<'a> = View<'a>;
}

/// Whether an interface of `wasi:sockets` on a version line gives out rights: who calls it has to be known.
pub fn bears_identity(interface: &str, track: &str) -> bool {
    match track {
        "0.2" => matches!(
            interface,
            "tcp-create-socket" | "udp-create-socket" | "ip-name-lookup"
        ),
        _ => matches!(interface, "types" | "ip-name-lookup"),
    }
}

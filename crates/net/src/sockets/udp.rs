//! A UDP socket, the same for both versions of `wasi:sockets`: one on the virtual network, and one of the machine as
//! soon as something is sent to elsewhere. The second hears only from those it has sent to.

mod outside;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::address::{self, Way};
use super::error::Error;
use super::options::{self, Opt, Wishes};
use super::{Ctx, Place};
use crate::firewall::ask::Protocol;
use crate::loopback::{self, Family, Role};
use outside::Outside;

/// A UDP socket of a guest, shared by its datagram streams.
pub(super) struct UdpSocket {
    ctx: Ctx,
    _place: Place,
    family: Family,
    local: loopback::UdpSocket,
    state: Mutex<State>,
    /// The socket of the machine came or went, or the connection changed.
    changed: Notify,
    /// Whose turn it is to be asked first for a datagram, so that neither half keeps the other waiting.
    outside_first: AtomicBool,
}

#[derive(Default)]
struct State {
    wishes: Wishes,
    outside: Option<Arc<Outside>>,
    /// Where it is connected to, if that is not on the virtual network.
    remote: Option<SocketAddr>,
}

/// A datagram, whole, and who sent it.
pub(super) type Received = (Vec<u8>, SocketAddr);

/// Who takes what is sent.
enum Receiver {
    Virtual(Option<SocketAddr>),
    Outside(Arc<Outside>, Option<SocketAddr>),
}

impl UdpSocket {
    pub(super) fn new(ctx: &Ctx, family: Family) -> Result<Self, Error> {
        let place = ctx.place()?;
        let local = ctx.parts.network.udp(family, ctx.parts.role)?;
        Ok(Self {
            ctx: ctx.clone(),
            _place: place,
            family,
            local,
            state: Mutex::default(),
            changed: Notify::new(),
            outside_first: AtomicBool::new(false),
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn bind(&self, local: SocketAddr) -> Result<(), Error> {
        address::bindable(self.family, local)?;
        if self.ctx.parts.role == Role::Component && local.port() != 0 {
            return Err(Error::AccessDenied);
        }
        Ok(self.local.bind(local)?)
    }

    pub(super) fn is_bound(&self) -> bool {
        self.local.local_address().is_ok()
    }

    /// Talks to one address only from now on, instead of any before.
    pub(super) fn connect(&self, remote: SocketAddr) -> Result<(), Error> {
        match address::way(self.family, remote)? {
            Way::Virtual => {
                self.local.connect(remote)?;
                self.leave_outside();
            }
            Way::Outside => {
                let address = self.admit(remote)?;
                let outside = self.outside()?;
                self.hold()?;
                outside.connect(remote, address)?;
                self.with(|state| state.remote = Some(remote));
                // What it was connected to before, if that was virtual.
                let _ = self.local.disconnect();
            }
        }
        self.changed.notify_waiters();
        Ok(())
    }

    /// Talks to everybody again.
    pub(super) fn disconnect(&self) -> Result<(), Error> {
        if !self.leave_outside() {
            self.local.disconnect()?;
        }
        self.changed.notify_waiters();
        Ok(())
    }

    pub(super) fn is_connected(&self) -> bool {
        self.remote_address().is_ok()
    }

    /// Whether it was connected to elsewhere.
    fn leave_outside(&self) -> bool {
        self.with(|state| {
            let connected = state.remote.take().is_some();
            if let Some(outside) = &state.outside
                && connected
                && outside.disconnect().is_err()
            {
                // The next datagram gets another one.
                state.outside = None;
            }
            connected
        })
    }

    /// Sends a datagram, or loses it.
    pub(super) fn try_send(&self, data: &[u8], to: Option<SocketAddr>) -> Result<(), Error> {
        match self.receiver(data, to)? {
            Receiver::Virtual(to) => Ok(self.local.send(data, to)?),
            Receiver::Outside(outside, to) => outside.try_send(data, to),
        }
    }

    /// Sends a datagram as soon as there is room for it, or loses it.
    pub(super) async fn send(&self, data: &[u8], to: Option<SocketAddr>) -> Result<(), Error> {
        loop {
            match self.try_send(data, to) {
                Err(Error::WouldBlock) => self.writable().await,
                outcome => return outcome,
            }
        }
    }

    /// Resolves when a datagram can be sent.
    pub(super) async fn writable(&self) {
        if let Some(outside) = self.with(|state| state.outside.clone()) {
            outside.writable().await;
        }
    }

    fn receiver(&self, data: &[u8], to: Option<SocketAddr>) -> Result<Receiver, Error> {
        let connected = self.with(|state| state.remote);
        let Some(asked) = to.or(connected) else {
            // The virtual half knows whether it is connected.
            return Ok(Receiver::Virtual(None));
        };
        let way = address::way(self.family, asked)?;
        if connected.is_some_and(|connected| connected != asked) {
            return Err(Error::InvalidArgument);
        }
        if way == Way::Virtual {
            return Ok(Receiver::Virtual(Some(asked)));
        }
        if self.local.remote_address().is_ok() {
            return Err(Error::InvalidArgument);
        }
        let longest = match self.family {
            Family::V4 => loopback::LONGEST_V4,
            Family::V6 => loopback::LONGEST_V6,
        };
        if data.len() > longest {
            return Err(Error::DatagramTooLarge);
        }
        let address = self.admit(asked)?;
        let outside = self.outside()?;
        self.hold()?;
        if connected.is_some() {
            return Ok(Receiver::Outside(outside, None));
        }
        outside.expect(asked, address);
        Ok(Receiver::Outside(outside, Some(address)))
    }

    /// Asks the firewall.
    fn admit(&self, remote: SocketAddr) -> Result<SocketAddr, Error> {
        let firewall = &self.ctx.parts.firewall;
        firewall
            .socket(Protocol::Udp, remote)
            .map_err(|_denial| Error::AccessDenied)
    }

    /// Takes a port, as sending does: only who is bound can receive.
    fn hold(&self) -> Result<(), Error> {
        if self.is_bound() {
            return Ok(());
        }
        let any = match self.family {
            Family::V4 => SocketAddr::from(([0, 0, 0, 0], 0)),
            Family::V6 => SocketAddr::from(([0_u16; 8], 0)),
        };
        Ok(self.local.bind(any)?)
    }

    /// The socket of the machine, made if there is none.
    fn outside(&self) -> Result<Arc<Outside>, Error> {
        if self
            .local
            .local_address()
            .is_ok_and(|at| at.ip().is_loopback())
            && self.local.remote_address().is_err()
        {
            // From a loopback address nothing leads out.
            return Err(Error::RemoteUnreachable);
        }
        let outside = self.with(|state| {
            if let Some(outside) = &state.outside {
                return Ok(Arc::clone(outside));
            }
            let quota = self.ctx.parts.firewall.quota();
            let permit = quota.take().map_err(|_full| Error::NewSocketLimit)?;
            let memory = self.ctx.parts.network.memory();
            let held = memory.hold(outside::CHARGE).ok_or(Error::OutOfMemory)?;
            let outside = Outside::new(self.family, &state.wishes, permit, held)?;
            let outside = Arc::new(outside);
            state.outside = Some(Arc::clone(&outside));
            Ok::<_, Error>(outside)
        })?;
        self.changed.notify_waiters();
        Ok(outside)
    }

    /// Receives a datagram.
    pub(super) fn try_receive(&self) -> Result<Received, Error> {
        let (outside, remote) = self.with(|state| (state.outside.clone(), state.remote));
        let virtually = || -> Result<Received, Error> {
            if remote.is_some() {
                return Err(Error::WouldBlock);
            }
            let (data, from) = self.local.try_receive()?;
            Ok((data.into_vec(), from))
        };
        let really = || match &outside {
            Some(outside) if self.local.remote_address().is_err() => outside.try_receive(),
            _ => Err(Error::WouldBlock),
        };
        let outside_first = self.outside_first.fetch_xor(true, Ordering::Relaxed);
        let first = if outside_first { really() } else { virtually() };
        match first {
            Err(Error::WouldBlock) if outside_first => virtually(),
            Err(Error::WouldBlock) => really(),
            outcome => outcome,
        }
    }

    /// Waits for a datagram.
    pub(super) async fn receive(&self) -> Result<Received, Error> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Before the attempt, so that no change between it and the wait is missed.
            changed.as_mut().enable();
            match self.try_receive() {
                Err(Error::WouldBlock) => {}
                outcome => return outcome,
            }
            self.until_ready(changed).await;
        }
    }

    /// Resolves when a datagram may be there.
    pub(super) async fn readable(&self) {
        let mut changed = std::pin::pin!(self.changed.notified());
        changed.as_mut().enable();
        self.until_ready(changed).await;
    }

    async fn until_ready(&self, changed: impl Future<Output = ()>) {
        let (outside, remote) = self.with(|state| (state.outside.clone(), state.remote));
        let outside = outside.filter(|_| self.local.remote_address().is_err());
        let virtually = async {
            match remote {
                // It would be ready for what nobody hears now.
                Some(_) => std::future::pending().await,
                None => self.local.readable().await,
            }
        };
        let really = async {
            match &outside {
                Some(outside) => outside.readable().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = virtually => {}
            () = really => {}
            () = changed => {}
        }
    }

    pub(super) fn local_address(&self) -> Result<SocketAddr, Error> {
        let outside = self.with(|state| state.remote.and(state.outside.clone()));
        match outside {
            Some(outside) => outside.local_address(),
            None => Ok(self.local.local_address()?),
        }
    }

    pub(super) fn remote_address(&self) -> Result<SocketAddr, Error> {
        match self.with(|state| state.remote) {
            Some(remote) => Ok(remote),
            None => Ok(self.local.remote_address()?),
        }
    }

    pub(super) fn family(&self) -> Family {
        self.family
    }

    /// One of the hop limit and the two buffers.
    pub(super) fn option(&self, option: Opt) -> Result<u64, Error> {
        if let Some(outside) = self.with(|state| state.outside.clone()) {
            return options::get_real(outside.socket(), self.family, option);
        }
        let bytes = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        Ok(match option {
            Opt::HopLimit => self.local.hop_limit()?.into(),
            Opt::ReceiveBuffer => bytes(self.local.receive_buffer()?),
            Opt::SendBuffer => bytes(self.local.send_buffer()?),
            _ => return Err(Error::NotSupported),
        })
    }

    /// Sets one of the hop limit and the two buffers, on both halves.
    pub(super) fn set_option(&self, option: Opt, value: u64) -> Result<(), Error> {
        match option {
            Opt::HopLimit => self
                .local
                .set_hop_limit(u8::try_from(value).unwrap_or(u8::MAX))?,
            Opt::ReceiveBuffer => self.local.set_receive_buffer(value)?,
            Opt::SendBuffer => self.local.set_send_buffer(value)?,
            _ => return Err(Error::NotSupported),
        }
        let outside = self.with(|state| {
            state.wishes.note(option, value);
            state.outside.clone()
        });
        match outside {
            Some(outside) => options::set_real(outside.socket(), self.family, option, value),
            None => Ok(()),
        }
    }
}

//! A TCP socket, the same for both versions of `wasi:sockets`.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::net::TcpSocket as RealSocket;
use tokio::sync::{AcquireError, OwnedSemaphorePermit};
use tokio::time::{Sleep, sleep, timeout};

use super::address::{self, Way};
use super::error::Error;
use super::link::{Link, Wire};
use super::options::{self, Opt, Wishes};
use super::{Ctx, Place};
use crate::firewall::ask::Protocol;
use crate::firewall::quota::Permit;
use crate::loopback::{self, Family, Role};

/// A TCP socket of a guest.
pub(super) struct TcpSocket {
    ctx: Ctx,
    place: Place,
    family: Family,
    wishes: Wishes,
    state: State,
}

enum State {
    /// New or bound. It is virtual as long as it does not connect to elsewhere.
    Open(loopback::TcpSocket),
    Listening(Arc<loopback::TcpSocket>),
    Connecting(Connecting),
    Connected {
        link: Arc<Link>,
        receives: bool,
        sends: bool,
    },
    /// Did not connect; why is told once.
    Closed(Option<Error>),
}

enum Connecting {
    Virtual(loopback::TcpSocket, Pin<Box<Sleep>>),
    Real(Dialling),
    Refused(Error),
}

type Dialling = Pin<Box<dyn Future<Output = Result<Wire, Error>> + Send>>;
type Acquiring = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// What takes the connections of a listener.
pub(super) struct Acceptor {
    ctx: Ctx,
    family: Family,
    listener: Arc<loopback::TcpSocket>,
    /// Waits for a place among the sockets of the instance.
    acquiring: Option<Acquiring>,
}

impl TcpSocket {
    pub(super) fn new(ctx: &Ctx, family: Family) -> Result<Self, Error> {
        let place = ctx.place()?;
        let socket = ctx.parts.network.tcp(family, ctx.parts.role)?;
        Ok(Self {
            ctx: ctx.clone(),
            place,
            family,
            wishes: Wishes::default(),
            state: State::Open(socket),
        })
    }

    pub(super) fn bind(&mut self, local: SocketAddr) -> Result<(), Error> {
        let State::Open(socket) = &self.state else {
            return Err(Error::InvalidState);
        };
        address::bindable(self.family, local)?;
        if self.ctx.parts.role == Role::Component {
            return Err(Error::AccessDenied);
        }
        Ok(socket.bind(local)?)
    }

    pub(super) fn is_bound(&self) -> bool {
        match &self.state {
            State::Open(socket) => socket.local_address().is_ok(),
            State::Listening(_) | State::Connecting(_) | State::Connected { .. } => true,
            State::Closed(_) => false,
        }
    }

    pub(super) fn listen(&mut self) -> Result<Acceptor, Error> {
        let State::Open(socket) = &self.state else {
            return Err(Error::InvalidState);
        };
        socket.listen()?;
        let State::Open(socket) = self.take() else {
            return Err(Error::InvalidState);
        };
        let listener = Arc::new(socket);
        self.state = State::Listening(Arc::clone(&listener));
        Ok(Acceptor {
            ctx: self.ctx.clone(),
            family: self.family,
            listener,
            acquiring: None,
        })
    }

    /// Begins to connect; `poll_connected` has the outcome, a denial by the firewall too.
    pub(super) fn start_connect(&mut self, remote: SocketAddr) -> Result<(), Error> {
        let State::Open(socket) = &self.state else {
            return Err(Error::InvalidState);
        };
        let way = address::way(self.family, remote)?;
        let connecting = match way {
            Way::Virtual => {
                socket.start_connect(remote)?;
                None
            }
            Way::Outside => Some(
                self.dial(socket, remote)
                    .unwrap_or_else(Connecting::Refused),
            ),
        };
        let State::Open(socket) = self.take() else {
            return Err(Error::InvalidState);
        };
        let connecting = connecting.unwrap_or_else(|| {
            Connecting::Virtual(socket, Box::pin(sleep(self.ctx.parts.limits.connect)))
        });
        self.state = State::Connecting(connecting);
        Ok(())
    }

    fn dial(&self, socket: &loopback::TcpSocket, remote: SocketAddr) -> Result<Connecting, Error> {
        // From a loopback address nothing leads out.
        if socket.local_address().is_ok_and(|at| at.ip().is_loopback()) {
            return Err(Error::RemoteUnreachable);
        }
        let firewall = &self.ctx.parts.firewall;
        let address = firewall
            .socket(Protocol::Tcp, remote)
            .map_err(|_denial| Error::AccessDenied)?;
        let permit = firewall
            .quota()
            .take()
            .map_err(|_full| Error::NewSocketLimit)?;
        let remote = Remote {
            asked: remote,
            address,
        };
        let dial = dial(self.family, remote, self.wishes.clone(), permit);
        let limit = self.ctx.parts.limits.connect;
        let mut dial: Dialling =
            Box::pin(async move { timeout(limit, dial).await.unwrap_or(Err(Error::Timeout)) });
        // It begins now and not when the guest asks for the outcome.
        let mut now = Context::from_waker(Waker::noop());
        Ok(match dial.as_mut().poll(&mut now) {
            Poll::Ready(outcome) => Connecting::Real(Box::pin(std::future::ready(outcome))),
            Poll::Pending => Connecting::Real(dial),
        })
    }

    /// The outcome of a connect, or wakes when there is one. An error is told once.
    pub(super) fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_outcome(cx));
        Poll::Ready(match &mut self.state {
            State::Connected { .. } => Ok(()),
            State::Closed(error) => Err(error.take().unwrap_or(Error::InvalidState)),
            State::Open(_) | State::Listening(_) | State::Connecting(_) => Err(Error::InvalidState),
        })
    }

    /// Ready when a connect has an outcome.
    pub(super) fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let State::Connecting(connecting) = &mut self.state else {
            return Poll::Ready(());
        };
        let outcome = match connecting {
            Connecting::Virtual(socket, late) => {
                if late.as_mut().poll(cx).is_ready() {
                    socket.give_up();
                }
                ready!(socket.poll_connected(cx))
                    .map(|()| None)
                    .map_err(Error::from)
            }
            Connecting::Real(dial) => ready!(dial.as_mut().poll(cx)).map(Some),
            Connecting::Refused(error) => Err(*error),
        };
        let wire = match (outcome, self.take()) {
            (Ok(Some(wire)), _) => Ok(wire),
            (Ok(None), State::Connecting(Connecting::Virtual(socket, _))) => {
                Ok(Wire::Virtual(socket))
            }
            (Ok(None), _) => Err(Error::InvalidState),
            (Err(error), _) => Err(error),
        };
        self.state = match wire {
            Ok(wire) => connected(wire, &self.place),
            Err(error) => State::Closed(Some(error)),
        };
        Poll::Ready(())
    }

    fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Closed(None))
    }

    /// The connection, if there is one.
    pub(super) fn link(&self) -> Result<&Arc<Link>, Error> {
        match &self.state {
            State::Connected { link, .. } => Ok(link),
            _ => Err(Error::InvalidState),
        }
    }

    /// The connection for who reads from it; once.
    pub(super) fn take_receiver(&mut self) -> Result<Arc<Link>, Error> {
        match &mut self.state {
            State::Connected { link, receives, .. } if !*receives => {
                *receives = true;
                Ok(Arc::clone(link))
            }
            _ => Err(Error::InvalidState),
        }
    }

    /// The connection for who writes to it; once.
    pub(super) fn take_sender(&mut self) -> Result<Arc<Link>, Error> {
        match &mut self.state {
            State::Connected { link, sends, .. } if !*sends => {
                *sends = true;
                Ok(Arc::clone(link))
            }
            _ => Err(Error::InvalidState),
        }
    }

    pub(super) fn local_address(&self) -> Result<SocketAddr, Error> {
        match &self.state {
            State::Open(socket) => Ok(socket.local_address()?),
            State::Listening(socket) => Ok(socket.local_address()?),
            State::Connected { link, .. } => link.local_address(),
            State::Connecting(_) | State::Closed(_) => Err(Error::InvalidState),
        }
    }

    pub(super) fn remote_address(&self) -> Result<SocketAddr, Error> {
        self.link()?.remote_address()
    }

    pub(super) fn is_listening(&self) -> bool {
        matches!(self.state, State::Listening(_))
    }

    pub(super) fn family(&self) -> Family {
        self.family
    }

    pub(super) fn set_backlog(&self, connections: u64) -> Result<(), Error> {
        match &self.state {
            State::Open(socket) => Ok(socket.set_backlog(connections)?),
            State::Listening(socket) => Ok(socket.set_backlog(connections)?),
            _ if connections == 0 => Err(Error::InvalidArgument),
            State::Connecting(_) | State::Connected { .. } | State::Closed(_) => {
                Err(Error::InvalidState)
            }
        }
    }

    pub(super) fn option(&self, option: Opt) -> Result<u64, Error> {
        match &self.state {
            State::Open(socket) => options::get_virtual(socket, option),
            State::Listening(socket) => options::get_virtual(socket, option),
            State::Connected { link, .. } => link.option(self.family, option),
            State::Connecting(_) | State::Closed(_) => Err(Error::InvalidState),
        }
    }

    pub(super) fn set_option(&mut self, option: Opt, value: u64) -> Result<(), Error> {
        match &self.state {
            State::Open(socket) => {
                options::set_virtual(socket, option, value)?;
                self.wishes.note(option, value);
                Ok(())
            }
            State::Listening(socket) => options::set_virtual(socket, option, value),
            State::Connected { link, .. } => link.set_option(self.family, option, value),
            State::Connecting(_) | State::Closed(_) => Err(Error::InvalidState),
        }
    }
}

impl Acceptor {
    /// A connection, if there is one.
    pub(super) fn try_accept(&self) -> Result<TcpSocket, Error> {
        let place = self.ctx.place()?;
        let socket = self.listener.try_accept()?;
        Ok(self.accepted(socket, place))
    }

    /// A connection, or wakes when there is one and a place for it.
    pub(super) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<TcpSocket, Error>> {
        let place = ready!(self.poll_place(cx));
        let socket = ready!(self.listener.poll_accept(cx))?;
        Poll::Ready(Ok(self.accepted(socket, place)))
    }

    /// Resolves when there is a connection, or never will be.
    pub(super) async fn readable(&mut self) {
        self.listener.readable().await;
    }

    /// Ready when there is a connection, or never will be.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.listener.poll_readable(cx)
    }

    fn poll_place(&mut self, cx: &mut Context<'_>) -> Poll<Place> {
        if self.acquiring.is_none() {
            if let Ok(place) = self.ctx.place() {
                return Poll::Ready(place);
            }
            let places = Arc::clone(&self.ctx.places);
            self.acquiring = Some(Box::pin(places.acquire_owned()));
        }
        let Some(acquiring) = &mut self.acquiring else {
            return Poll::Pending;
        };
        let permit = ready!(acquiring.as_mut().poll(cx));
        self.acquiring = None;
        // Nobody closes the semaphore.
        permit.map_or(Poll::Pending, |permit| Poll::Ready(Arc::new(permit)))
    }

    fn accepted(&self, socket: loopback::TcpSocket, place: Place) -> TcpSocket {
        TcpSocket {
            ctx: self.ctx.clone(),
            family: self.family,
            wishes: Wishes::default(),
            state: connected(Wire::Virtual(socket), &place),
            place,
        }
    }
}

fn connected(wire: Wire, place: &Place) -> State {
    State::Connected {
        link: Arc::new(Link::new(wire, Arc::clone(place))),
        receives: false,
        sends: false,
    }
}

/// Where a connection goes.
struct Remote {
    /// What the guest has asked for.
    asked: SocketAddr,
    /// What the firewall gave for it.
    address: SocketAddr,
}

async fn dial(
    family: Family,
    remote: Remote,
    wishes: Wishes,
    permit: Permit,
) -> Result<Wire, Error> {
    let socket = match family {
        Family::V4 => RealSocket::new_v4()?,
        Family::V6 => RealSocket::new_v6()?,
    };
    wishes.apply(&socket, family);
    let stream = socket.connect(remote.address).await?;
    Ok(Wire::Real {
        stream,
        remote: remote.asked,
        _permit: permit,
    })
}

//! Runs a program on a world and writes down what it saw, with names for ports, so that two worlds can be compared.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use weft_net::loopback::{Error, Family};

use super::place::{Kind, Names, Place, address, reachable};
use super::program::{Host, Op, Port};
use super::world::World;

/// The result of each operation, up to the first that differs from what was expected.
pub(crate) type Trace = Vec<Result<Value, Error>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Done,
    /// There is no such socket, or the operation is not to be compared.
    Skipped,
    Count(usize),
    Bytes(Vec<u8>),
    At(Place),
    Datagram(Vec<u8>, Place),
}

struct Machine<'a, W: World> {
    world: &'a W,
    tcp: Vec<W::Tcp>,
    udp: Vec<W::Udp>,
    names: Names,
    /// Connections from bound sockets, which are made once in a program.
    connected: BTreeSet<(Family, u16, SocketAddr)>,
    written: u8,
}

pub(crate) fn run<W: World>(world: &mut W, program: &[Op], expected: Option<&Trace>) -> Trace {
    let mut machine = Machine {
        world,
        tcp: Vec::new(),
        udp: Vec::new(),
        names: Names::default(),
        connected: BTreeSet::new(),
        written: 0,
    };
    let mut trace = Trace::new();
    for (at, op) in program.iter().enumerate() {
        let hint = expected.and_then(|trace| trace.get(at));
        trace.push(machine.step(op, hint));
        if hint.is_some() && hint != trace.last() {
            break;
        }
    }
    trace
}

impl<W: World> Machine<'_, W> {
    fn step(&mut self, op: &Op, hint: Option<&Result<Value, Error>>) -> Result<Value, Error> {
        let done = |()| Value::Done;
        match *op {
            Op::Tcp { family } => self.tcp.push(self.world.tcp(family)),
            Op::Udp { family } => self.udp.push(self.world.udp(family)),
            Op::Pair { family } => self.pair(family)?,
            Op::Listener { family, host, port } => {
                let listener = self.world.tcp(family);
                let address = self.address(family, host, port);
                let bound = self.world.bind(&listener, address);
                let listens = bound.and_then(|()| self.world.listen(&listener));
                self.tcp.push(listener);
                listens?;
            }
            Op::BoundUdp { family, host, port } => {
                let socket = self.world.udp(family);
                let address = self.address(family, host, port);
                let bound = self.world.bind_udp(&socket, address);
                self.udp.push(socket);
                bound?;
            }
            Op::Accept { socket } => {
                let Some(socket) = pick(&self.tcp, socket) else {
                    return Ok(Value::Skipped);
                };
                let accepted = self.world.accept(socket, waits(hint))?;
                let from = self.world.remote(&accepted);
                self.tcp.push(accepted);
                // Also that there is none.
                return Ok(Value::At(self.name(Kind::Tcp, from?)));
            }
            Op::Close { socket } if !self.tcp.is_empty() => {
                self.tcp.remove(socket % self.tcp.len());
            }
            Op::CloseUdp { socket } if !self.udp.is_empty() => {
                self.udp.remove(socket % self.udp.len());
            }
            Op::Close { .. } | Op::CloseUdp { .. } => return Ok(Value::Skipped),
            Op::Connect { socket, host, port } => return self.connect(socket, host, port, true),
            Op::ConnectAgain { socket, host, port } => {
                return self.connect(socket, host, port, false);
            }
            Op::ConnectTo { socket, target } => {
                let Some((socket, target)) = both(&self.tcp, socket, target) else {
                    return Ok(Value::Skipped);
                };
                let Ok(address) = self.world.local(target) else {
                    return Ok(Value::Skipped);
                };
                let address = reachable(address);
                if self.is_unlike(socket, address) {
                    return Ok(Value::Skipped);
                }
                return self.world.connect(socket, address).map(done);
            }
            Op::Bind { socket, .. }
            | Op::Listen { socket }
            | Op::Write { socket, .. }
            | Op::Read { socket, .. }
            | Op::Shutdown { socket, .. }
            | Op::Local { socket }
            | Op::Remote { socket } => return self.step_tcp(op, socket, hint),
            Op::BindUdp { socket, .. }
            | Op::ConnectUdp { socket, .. }
            | Op::ConnectUdpTo { socket, .. }
            | Op::Disconnect { socket }
            | Op::Send { socket, .. }
            | Op::SendTo { socket, .. }
            | Op::Receive { socket }
            | Op::LocalUdp { socket }
            | Op::RemoteUdp { socket } => return self.step_udp(op, socket, hint),
        }
        Ok(Value::Done)
    }

    fn step_tcp(
        &mut self,
        op: &Op,
        socket: usize,
        hint: Option<&Result<Value, Error>>,
    ) -> Result<Value, Error> {
        let written = self.written;
        let Some(socket) = pick(&self.tcp, socket) else {
            return Ok(Value::Skipped);
        };
        let done = |()| Value::Done;
        let address = match op {
            Op::Bind { host, port, .. } => {
                let address = self.address(self.world.family(socket), *host, *port);
                return self.world.bind(socket, address).map(done);
            }
            Op::Listen { .. } => return self.world.listen(socket).map(done),
            Op::Shutdown { how, .. } => return self.world.shutdown(socket, *how).map(done),
            Op::Write { bytes, .. } => {
                let data = data(written, *bytes);
                let count = self.world.write(socket, &data)?;
                self.written = written.wrapping_add(1);
                return Ok(Value::Count(count));
            }
            Op::Read { bytes, .. } => {
                let wait = hint.filter(|_| waits(hint)).map(|result| match result {
                    Ok(Value::Bytes(bytes)) => bytes.len(),
                    _ => 0,
                });
                return self.world.read(socket, *bytes, wait).map(Value::Bytes);
            }
            Op::Local { .. } => self.world.local(socket)?,
            _ => self.world.remote(socket)?,
        };
        Ok(Value::At(self.name(Kind::Tcp, address)))
    }

    fn step_udp(
        &mut self,
        op: &Op,
        socket: usize,
        hint: Option<&Result<Value, Error>>,
    ) -> Result<Value, Error> {
        let written = self.written;
        let Some(socket) = pick(&self.udp, socket) else {
            return Ok(Value::Skipped);
        };
        let family = self.world.family_udp(socket);
        let done = |()| Value::Done;
        let to = |target: usize| {
            let target = pick(&self.udp, target)?;
            self.world.local_udp(target).ok().map(reachable)
        };
        match *op {
            Op::BindUdp { host, port, .. } => {
                let address = self.address(family, host, port);
                self.world.bind_udp(socket, address).map(done)
            }
            Op::ConnectUdp { host, port, .. } => {
                let address = self.address(family, host, port);
                self.world.connect_udp(socket, address).map(done)
            }
            Op::ConnectUdpTo { target, .. } => match to(target) {
                Some(address) => self.world.connect_udp(socket, address).map(done),
                None => Ok(Value::Skipped),
            },
            Op::Disconnect { .. } => match self.world.local_udp(socket) {
                Ok(local) if self.world.ports().contains(&local.port()) => {
                    self.world.disconnect(socket).map(done)
                }
                _ => Ok(Value::Skipped),
            },
            Op::Send { bytes, to, .. } => {
                let to = to.map(|(host, port)| self.address(family, host, port));
                let sent = self.world.send(socket, &data(written, bytes), to);
                self.written = written.wrapping_add(1);
                sent.map(done)
            }
            Op::SendTo { bytes, target, .. } => {
                let Some(to) = to(target) else {
                    return Ok(Value::Skipped);
                };
                let sent = self.world.send(socket, &data(written, bytes), Some(to));
                self.written = written.wrapping_add(1);
                sent.map(done)
            }
            Op::Receive { .. } => {
                let (data, from) = self.world.receive(socket, waits(hint))?;
                Ok(Value::Datagram(data, self.name(Kind::Udp, from)))
            }
            Op::LocalUdp { .. } => {
                let address = self.world.local_udp(socket)?;
                Ok(Value::At(self.name(Kind::Udp, address)))
            }
            _ => {
                let address = self.world.remote_udp(socket)?;
                Ok(Value::At(self.name(Kind::Udp, address)))
            }
        }
    }

    fn connect(
        &mut self,
        socket: usize,
        host: Host,
        port: Port,
        once: bool,
    ) -> Result<Value, Error> {
        let Some(socket) = pick(&self.tcp, socket) else {
            return Ok(Value::Skipped);
        };
        let address = self.address(self.world.family(socket), host, port);
        let again = self.world.local(socket).is_ok_and(|local| {
            !self
                .connected
                .insert((Family::of(local.ip()), local.port(), address))
        });
        if (once && again) || self.is_unlike(socket, address) {
            return Ok(Value::Skipped);
        }
        self.world.connect(socket, address).map(|()| Value::Done)
    }

    fn pair(&mut self, family: Family) -> Result<(), Error> {
        let listener = self.world.tcp(family);
        let address = self.address(family, Host::One, Port::Zero);
        self.world.bind(&listener, address)?;
        self.world.listen(&listener)?;
        let near = self.world.tcp(family);
        let to = self.world.local(&listener)?;
        self.world.connect(&near, to)?;
        self.tcp.push(near);
        self.tcp.push(self.world.accept(&listener, true)?);
        Ok(())
    }

    /// Whether the machine would connect the socket to itself.
    fn is_unlike(&self, socket: &W::Tcp, address: SocketAddr) -> bool {
        self.world
            .local(socket)
            .is_ok_and(|local| local.port() == address.port())
    }

    fn address(&self, family: Family, host: Host, port: Port) -> SocketAddr {
        address(self.world.ports(), family, host, port)
    }

    fn name(&mut self, kind: Kind, address: SocketAddr) -> Place {
        self.names.name(self.world.ports(), kind, address)
    }
}

/// Whether the other network had an answer at once.
fn waits(hint: Option<&Result<Value, Error>>) -> bool {
    hint.is_some_and(|result| *result != Err(Error::WouldBlock))
}

fn pick<T>(sockets: &[T], at: usize) -> Option<&T> {
    sockets.get(at.checked_rem(sockets.len())?)
}

fn both<T>(sockets: &[T], one: usize, other: usize) -> Option<(&T, &T)> {
    Some((pick(sockets, one)?, pick(sockets, other)?))
}

/// Bytes that tell which write they are from.
fn data(written: u8, bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|at| written.wrapping_mul(31).wrapping_add(at as u8))
        .collect()
}

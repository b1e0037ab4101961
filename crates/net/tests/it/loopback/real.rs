//! The loopback interface of the machine as a world, with the rules of `wasi:sockets` on top: what the state of a socket
//! forbids, which addresses are invalid, and which error code stands for which number of Linux.

mod rules;

use std::cell::Cell;
use std::io::{self, Read};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use weft_net::loopback::{Error, Family};

use super::world::World;
use rules::{check_remote, code, is_for_many, is_of};

/// How long an answer may take that the virtual network had at once.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) struct RealWorld {
    ports: [u16; 3],
}

pub(crate) struct RealTcp {
    socket: Socket,
    family: Family,
    phase: Cell<Phase>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Bound,
    Listening,
    Connected,
    Closed,
}

pub(crate) struct RealUdp {
    socket: UdpSocket,
    family: Family,
    bound: Cell<bool>,
    remote: Cell<Option<SocketAddr>>,
}

impl RealWorld {
    /// Looks for ports that nobody has, outside the range that the machine gives away.
    pub(crate) fn new() -> io::Result<Self> {
        let mut ports = [0; 3];
        let mut found = 0;
        let mut last = None;
        for _ in 0..1000 {
            let port = fastrand::u16(10_000..32_000);
            match is_free(port) {
                Ok(()) if !ports.contains(&port) => {
                    ports[found] = port;
                    found += 1;
                    if found == ports.len() {
                        return Ok(Self { ports });
                    }
                }
                Ok(()) => {}
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
    }
}

impl World for RealWorld {
    type Tcp = RealTcp;
    type Udp = RealUdp;

    fn ports(&self) -> [u16; 3] {
        self.ports
    }

    fn tcp(&self, family: Family) -> RealTcp {
        let socket = new(family, Type::STREAM).expect("a socket");
        // Or else small writes wait for one another, and those that wait are lost in a reset.
        socket.set_tcp_nodelay(true).expect("an option");
        RealTcp {
            socket,
            family,
            phase: Cell::new(Phase::New),
        }
    }

    fn bind(&self, socket: &RealTcp, address: SocketAddr) -> Result<(), Error> {
        if socket.phase.get() != Phase::New {
            return Err(Error::InvalidState);
        }
        if !is_of(socket.family, address.ip()) || is_for_many(address.ip()) {
            return Err(Error::InvalidArgument);
        }
        socket.bind(address)
    }

    fn listen(&self, socket: &RealTcp) -> Result<(), Error> {
        match socket.phase.get() {
            Phase::Bound => {}
            Phase::New => socket.bind(unspecified(socket.family))?,
            Phase::Listening | Phase::Connected | Phase::Closed => return Err(Error::InvalidState),
        }
        socket.socket.listen(128).map_err(code)?;
        socket.phase.set(Phase::Listening);
        Ok(())
    }

    fn connect(&self, socket: &RealTcp, address: SocketAddr) -> Result<(), Error> {
        if !matches!(socket.phase.get(), Phase::New | Phase::Bound) {
            return Err(Error::InvalidState);
        }
        check_remote(socket.family, address)?;
        let result = socket.socket.connect_timeout(&address.into(), PATIENCE);
        socket.phase.set(match result {
            Ok(()) => Phase::Connected,
            Err(_) => Phase::Closed,
        });
        result.map_err(code)
    }

    fn accept(&self, socket: &RealTcp, wait: bool) -> Result<RealTcp, Error> {
        if socket.phase.get() != Phase::Listening {
            return Err(Error::InvalidState);
        }
        let (accepted, _) = patiently(&socket.socket, wait, Socket::accept)?;
        accepted.set_tcp_nodelay(true).expect("an option");
        Ok(RealTcp {
            socket: accepted,
            family: socket.family,
            phase: Cell::new(Phase::Connected),
        })
    }

    fn write(&self, socket: &RealTcp, data: &[u8]) -> Result<usize, Error> {
        socket.connected()?;
        patiently(&socket.socket, false, |socket| socket.send(data))
    }

    fn read(&self, socket: &RealTcp, most: usize, wait: Option<usize>) -> Result<Vec<u8>, Error> {
        socket.connected()?;
        if most == 0 {
            return Ok(Vec::new());
        }
        let mut all = read_some(&socket.socket, most, wait.is_some())?;
        // No more than was expected: the next read would take an error that is told once.
        while !all.is_empty() && wait.is_some_and(|count| all.len() < count) {
            match read_some(&socket.socket, most - all.len(), true) {
                Ok(some) if !some.is_empty() => all.extend(some),
                Ok(_) | Err(_) => break,
            }
        }
        Ok(all)
    }

    fn shutdown(&self, socket: &RealTcp, how: Shutdown) -> Result<(), Error> {
        socket.connected()?;
        socket.socket.shutdown(how).map_err(code)
    }

    fn local(&self, socket: &RealTcp) -> Result<SocketAddr, Error> {
        match socket.phase.get() {
            Phase::Bound | Phase::Listening | Phase::Connected => local(&socket.socket),
            Phase::New | Phase::Closed => Err(Error::InvalidState),
        }
    }

    fn remote(&self, socket: &RealTcp) -> Result<SocketAddr, Error> {
        socket.connected()?;
        remote(&socket.socket)
    }

    fn family(&self, socket: &RealTcp) -> Family {
        socket.family
    }

    fn udp(&self, family: Family) -> RealUdp {
        RealUdp {
            socket: new(family, Type::DGRAM).expect("a socket").into(),
            family,
            bound: Cell::new(false),
            remote: Cell::new(None),
        }
    }

    fn bind_udp(&self, socket: &RealUdp, address: SocketAddr) -> Result<(), Error> {
        if socket.bound.get() {
            return Err(Error::InvalidState);
        }
        if !is_of(socket.family, address.ip()) {
            return Err(Error::InvalidArgument);
        }
        if address.ip().is_multicast() {
            // Linux lets it listen to the group; there are none on the virtual network.
            return Err(Error::AddressNotBindable);
        }
        SockRef::from(&socket.socket)
            .bind(&address.into())
            .map_err(code)?;
        socket.bound.set(true);
        Ok(())
    }

    fn connect_udp(&self, socket: &RealUdp, address: SocketAddr) -> Result<(), Error> {
        check_remote(socket.family, address)?;
        socket.socket.connect(address).map_err(code)?;
        socket.bound.set(true);
        socket.remote.set(Some(address));
        Ok(())
    }

    fn disconnect(&self, socket: &RealUdp) -> Result<(), Error> {
        if socket.remote.take().is_none() {
            return Err(Error::InvalidState);
        }
        rustix::net::connect_unspec(&socket.socket).map_err(|errno| code(errno.into()))
    }

    fn send(&self, socket: &RealUdp, data: &[u8], to: Option<SocketAddr>) -> Result<(), Error> {
        let connected = socket.remote.get();
        let to = match to {
            Some(to) => {
                check_remote(socket.family, to)?;
                to
            }
            None => connected.ok_or(Error::InvalidArgument)?,
        };
        if connected.is_some_and(|remote| remote != to) {
            return Err(Error::InvalidArgument);
        }
        socket.bound.set(true);
        let sent = match connected {
            Some(_) => socket.socket.send(data),
            None => socket.socket.send_to(data, to),
        };
        sent.map(|_| ()).map_err(code)
    }

    fn receive(&self, socket: &RealUdp, wait: bool) -> Result<(Vec<u8>, SocketAddr), Error> {
        let mut buffer = vec![0; 65_536];
        loop {
            let udp = SockRef::from(&socket.socket);
            let received = patiently(&udp, wait && socket.bound.get(), |_| {
                socket.socket.recv_from(&mut buffer)
            });
            let (count, from) = match received {
                // An error that is there comes first, whatever the state.
                Err(Error::WouldBlock) if !socket.bound.get() => return Err(Error::InvalidState),
                received => received?,
            };
            if socket.remote.get().is_none_or(|remote| remote == from) {
                buffer.truncate(count);
                return Ok((buffer, from));
            }
        }
    }

    fn local_udp(&self, socket: &RealUdp) -> Result<SocketAddr, Error> {
        if socket.bound.get() {
            socket.socket.local_addr().map_err(code)
        } else {
            Err(Error::InvalidState)
        }
    }

    fn remote_udp(&self, socket: &RealUdp) -> Result<SocketAddr, Error> {
        socket.remote.get().ok_or(Error::InvalidState)
    }

    fn family_udp(&self, socket: &RealUdp) -> Family {
        socket.family
    }
}

impl RealTcp {
    fn bind(&self, address: SocketAddr) -> Result<(), Error> {
        self.socket.set_reuse_address(true).expect("an option");
        self.socket.bind(&address.into()).map_err(code)?;
        self.phase.set(Phase::Bound);
        Ok(())
    }

    fn connected(&self) -> Result<(), Error> {
        if self.phase.get() == Phase::Connected {
            Ok(())
        } else {
            Err(Error::InvalidState)
        }
    }
}

fn new(family: Family, kind: Type) -> io::Result<Socket> {
    let domain = match family {
        Family::V4 => Domain::IPV4,
        Family::V6 => Domain::IPV6,
    };
    let socket = Socket::new(domain, kind, None)?;
    if family == Family::V6 {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

fn is_free(port: u16) -> io::Result<()> {
    for family in [Family::V4, Family::V6] {
        for kind in [Type::STREAM, Type::DGRAM] {
            let mut address = unspecified(family);
            address.set_port(port);
            new(family, kind)?.bind(&address.into())?;
        }
    }
    Ok(())
}

/// Does something that may have to wait: for a while, or not at all.
fn patiently<T>(
    socket: &Socket,
    wait: bool,
    mut attempt: impl FnMut(&Socket) -> io::Result<T>,
) -> Result<T, Error> {
    socket.set_nonblocking(!wait).expect("an option");
    if wait {
        socket.set_read_timeout(Some(PATIENCE)).expect("an option");
    }
    attempt(socket).map_err(code)
}

fn read_some(socket: &Socket, most: usize, wait: bool) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0; most];
    let count = patiently(socket, wait, |mut socket| socket.read(&mut buffer))?;
    buffer.truncate(count);
    Ok(buffer)
}

fn local(socket: &Socket) -> Result<SocketAddr, Error> {
    plain(&socket.local_addr().map_err(code)?)
}

fn remote(socket: &Socket) -> Result<SocketAddr, Error> {
    plain(&socket.peer_addr().map_err(code)?)
}

fn plain(address: &SockAddr) -> Result<SocketAddr, Error> {
    Ok(address.as_socket().expect("an internet address"))
}

fn unspecified(family: Family) -> SocketAddr {
    match family {
        Family::V4 => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0),
        Family::V6 => SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0),
    }
}

//! What the host asks when it brings a connection or datagram from outside to a port of the service: where the port is
//! now, and when it is there again.

use std::net::{IpAddr, SocketAddr};

use super::state::{Place, State};
use super::{Error, Family, Network};

impl Network {
    /// An address to connect to for a TCP port, as soon as a socket listens there, on whichever address.
    ///
    /// # Errors
    /// `ConnectionAborted` when the network is closed.
    pub async fn until_listening_on(&self, port: u16) -> Result<SocketAddr, Error> {
        let look = |state: &mut State| {
            state.open()?;
            let mut holders = state.tcp_ports.on_port(port);
            let listening = holders.find(|holder| holder.listening);
            let ip = listening.map(|holder| holder.ip).ok_or(Error::WouldBlock)?;
            Ok(reachable(ip, port))
        };
        self.shared.wait(Place::Listening, look).await
    }

    /// An address to send to for a UDP port, if a socket is bound there now, on whichever address.
    pub fn receiver_on(&self, port: u16) -> Option<SocketAddr> {
        self.shared.with(|state| {
            let ip = state.udp_ports.on_port(port).next()?.ip;
            Some(reachable(ip, port))
        })
    }
}

/// Where to reach a socket that is bound to this address.
fn reachable(ip: IpAddr, port: u16) -> SocketAddr {
    let ip = if ip.is_unspecified() {
        Family::of(ip).source()
    } else {
        ip
    };
    SocketAddr::new(ip, port)
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures::FutureExt as _;

    use super::super::{Limits, Role, TcpSocket};
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn bound(network: &Network, address: &str) -> TcpSocket {
        let family = Family::of(at(address).ip());
        let socket = network.tcp(family, Role::Service).unwrap();
        socket.bind(at(address)).unwrap();
        socket
    }

    #[test]
    fn a_port_that_listens_is_found_on_whichever_address() {
        let network = Network::new(Limits::default());
        for (address, found) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("127.0.0.9:2", "127.0.0.9:2"),
            ("[::]:3", "[::1]:3"),
        ] {
            let socket = bound(&network, address);
            let port = at(address).port();
            let look = || network.until_listening_on(port).now_or_never();
            assert_eq!(look(), None, "{address} is bound and does not listen");
            socket.listen().unwrap();
            assert_eq!(look(), Some(Ok(at(found))));
            drop(socket);
            assert_eq!(look(), None, "{address} is gone");
        }
    }

    #[test]
    fn who_waits_for_one_port_is_not_told_of_another() {
        let network = Network::new(Limits::default());
        let mut waiting = std::pin::pin!(network.until_listening_on(77));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let other = bound(&network, "127.0.0.1:78");
        other.listen().unwrap();
        assert_eq!(waiting.as_mut().poll(&mut cx), Poll::Pending);
        let wanted = bound(&network, "127.0.0.1:77");
        wanted.listen().unwrap();
        let found = Poll::Ready(Ok(at("127.0.0.1:77")));
        assert_eq!(waiting.as_mut().poll(&mut cx), found);
    }

    #[test]
    fn nobody_waits_for_a_network_that_is_closed() {
        let network = Network::new(Limits::default());
        network.close();
        let found = network.until_listening_on(1).now_or_never();
        assert_eq!(found, Some(Err(Error::ConnectionAborted)));
    }

    #[test]
    fn a_udp_port_is_found_while_it_is_bound() {
        let network = Network::new(Limits::default());
        assert_eq!(network.receiver_on(53), None);
        let socket = network.udp(Family::V6, Role::Service).unwrap();
        socket.bind(at("[::]:53")).unwrap();
        assert_eq!(network.receiver_on(53), Some(at("[::1]:53")));
        drop(socket);
        assert_eq!(network.receiver_on(53), None);
    }

    #[test]
    fn a_socket_that_resets_tells_its_peer_even_when_all_was_read() {
        let network = Network::new(Limits::default());
        let listener = bound(&network, "127.0.0.1:77");
        listener.listen().unwrap();
        let near = network.tcp(Family::V4, Role::Component).unwrap();
        near.start_connect(at("127.0.0.1:77")).unwrap();
        let far = listener.try_accept().unwrap();
        near.try_write(b"half of i").unwrap();
        near.reset();
        drop(near);
        let mut buffer = [0; 16];
        assert_eq!(
            far.try_read(&mut buffer),
            Ok(9),
            "what had arrived is there"
        );
        assert_eq!(far.try_read(&mut buffer), Err(Error::ConnectionReset));
        assert_eq!(far.try_write(b"x"), Err(Error::ConnectionBroken));
    }
}

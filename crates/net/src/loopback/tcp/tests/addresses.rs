//! Binding, listening, and who is reached at an address.

use super::*;

#[test]
fn any_port_can_be_listened_on() {
    let network = Network::new(Limits {
        sockets: 70_000,
        ..Limits::default()
    });
    let mut listeners = Vec::new();
    for port in 1..=65_535_u16 {
        let socket = network.tcp(Family::V4, Role::Service).unwrap();
        socket
            .bind(SocketAddr::new(at("127.0.0.1:1").ip(), port))
            .unwrap();
        socket.listen().unwrap();
        listeners.push(socket);
    }
    assert_eq!(network.listeners().len(), 65_535);
    assert_eq!(
        dial(&network, "127.0.0.1:1").unwrap_err(),
        Error::AddressInUse,
        "no port is left"
    );
    listeners.remove(40_000);
    for address in ["127.0.0.1:1", "127.0.0.1:65535"] {
        let near = dial(&network, address).unwrap();
        assert_eq!(near.local_address(), Ok(at("127.0.0.1:40001")));
    }
}

#[test]
fn ipv4_and_ipv6_have_ports_of_their_own() {
    let network = network();
    let four = listener(&network, "127.0.0.1:77");
    let six = listener(&network, "[::1]:77");
    let _near = dial(&network, "[::1]:77").unwrap();
    assert!(six.try_accept().is_ok());
    assert_eq!(four.try_accept().unwrap_err(), Error::WouldBlock);
}

#[test]
fn all_addresses_of_ipv6_are_none_of_ipv4() {
    let network = network();
    let _six = listener(&network, "[::]:77");
    assert_eq!(
        dial(&network, "127.0.0.1:77").unwrap_err(),
        Error::ConnectionRefused
    );
    let _four = listener(&network, "0.0.0.0:77");
    assert!(dial(&network, "127.0.0.1:77").is_ok());
}

#[test]
fn each_loopback_address_is_reached_by_its_own_name() {
    let network = network();
    let one = listener(&network, "127.0.0.1:77");
    let two = listener(&network, "127.0.0.2:77");
    let near = dial(&network, "127.0.0.2:77").unwrap();
    assert_eq!(one.try_accept().unwrap_err(), Error::WouldBlock);
    let far = two.try_accept().unwrap();
    assert_eq!(far.local_address(), Ok(at("127.0.0.2:77")));
    assert_eq!(near.remote_address(), Ok(at("127.0.0.2:77")));
    assert_eq!(near.local_address().unwrap().ip(), at("127.0.0.1:1").ip());
    assert_eq!(
        dial(&network, "127.0.0.3:77").unwrap_err(),
        Error::ConnectionRefused
    );
}

#[test]
fn a_listener_on_all_addresses_is_reached_by_each() {
    let network = network();
    let all = listener(&network, "0.0.0.0:77");
    for address in ["127.0.0.1:77", "127.0.0.2:77", "127.200.1.9:77"] {
        let _near = dial(&network, address).unwrap();
        let far = all.try_accept().unwrap();
        assert_eq!(far.local_address(), Ok(at(address)));
    }
    assert_eq!(all.local_address(), Ok(at("0.0.0.0:77")));
}

#[test]
fn one_address_and_all_addresses_do_not_share_a_port() {
    for (first, second) in [("0.0.0.0:77", "127.0.0.2:77"), ("[::1]:77", "[::]:77")] {
        for (first, second) in [(first, second), (second, first)] {
            let network = network();
            let _first = listener(&network, first);
            let late = socket(&network, at(second));
            assert_eq!(late.bind(at(second)), Err(Error::AddressInUse));
        }
    }
}

#[test]
fn two_sockets_may_be_bound_to_one_port_and_one_of_them_may_listen() {
    let network = network();
    let (one, two) = (
        socket(&network, at("127.0.0.1:77")),
        socket(&network, at("127.0.0.1:77")),
    );
    one.bind(at("127.0.0.1:77")).unwrap();
    two.bind(at("127.0.0.1:77")).unwrap();
    one.listen().unwrap();
    assert_eq!(two.listen(), Err(Error::AddressInUse));
    drop(one);
    assert_eq!(two.listen(), Ok(()));
}

#[test]
fn a_service_that_starts_again_has_its_port_at_once_also_while_connections_remain() {
    let network = network();
    let mut connections = Vec::new();
    for _ in 0..100 {
        let listener = listener(&network, "127.0.0.1:77");
        let near = dial(&network, "127.0.0.1:77").unwrap();
        connections.push((near, listener.try_accept().unwrap()));
    }
    assert_eq!(network.listeners(), []);
    for (near, far) in &connections {
        near.try_write(b"still here").unwrap();
        assert_eq!(read(far).unwrap(), b"still here");
    }
}

#[test]
fn a_component_connects_and_does_nothing_else() {
    let network = network();
    let _service = listener(&network, "127.0.0.1:77");
    let component = network.tcp(Family::V4, Role::Component).unwrap();
    assert_eq!(component.bind(at("127.0.0.1:78")), Err(Error::AccessDenied));
    assert_eq!(component.bind(at("127.0.0.1:0")), Err(Error::AccessDenied));
    assert_eq!(component.listen(), Err(Error::AccessDenied));
    component.start_connect(at("127.0.0.1:77")).unwrap();
    assert_eq!(component.try_connected(), Ok(()));
}

#[test]
fn ports_that_nobody_asked_for_are_those_of_linux() {
    let network = network();
    let unbound = network.tcp(Family::V6, Role::Service).unwrap();
    unbound.listen().unwrap();
    let address = unbound.local_address().unwrap();
    assert!(address.ip().is_unspecified());
    assert!(super::super::super::EPHEMERAL.contains(&address.port()));
    let near = dial(&network, &format!("[::1]:{}", address.port())).unwrap();
    let port = near.local_address().unwrap().port();
    assert!(super::super::super::EPHEMERAL.contains(&port));
    assert_ne!(port, address.port());
}

#[test]
fn a_socket_is_bound_once() {
    let network = network();
    let socket = socket(&network, at("127.0.0.1:0"));
    assert_eq!(socket.local_address(), Err(Error::InvalidState));
    assert_eq!(
        socket.bind(at("10.0.0.1:7")),
        Err(Error::AddressNotBindable)
    );
    socket.bind(at("127.0.0.1:0")).unwrap();
    assert_ne!(socket.local_address().unwrap().port(), 0);
    assert_eq!(socket.bind(at("127.0.0.1:0")), Err(Error::InvalidState));
}

#[test]
fn what_the_state_of_a_socket_forbids_is_refused() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    let to = at("127.0.0.1:77");
    assert_eq!(listener.listen(), Err(Error::InvalidState));
    assert_eq!(listener.start_connect(to), Err(Error::InvalidState));
    assert_eq!(listener.try_connected(), Err(Error::InvalidState));
    assert_eq!(listener.remote_address(), Err(Error::InvalidState));
    assert_eq!(read(&listener), Err(Error::InvalidState));
    let near = dial(&network, "127.0.0.1:77").unwrap();
    assert_eq!(near.start_connect(to), Err(Error::InvalidState));
    assert_eq!(near.bind(to), Err(Error::InvalidState));
    assert_eq!(near.set_backlog(7), Err(Error::InvalidState));
    assert_eq!(near.try_accept().unwrap_err(), Error::InvalidState);
    let new = socket(&network, to);
    assert_eq!(new.try_accept().unwrap_err(), Error::InvalidState);
    assert_eq!(new.try_write(b"x"), Err(Error::InvalidState));
    assert_eq!(
        new.shutdown(std::net::Shutdown::Both),
        Err(Error::InvalidState)
    );
}

//! Connecting and accepting.

use super::*;

#[test]
fn a_connect_to_nobody_is_refused_at_once_and_leaves_nothing() {
    let network = network();
    let socket = socket(&network, at("127.0.0.1:77"));
    socket.start_connect(at("127.0.0.1:77")).unwrap();
    assert_eq!(socket.try_connected(), Err(Error::ConnectionRefused));
    assert_eq!(
        socket.start_connect(at("127.0.0.1:77")),
        Err(Error::InvalidState)
    );
    assert_eq!(socket.local_address(), Err(Error::InvalidState));
    assert_eq!(socket.try_write(b"x"), Err(Error::InvalidState));
}

#[test]
fn a_port_that_is_bound_and_not_listened_on_refuses() {
    let network = network();
    let bound = socket(&network, at("127.0.0.1:77"));
    bound.bind(at("127.0.0.1:77")).unwrap();
    assert_eq!(
        dial(&network, "127.0.0.1:77").unwrap_err(),
        Error::ConnectionRefused
    );
}

#[test]
fn what_is_outside_is_unreachable_and_what_is_no_address_is_invalid() {
    let network = network();
    for address in ["10.0.0.1:77", "127.255.255.255:77", "[2001:db8::1]:77"] {
        assert_eq!(
            dial(&network, address).unwrap_err(),
            Error::RemoteUnreachable
        );
    }
    for address in [
        "0.0.0.0:77",
        "127.0.0.1:0",
        "224.0.0.1:77",
        "[::ffff:127.0.0.1]:77",
    ] {
        assert_eq!(dial(&network, address).unwrap_err(), Error::InvalidArgument);
    }
}

#[test]
fn a_connect_with_a_bad_address_may_be_tried_again() {
    let network = network();
    let _listener = listener(&network, "127.0.0.1:77");
    let socket = socket(&network, at("127.0.0.1:77"));
    assert_eq!(
        socket.start_connect(at("[::1]:77")),
        Err(Error::InvalidArgument)
    );
    socket.start_connect(at("127.0.0.1:77")).unwrap();
    assert_eq!(socket.try_connected(), Ok(()));
}

#[test]
fn both_ends_know_both_addresses() {
    let network = network();
    let (near, far) = pair(&network);
    assert_eq!(near.local_address(), far.remote_address());
    assert_eq!(near.remote_address(), far.local_address());
}

#[test]
fn a_bound_socket_connects_from_where_it_is_bound() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    for (bound, from) in [
        ("127.0.0.9:900", "127.0.0.9:900"),
        ("0.0.0.0:901", "127.0.0.1:901"),
    ] {
        let near = socket(&network, at(bound));
        near.bind(at(bound)).unwrap();
        near.start_connect(at("127.0.0.1:77")).unwrap();
        assert_eq!(near.local_address(), Ok(at(from)));
        assert_eq!(
            listener.try_accept().unwrap().remote_address(),
            Ok(at(from))
        );
    }
}

#[test]
fn connections_are_accepted_in_the_order_in_which_they_came() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    let near: Vec<_> = (0..20)
        .map(|_| dial(&network, "127.0.0.1:77").unwrap())
        .collect();
    for near in near {
        let far = listener.try_accept().unwrap();
        assert_eq!(far.remote_address(), near.local_address());
    }
}

#[test]
fn a_connection_that_ended_before_it_was_accepted_is_accepted() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    let near = dial(&network, "127.0.0.1:77").unwrap();
    near.try_write(b"bye").unwrap();
    drop(near);
    let far = listener.try_accept().unwrap();
    assert_eq!(read(&far).unwrap(), b"bye");
    assert_eq!(read(&far).unwrap(), b"");
}

#[test]
fn one_pair_of_addresses_has_one_connection_until_both_ends_are_dropped() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    let connect = || {
        let near = socket(&network, at("127.0.0.1:900"));
        near.bind(at("127.0.0.1:900")).unwrap();
        near.start_connect(at("127.0.0.1:77")).unwrap();
        near.try_connected().map(|()| near)
    };
    let near = connect().unwrap();
    let far = listener.try_accept().unwrap();
    assert_eq!(connect().unwrap_err(), Error::AddressNotBindable);
    drop(near);
    assert_eq!(connect().unwrap_err(), Error::AddressNotBindable);
    drop(far);
    assert!(connect().is_ok());
}

#[test]
fn a_reset_connection_gives_up_its_addresses_and_not_those_of_the_next() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    let connect = || {
        let near = socket(&network, at("127.0.0.1:900"));
        near.bind(at("127.0.0.1:900")).unwrap();
        near.start_connect(at("127.0.0.1:77")).unwrap();
        near.try_connected().map(|()| near)
    };
    let first = connect().unwrap();
    first.try_write(b"unread").unwrap();
    drop(listener.try_accept().unwrap());
    let _second = connect().unwrap();
    drop(first);
    assert_eq!(connect().unwrap_err(), Error::AddressNotBindable);
}

#[test]
fn accepted_sockets_have_the_options_of_the_listener() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    listener
        .set_options(|options| options.set_hop_limit(7))
        .unwrap();
    listener.set_receive_buffer(5000).unwrap();
    let near = dial(&network, "127.0.0.1:77").unwrap();
    listener
        .set_options(|options| options.set_hop_limit(8))
        .unwrap();
    let far = listener.try_accept().unwrap().options().unwrap();
    assert_eq!((far.hop_limit(), far.receive_buffer()), (7, 5000));
    assert_eq!(near.options().unwrap().hop_limit(), 64);
}

#[test]
fn a_workload_with_all_its_sockets_makes_no_more() {
    let network = Network::new(Limits {
        sockets: 3,
        ..Limits::default()
    });
    let listener = listener(&network, "127.0.0.1:77");
    let near = dial(&network, "127.0.0.1:77").unwrap();
    assert_eq!(
        network.usage().sockets,
        3,
        "the end that was not accepted counts"
    );
    assert_eq!(
        network.tcp(Family::V4, Role::Service).unwrap_err(),
        Error::NewSocketLimit
    );
    assert_eq!(
        network.udp(Family::V4, Role::Service).unwrap_err(),
        Error::NewSocketLimit
    );
    drop(near);
    assert_eq!(
        dial(&network, "127.0.0.1:77").unwrap_err(),
        Error::NewSocketLimit
    );
    drop(listener);
    assert_eq!(network.usage().sockets, 0);
}

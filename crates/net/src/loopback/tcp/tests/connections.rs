//! Connecting and accepting.

use std::task::{Context, Poll, Waker};

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
fn a_full_queue_makes_connects_wait_and_each_accept_lets_the_oldest_in() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    listener.set_backlog(1).unwrap();
    let near: Vec<_> = (0..4)
        .map(|_| {
            let socket = socket(&network, at("127.0.0.1:77"));
            socket.start_connect(at("127.0.0.1:77")).unwrap();
            socket
        })
        .collect();
    let states = || {
        near.iter()
            .map(TcpSocket::try_connected)
            .collect::<Vec<_>>()
    };
    let (done, wait) = (Ok(()), Err(Error::WouldBlock));
    assert_eq!(
        states(),
        [done, done, wait, wait],
        "one more than was asked for, as on Linux"
    );
    assert_eq!(near[2].local_address(), Err(Error::InvalidState));
    let _first = listener.try_accept().unwrap();
    assert_eq!(states(), [done, done, done, wait]);
    listener.set_backlog(2).unwrap();
    assert_eq!(states(), [done, done, done, done]);
}

#[tokio::test]
async fn one_who_waits_to_connect_is_woken_by_an_accept() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    listener.set_backlog(1).unwrap();
    let _queued = [
        dial(&network, "127.0.0.1:77").unwrap(),
        dial(&network, "127.0.0.1:77").unwrap(),
    ];
    let late = socket(&network, at("127.0.0.1:77"));
    let (connected, accepted) = tokio::join!(late.connect(at("127.0.0.1:77")), listener.accept());
    assert_eq!(connected, Ok(()));
    assert!(accepted.is_ok());
}

#[test]
fn those_who_wait_to_connect_are_refused_when_the_listener_goes() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    listener.set_backlog(1).unwrap();
    let queued = [
        dial(&network, "127.0.0.1:77").unwrap(),
        dial(&network, "127.0.0.1:77").unwrap(),
    ];
    let late = socket(&network, at("127.0.0.1:77"));
    late.start_connect(at("127.0.0.1:77")).unwrap();
    drop(listener);
    assert_eq!(late.try_connected(), Err(Error::ConnectionRefused));
    for near in queued {
        assert_eq!(
            read(&near),
            Err(Error::ConnectionReset),
            "it was connected and not accepted"
        );
        assert_eq!(read(&near).unwrap(), b"");
    }
}

#[test]
fn one_who_gives_up_waiting_is_not_let_in() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    listener.set_backlog(1).unwrap();
    let _queued = [
        dial(&network, "127.0.0.1:77").unwrap(),
        dial(&network, "127.0.0.1:77").unwrap(),
    ];
    let connect = || {
        let socket = socket(&network, at("127.0.0.1:77"));
        socket.start_connect(at("127.0.0.1:77")).unwrap();
        socket
    };
    let (impatient, dropped, patient) = (connect(), connect(), connect());
    impatient.give_up();
    drop(dropped);
    assert_eq!(impatient.try_connected(), Err(Error::Timeout));
    let _first = listener.try_accept().unwrap();
    assert_eq!(patient.try_connected(), Ok(()));
    patient.give_up();
    assert_eq!(
        patient.try_connected(),
        Ok(()),
        "what is connected cannot be given up"
    );
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

#[tokio::test]
async fn all_who_wait_for_a_connection_are_told_and_one_gets_it() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    let accept = async || {
        let far = listener.accept().await.unwrap();
        far.try_write(b"hello").unwrap();
        far
    };
    let dial = async || {
        let one = dial(&network, "127.0.0.1:77").unwrap();
        tokio::task::yield_now().await;
        (one, dial(&network, "127.0.0.1:77").unwrap())
    };
    let (_one, _two, (near, other)) = tokio::join!(accept(), accept(), dial());
    assert_eq!(read(&near).unwrap(), b"hello");
    assert_eq!(read(&other).unwrap(), b"hello");
}

#[test]
fn one_who_stops_waiting_leaves_nothing_behind() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    let woken = std::sync::Arc::new(Never);
    let waker = Waker::from(std::sync::Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    for _ in 0..100 {
        let accept = std::pin::pin!(listener.accept());
        assert!(accept.poll(&mut cx).is_pending());
    }
    drop(waker);
    assert_eq!(std::sync::Arc::strong_count(&woken), 1);
}

#[test]
fn a_listener_is_readable_when_there_is_a_connection() {
    let network = network();
    let listener = listener(&network, "127.0.0.1:77");
    let cx = Context::from_waker(Waker::noop());
    assert_eq!(listener.poll_readable(&cx), Poll::Pending);
    let _near = dial(&network, "127.0.0.1:77").unwrap();
    assert_eq!(listener.poll_readable(&cx), Poll::Ready(()));
    assert!(listener.poll_accept(&cx).is_ready());
    assert!(listener.poll_accept(&cx).is_pending());
}

struct Never;

impl std::task::Wake for Never {
    fn wake(self: std::sync::Arc<Self>) {
        panic!("nobody waits any more");
    }
}

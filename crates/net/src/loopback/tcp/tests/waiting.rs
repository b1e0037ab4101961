//! Waiting to connect and to accept.

use std::task::{Context, Poll, Waker};

use super::*;

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

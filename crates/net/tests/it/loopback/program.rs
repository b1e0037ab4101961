//! Programs: lists of operations on sockets, by number. Any list is a program: what cannot be done is skipped.

use std::net::Shutdown;

use proptest::prelude::*;
use weft_net::loopback::Family;

/// One operation. `socket` counts the TCP sockets that are open, or the UDP sockets, in the order in which they were
/// made, and goes round.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Tcp {
        family: Family,
    },
    Bind {
        socket: usize,
        host: Host,
        port: Port,
    },
    Listen {
        socket: usize,
    },
    Connect {
        socket: usize,
        host: Host,
        port: Port,
    },
    /// The same, also if the two addresses had a connection before.
    ConnectAgain {
        socket: usize,
        host: Host,
        port: Port,
    },
    /// To where another socket is.
    ConnectTo {
        socket: usize,
        target: usize,
    },
    Accept {
        socket: usize,
    },
    /// A socket that is bound and listens, as far as it gets.
    Listener {
        family: Family,
        host: Host,
        port: Port,
    },
    /// A listener that comes and goes, and both ends of a connection to it.
    Pair {
        family: Family,
    },
    Write {
        socket: usize,
        bytes: usize,
    },
    Read {
        socket: usize,
        bytes: usize,
    },
    Shutdown {
        socket: usize,
        how: Shutdown,
    },
    Close {
        socket: usize,
    },
    Local {
        socket: usize,
    },
    Remote {
        socket: usize,
    },
    Udp {
        family: Family,
    },
    /// A socket that is bound, if it can be.
    BoundUdp {
        family: Family,
        host: Host,
        port: Port,
    },
    BindUdp {
        socket: usize,
        host: Host,
        port: Port,
    },
    ConnectUdp {
        socket: usize,
        host: Host,
        port: Port,
    },
    ConnectUdpTo {
        socket: usize,
        target: usize,
    },
    Disconnect {
        socket: usize,
    },
    Send {
        socket: usize,
        bytes: usize,
        to: Option<(Host, Port)>,
    },
    SendTo {
        socket: usize,
        bytes: usize,
        target: usize,
    },
    Receive {
        socket: usize,
    },
    CloseUdp {
        socket: usize,
    },
    LocalUdp {
        socket: usize,
    },
    RemoteUdp {
        socket: usize,
    },
}

/// An address without its port, in the family of the socket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Host {
    /// 127.0.0.1 or `::1`.
    One,
    /// 127.0.0.2 or `::1`.
    Two,
    /// 0.0.0.0 or `::`.
    Any,
    /// An address that no machine has.
    Elsewhere,
    /// Of the other family.
    Wrong,
    /// 127.0.0.1 as IPv6, or a multicast address of IPv4.
    Odd,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Port {
    Zero,
    /// One of three that the world has for the program.
    Named(usize),
}

pub(crate) fn programs() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..70)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![3 => setup(), 5 => tcp(), 4 => udp()]
}

fn setup() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => family().prop_map(|family| Op::Tcp { family }),
        3 => family().prop_map(|family| Op::Pair { family }),
        4 => (family(), local(), port()).prop_map(|(family, host, port)| Op::Listener { family, host, port }),
        3 => (family(), local(), port()).prop_map(|(family, host, port)| Op::BoundUdp { family, host, port }),
        2 => family().prop_map(|family| Op::Udp { family }),
        3 => (socket(), local(), port()).prop_map(|(socket, host, port)| Op::Bind { socket, host, port }),
        4 => socket().prop_map(|socket| Op::Listen { socket }),
        2 => (socket(), remote(), port()).prop_map(|(socket, host, port)| Op::Connect { socket, host, port }),
        4 => (socket(), socket()).prop_map(|(socket, target)| Op::ConnectTo { socket, target }),
        4 => socket().prop_map(|socket| Op::Accept { socket }),
    ]
}

fn tcp() -> impl Strategy<Value = Op> {
    let how = prop_oneof![
        Just(Shutdown::Read),
        Just(Shutdown::Write),
        Just(Shutdown::Both)
    ];
    prop_oneof![
        5 => (socket(), bytes()).prop_map(|(socket, bytes)| Op::Write { socket, bytes }),
        5 => (socket(), bytes()).prop_map(|(socket, bytes)| Op::Read { socket, bytes }),
        2 => (socket(), how).prop_map(|(socket, how)| Op::Shutdown { socket, how }),
        2 => socket().prop_map(|socket| Op::Close { socket }),
        1 => socket().prop_map(|socket| Op::Local { socket }),
        2 => socket().prop_map(|socket| Op::Remote { socket }),
    ]
}

fn udp() -> impl Strategy<Value = Op> {
    let to = prop::option::of((remote(), port()));
    prop_oneof![
        2 => (socket(), local(), port()).prop_map(|(socket, host, port)| Op::BindUdp { socket, host, port }),
        2 => (socket(), remote(), port()).prop_map(|(socket, host, port)| Op::ConnectUdp { socket, host, port }),
        2 => (socket(), socket()).prop_map(|(socket, target)| Op::ConnectUdpTo { socket, target }),
        1 => socket().prop_map(|socket| Op::Disconnect { socket }),
        4 => (socket(), bytes(), to).prop_map(|(socket, bytes, to)| Op::Send { socket, bytes, to }),
        4 => (socket(), bytes(), socket()).prop_map(|(socket, bytes, target)| Op::SendTo { socket, bytes, target }),
        5 => socket().prop_map(|socket| Op::Receive { socket }),
        1 => socket().prop_map(|socket| Op::CloseUdp { socket }),
        1 => socket().prop_map(|socket| Op::LocalUdp { socket }),
        1 => socket().prop_map(|socket| Op::RemoteUdp { socket }),
    ]
}

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![2 => Just(Family::V4), 1 => Just(Family::V6)]
}

fn socket() -> impl Strategy<Value = usize> {
    0_usize..8
}

fn bytes() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(0), 6 => 1_usize..400]
}

fn port() -> impl Strategy<Value = Port> {
    prop_oneof![2 => Just(Port::Zero), 5 => (0_usize..3).prop_map(Port::Named)]
}

fn local() -> impl Strategy<Value = Host> {
    prop_oneof![
        8 => Just(Host::One),
        4 => Just(Host::Two),
        6 => Just(Host::Any),
        1 => Just(Host::Elsewhere),
        1 => Just(Host::Wrong),
        1 => Just(Host::Odd),
    ]
}

/// Never elsewhere: on the machine, that is a real network.
fn remote() -> impl Strategy<Value = Host> {
    prop_oneof![
        8 => Just(Host::One),
        6 => Just(Host::Two),
        1 => Just(Host::Any),
        1 => Just(Host::Wrong),
        1 => Just(Host::Odd),
    ]
}

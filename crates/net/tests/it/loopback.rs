//! The virtual network against the loopback interface of the machine: the same programs, the same results.
//!
//! `program` says what a program is and makes random ones, `run` runs one on any `world`, `virtual_world` and `real` are
//! the two. The real one follows the conventions of `wasi:sockets` where they forbid what Linux would allow.
//!
//! What is not compared, because it differs and may (see the header of `weft_net::loopback`):
//! - a second connection between addresses that had one in the same program (TIME_WAIT);
//! - connecting to the port that the socket itself is bound to (Linux connects the socket to itself);
//! - disconnecting a UDP socket whose port was chosen by the network (Linux takes the port away);
//! - amounts that come near the size of a buffer, and what a connect does when the backlog is full.
//!
//! The real network may need a moment: where the virtual one had an answer, the real one is waited for. Other programs
//! use the same ports and ephemeral ports may meet by chance, so that a difference counts when it comes three times,
//! each time with other ports.

mod place;
mod program;
mod real;
mod run;
mod virtual_world;
mod world;

use std::collections::BTreeSet;
use std::net::Shutdown;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use weft_net::loopback::Family;

use program::{Host, Op, Port, programs};
use real::RealWorld;
use run::{Trace, Value, run};
use virtual_world::VirtualWorld;

const ATTEMPTS: usize = 3;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_have_the_same_results_on_both_networks(program in programs()) {
        compare(&program).map_err(TestCaseError::fail)?;
    }
}

/// That programs agree says little if they do little: the random ones see each of these.
#[test]
fn random_programs_reach_what_they_are_to_compare() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..2000 {
        let program = programs().new_tree(&mut runner).unwrap().current();
        let trace = run(&mut VirtualWorld::new(), &program, None);
        for (op, result) in program.iter().zip(trace) {
            let op = format!("{op:?}");
            let op = op.split_whitespace().next().unwrap();
            seen.insert(match result {
                Ok(Value::Bytes(bytes)) if bytes.is_empty() => format!("{op}: the end"),
                Ok(Value::Skipped) => continue,
                Ok(_) => format!("{op}: done"),
                Err(error) => format!("{op}: {error:?}"),
            });
        }
    }
    let expected = [
        "Accept: WouldBlock InvalidState done",
        "Bind: AddressInUse AddressNotBindable InvalidArgument InvalidState done",
        "Listener: AddressInUse AddressNotBindable InvalidArgument done",
        "BoundUdp: AddressInUse AddressNotBindable InvalidArgument done",
        "Connect: ConnectionRefused InvalidArgument InvalidState done",
        "ConnectTo: ConnectionRefused InvalidArgument InvalidState done",
        "Listen: AddressInUse InvalidState done",
        "Local: InvalidState done",
        "Read: ConnectionReset InvalidState WouldBlock done",
        "Remote: InvalidState done",
        "Shutdown: InvalidState done",
        "Write: ConnectionBroken ConnectionReset InvalidState done",
        "BindUdp: AddressInUse AddressNotBindable InvalidArgument InvalidState done",
        "ConnectUdp: InvalidArgument done",
        "ConnectUdpTo: InvalidArgument done",
        "Disconnect: InvalidState done",
        "LocalUdp: InvalidState done",
        "Receive: ConnectionRefused InvalidState WouldBlock done",
        "RemoteUdp: InvalidState done",
        "Send: ConnectionRefused InvalidArgument done",
        "SendTo: ConnectionRefused InvalidArgument done",
    ];
    for line in expected {
        let (op, results) = line.split_once(": ").unwrap();
        for result in results.split(' ') {
            assert!(seen.contains(&format!("{op}: {result}")), "{op}: {result}");
        }
    }
    assert!(seen.contains("Read: the end"));
}

/// Runs a program on both networks and says where they differ.
fn compare(program: &[Op]) -> Result<Trace, String> {
    let expected = run(&mut VirtualWorld::new(), program, None);
    let mut difference = String::new();
    for _ in 0..ATTEMPTS {
        let mut world = RealWorld::new().expect("a loopback interface with IPv4 and IPv6");
        let found = run(&mut world, program, Some(&expected));
        if found == expected {
            return Ok(expected);
        }
        let at = found.len() - 1;
        difference = format!(
            "operation {at}, {:?}: the virtual network has {:?}, the machine {:?}\nbefore:\n{}",
            program[at],
            expected[at],
            found[at],
            program[..at]
                .iter()
                .zip(&expected)
                .map(|(op, result)| format!("  {op:?}: {result:?}\n"))
                .collect::<String>()
        );
    }
    Err(difference)
}

fn check(program: &[Op]) -> Trace {
    compare(program).unwrap_or_else(|difference| panic!("{difference}"))
}

/// Programs that random ones reach rarely.
#[test]
fn every_way_to_end_a_connection_is_the_same_in_every_order() {
    let steps = [
        Op::Write {
            socket: 0,
            bytes: 5,
        },
        Op::Write {
            socket: 1,
            bytes: 7,
        },
        Op::Read {
            socket: 0,
            bytes: 100,
        },
        Op::Read {
            socket: 1,
            bytes: 100,
        },
        Op::Shutdown {
            socket: 0,
            how: Shutdown::Write,
        },
        Op::Shutdown {
            socket: 0,
            how: Shutdown::Both,
        },
        Op::Shutdown {
            socket: 1,
            how: Shutdown::Write,
        },
        Op::Shutdown {
            socket: 1,
            how: Shutdown::Read,
        },
        Op::Close { socket: 0 },
    ];
    let after = [
        Op::Remote { socket: 0 },
        Op::Write {
            socket: 0,
            bytes: 3,
        },
        Op::Read {
            socket: 0,
            bytes: 4,
        },
        Op::Write {
            socket: 0,
            bytes: 3,
        },
        Op::Read {
            socket: 0,
            bytes: 100,
        },
        Op::Read {
            socket: 0,
            bytes: 100,
        },
        Op::Remote { socket: 1 },
        Op::Write {
            socket: 1,
            bytes: 3,
        },
        Op::Read {
            socket: 1,
            bytes: 100,
        },
        Op::Read {
            socket: 1,
            bytes: 100,
        },
    ];
    for one in &steps {
        for two in &steps {
            for three in &steps {
                let mut program = vec![Op::Pair { family: Family::V4 }];
                program.extend([one, two, three].map(Clone::clone));
                program.extend(after.clone());
                check(&program);
            }
        }
    }
}

#[test]
fn every_pair_of_addresses_shares_a_port_or_not_on_both_networks() {
    let places = [
        (Family::V4, Host::One),
        (Family::V4, Host::Two),
        (Family::V4, Host::Any),
        (Family::V6, Host::One),
        (Family::V6, Host::Any),
    ];
    let port = Port::Named(0);
    for (first_family, first) in places {
        for (second_family, second) in places {
            for listen_first in [true, false] {
                let mut program = vec![
                    Op::Tcp {
                        family: first_family,
                    },
                    Op::Bind {
                        socket: 0,
                        host: first,
                        port,
                    },
                    Op::Tcp {
                        family: second_family,
                    },
                ];
                if listen_first {
                    program.push(Op::Listen { socket: 0 });
                }
                program.extend([
                    Op::Bind {
                        socket: 1,
                        host: second,
                        port,
                    },
                    Op::Listen { socket: 0 },
                    Op::Listen { socket: 1 },
                ]);
                // Who gets which connection shows in who accepts.
                for (family, host) in [
                    (Family::V4, Host::One),
                    (Family::V4, Host::Two),
                    (Family::V6, Host::One),
                ] {
                    program.extend([
                        Op::Tcp { family },
                        Op::Connect {
                            socket: 2,
                            host,
                            port,
                        },
                        Op::Accept { socket: 0 },
                        Op::Accept { socket: 1 },
                        Op::Local { socket: 2 },
                        Op::Remote { socket: 2 },
                        Op::Local { socket: 3 },
                        Op::Remote { socket: 3 },
                        Op::Close { socket: 3 },
                        Op::Close { socket: 2 },
                    ]);
                }
                check(&program);
                let datagrams = [
                    Op::Udp {
                        family: first_family,
                    },
                    Op::BindUdp {
                        socket: 0,
                        host: first,
                        port,
                    },
                    Op::Udp {
                        family: second_family,
                    },
                    Op::BindUdp {
                        socket: 1,
                        host: second,
                        port,
                    },
                    Op::Udp { family: Family::V4 },
                    Op::Send {
                        socket: 2,
                        bytes: 5,
                        to: Some((Host::One, port)),
                    },
                    Op::Send {
                        socket: 2,
                        bytes: 6,
                        to: Some((Host::Two, port)),
                    },
                    Op::Receive { socket: 0 },
                    Op::Receive { socket: 0 },
                    Op::Receive { socket: 1 },
                    Op::Receive { socket: 1 },
                ];
                check(&datagrams);
            }
        }
    }
}

#[test]
fn datagrams_are_as_long_on_both_networks() {
    for family in [Family::V4, Family::V6] {
        for bytes in [0, 1, 65_507, 65_508, 65_527, 65_528, 65_535, 65_536] {
            check(&[
                Op::Udp { family },
                Op::BindUdp {
                    socket: 0,
                    host: Host::One,
                    port: Port::Named(0),
                },
                Op::Udp { family },
                Op::Send {
                    socket: 1,
                    bytes,
                    to: Some((Host::One, Port::Named(0))),
                },
                Op::LocalUdp { socket: 1 },
                Op::Receive { socket: 0 },
            ]);
        }
    }
}

#[test]
fn a_pair_of_addresses_has_one_connection_on_both_networks() {
    let from = Op::Bind {
        socket: 1,
        host: Host::One,
        port: Port::Named(1),
    };
    let trace = check(&[
        Op::Tcp { family: Family::V4 },
        Op::Bind {
            socket: 0,
            host: Host::One,
            port: Port::Named(0),
        },
        Op::Listen { socket: 0 },
        Op::Tcp { family: Family::V4 },
        from,
        Op::Connect {
            socket: 1,
            host: Host::One,
            port: Port::Named(0),
        },
        Op::Tcp { family: Family::V4 },
        Op::Bind {
            socket: 2,
            host: Host::Any,
            port: Port::Named(1),
        },
        Op::ConnectAgain {
            socket: 2,
            host: Host::One,
            port: Port::Named(0),
        },
        Op::Local { socket: 2 },
    ]);
    assert_eq!(trace[8], Err(weft_net::loopback::Error::AddressNotBindable));
}

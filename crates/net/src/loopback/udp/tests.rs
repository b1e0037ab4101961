//! Datagrams: who gets them, who does not, and what is lost.

use std::net::SocketAddr;

use super::super::{Error, Family, LONGEST_V4, LONGEST_V6, Limits, Network, Role, UdpSocket};

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn network() -> Network {
    Network::new(Limits::default())
}

fn unbound(network: &Network) -> UdpSocket {
    network.udp(Family::V4, Role::Service).unwrap()
}

fn bound(network: &Network, address: &str) -> UdpSocket {
    let family = Family::of(at(address).ip());
    let socket = network.udp(family, Role::Service).unwrap();
    socket.bind(at(address)).unwrap();
    socket
}

fn receive(socket: &UdpSocket) -> Result<(Vec<u8>, SocketAddr), Error> {
    socket
        .try_receive()
        .map(|(data, from)| (data.into_vec(), from))
}

#[test]
fn a_datagram_arrives_whole_with_its_sender() {
    let network = network();
    let server = bound(&network, "0.0.0.0:53");
    let client = unbound(&network);
    client.send(b"question", Some(at("127.0.0.2:53"))).unwrap();
    client.send(b"", Some(at("127.0.0.1:53"))).unwrap();
    let from = SocketAddr::new(
        at("127.0.0.1:0").ip(),
        client.local_address().unwrap().port(),
    );
    assert_eq!(receive(&server), Ok((b"question".to_vec(), from)));
    assert_eq!(
        receive(&server),
        Ok((Vec::new(), from)),
        "an empty one is one as well"
    );
    assert_eq!(receive(&server), Err(Error::WouldBlock));
    server.send(b"answer", Some(from)).unwrap();
    assert_eq!(
        receive(&client),
        Ok((b"answer".to_vec(), at("127.0.0.1:53")))
    );
}

#[test]
fn addresses_that_overlap_do_not_share_a_port() {
    let network = network();
    let _one = bound(&network, "127.0.0.1:53");
    let _two = bound(&network, "127.0.0.2:53");
    let _six = bound(&network, "[::]:53");
    for address in ["127.0.0.1:53", "0.0.0.0:53"] {
        assert_eq!(
            unbound(&network).bind(at(address)),
            Err(Error::AddressInUse)
        );
    }
}

#[test]
fn a_component_binds_to_a_port_of_the_networks_choice_only() {
    let network = network();
    let component = network.udp(Family::V4, Role::Component).unwrap();
    assert_eq!(component.bind(at("127.0.0.1:53")), Err(Error::AccessDenied));
    assert_eq!(component.bind(at("0.0.0.0:0")), Ok(()));
    assert_eq!(component.bind(at("0.0.0.0:0")), Err(Error::InvalidState));
}

#[test]
fn a_datagram_for_nobody_is_lost_without_a_word() {
    let network = network();
    let client = unbound(&network);
    for _ in 0..3 {
        assert_eq!(client.send(b"x", Some(at("127.0.0.1:53"))), Ok(()));
    }
    assert_eq!(receive(&client), Err(Error::WouldBlock));
}

#[test]
fn one_who_is_connected_to_nobody_learns_of_it_at_its_next_call() {
    let network = network();
    let client = unbound(&network);
    client.connect(at("127.0.0.1:53")).unwrap();
    assert_eq!(client.send(b"x", None), Ok(()));
    assert_eq!(client.send(b"x", None), Err(Error::ConnectionRefused));
    assert_eq!(client.send(b"x", None), Ok(()));
    assert_eq!(receive(&client), Err(Error::ConnectionRefused));
    assert_eq!(receive(&client), Err(Error::WouldBlock));
}

#[test]
fn a_connected_socket_hears_from_its_peer_alone() {
    let network = network();
    let server = bound(&network, "127.0.0.1:53");
    let stranger = bound(&network, "127.0.0.1:54");
    let client = bound(&network, "127.0.0.1:55");
    stranger.send(b"before", Some(at("127.0.0.1:55"))).unwrap();
    client.connect(at("127.0.0.1:53")).unwrap();
    stranger.send(b"after", Some(at("127.0.0.1:55"))).unwrap();
    server.send(b"answer", Some(at("127.0.0.1:55"))).unwrap();
    assert_eq!(
        receive(&client),
        Ok((b"answer".to_vec(), at("127.0.0.1:53")))
    );
    assert_eq!(receive(&client), Err(Error::WouldBlock));
    assert_eq!(client.remote_address(), Ok(at("127.0.0.1:53")));
    client.disconnect().unwrap();
    assert_eq!(client.disconnect(), Err(Error::InvalidState));
    assert_eq!(client.remote_address(), Err(Error::InvalidState));
    stranger.send(b"again", Some(at("127.0.0.1:55"))).unwrap();
    assert_eq!(
        receive(&client),
        Ok((b"again".to_vec(), at("127.0.0.1:54")))
    );
}

#[test]
fn a_socket_on_all_addresses_is_on_one_while_it_is_connected() {
    let network = network();
    let socket = bound(&network, "0.0.0.0:53");
    socket.connect(at("127.0.0.2:99")).unwrap();
    assert_eq!(socket.local_address(), Ok(at("127.0.0.1:53")));
    let _other = bound(&network, "127.0.0.3:53");
    socket.disconnect().unwrap();
    assert_eq!(socket.local_address(), Ok(at("0.0.0.0:53")));
}

#[test]
fn a_connected_socket_sends_to_its_peer_alone() {
    let network = network();
    let client = unbound(&network);
    assert_eq!(client.send(b"x", None), Err(Error::InvalidArgument));
    client.connect(at("127.0.0.1:53")).unwrap();
    assert_eq!(
        client.send(b"x", Some(at("127.0.0.1:54"))),
        Err(Error::InvalidArgument)
    );
    assert_eq!(client.send(b"x", Some(at("127.0.0.1:53"))), Ok(()));
    client.connect(at("127.0.0.1:54")).unwrap();
    assert_eq!(client.remote_address(), Ok(at("127.0.0.1:54")));
}

#[test]
fn a_datagram_is_as_long_as_the_protocol_allows() {
    let network = network();
    for (address, longest) in [("127.0.0.1:53", LONGEST_V4), ("[::1]:53", LONGEST_V6)] {
        let socket = bound(&network, address);
        let data = vec![7; longest + 1];
        assert_eq!(
            socket.send(&data, Some(at(address))),
            Err(Error::DatagramTooLarge)
        );
        socket.send(&data[1..], Some(at(address))).unwrap();
        assert_eq!(receive(&socket).unwrap().0.len(), longest);
    }
}

#[test]
fn a_full_queue_loses_what_comes_and_keeps_what_is_there() {
    let network = network();
    let server = bound(&network, "127.0.0.1:53");
    server.set_receive_buffer(4096).unwrap();
    let client = unbound(&network);
    for n in 0..100_u8 {
        client.send(&[n; 256], Some(at("127.0.0.1:53"))).unwrap();
    }
    assert_eq!(network.usage().buffered, 4096);
    for n in 0..8 {
        assert_eq!(receive(&server).unwrap().0, [n; 256]);
    }
    assert_eq!(receive(&server), Err(Error::WouldBlock));
    assert_eq!(network.usage().buffered, 0);
}

#[test]
fn one_datagram_fits_into_any_buffer() {
    let network = network();
    let server = bound(&network, "127.0.0.1:53");
    server.set_receive_buffer(1).unwrap();
    let data = vec![7; LONGEST_V4];
    server.send(&data, Some(at("127.0.0.1:53"))).unwrap();
    server.send(&data, Some(at("127.0.0.1:53"))).unwrap();
    assert!(receive(&server).is_ok());
    assert_eq!(receive(&server), Err(Error::WouldBlock));
}

#[test]
fn datagrams_stay_within_the_memory_of_the_workload() {
    let network = Network::new(Limits {
        buffered: 10_000,
        ..Limits::default()
    });
    let sockets: Vec<_> = (1..=20)
        .map(|port| bound(&network, &format!("127.0.0.1:{port}")))
        .collect();
    for port in 1..=20 {
        for _ in 0..10 {
            sockets[0]
                .send(&[7; 500], Some(at(&format!("127.0.0.1:{port}"))))
                .unwrap();
        }
    }
    assert!(network.usage().buffered <= 10_000);
    drop(sockets);
    assert_eq!(network.usage().buffered, 0);
}

#[test]
fn what_is_no_address_to_send_to_is_invalid() {
    let network = network();
    let client = unbound(&network);
    for address in ["0.0.0.0:53", "127.0.0.1:0", "[::1]:53", "224.0.0.1:53"] {
        assert_eq!(
            client.send(b"x", Some(at(address))),
            Err(Error::InvalidArgument)
        );
        assert_eq!(client.connect(at(address)), Err(Error::InvalidArgument));
    }
    assert_eq!(
        client.send(b"x", Some(at("10.0.0.1:53"))),
        Err(Error::RemoteUnreachable)
    );
    assert_eq!(
        client.connect(at("10.0.0.1:53")),
        Err(Error::RemoteUnreachable)
    );
    assert_eq!(
        receive(&client),
        Err(Error::InvalidState),
        "none of these has bound it"
    );
}

#[tokio::test]
async fn all_who_wait_for_datagrams_get_one_each() {
    let network = network();
    let server = bound(&network, "127.0.0.1:53");
    let client = unbound(&network);
    let send = async {
        for n in 0..3 {
            client.send(&[n], Some(at("127.0.0.1:53"))).unwrap();
        }
    };
    let (a, b, c, ()) = tokio::join!(server.receive(), server.receive(), server.receive(), send);
    let mut got: Vec<u8> = [a, b, c].into_iter().map(|r| r.unwrap().0[0]).collect();
    got.sort_unstable();
    assert_eq!(got, [0, 1, 2]);
}

#[test]
fn options_are_kept() {
    let network = network();
    let socket = unbound(&network);
    assert_eq!(socket.hop_limit(), Ok(64));
    assert_eq!(socket.set_hop_limit(0), Err(Error::InvalidArgument));
    socket.set_hop_limit(9).unwrap();
    assert_eq!(socket.hop_limit(), Ok(9));
    assert_eq!(socket.set_send_buffer(0), Err(Error::InvalidArgument));
    socket.set_send_buffer(9000).unwrap();
    socket.set_receive_buffer(u64::MAX).unwrap();
    assert_eq!(socket.send_buffer(), Ok(9000));
    assert_eq!(socket.receive_buffer(), Ok(1 << 20));
}

//! UDP ports at addresses of the machine.

use tokio::net::UdpSocket;
use weft_net::loopback::UdpSocket as VirtualSocket;
use weft_testkit::until;

use super::*;

const PORT: &str = "name: dns, port: 53, protocol: UDP, publish: '127.0.0.1:0'";

fn binds(network: &Network, address: &str) -> VirtualSocket {
    let address: SocketAddr = address.parse().unwrap();
    let socket = network
        .udp(Family::of(address.ip()), Role::Service)
        .unwrap();
    socket.bind(address).unwrap();
    socket
}

/// A client, whose datagrams go to the published port.
async fn client(open: &Open) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(open.addr).await.unwrap();
    socket
}

async fn hear(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 1 << 16];
    let length = within(socket.recv(&mut buffer)).await.unwrap();
    buffer[..length].to_vec()
}

#[tokio::test]
async fn datagrams_go_both_ways_and_each_peer_gets_its_own() {
    for address in ["0.0.0.0:53", "[::]:53"] {
        let open = Open::new(PORT);
        let service = binds(&open.network, address);
        let (one, other) = (client(&open).await, client(&open).await);
        one.send(b"one").await.unwrap();
        let (data, from_one) = within(service.receive()).await.unwrap();
        assert_eq!(&data[..], b"one");
        other.send(b"other").await.unwrap();
        let (data, from_other) = within(service.receive()).await.unwrap();
        assert_eq!(&data[..], b"other");
        assert_ne!(from_one, from_other);
        service.send(b"to other", Some(from_other)).unwrap();
        service.send(b"to one", Some(from_one)).unwrap();
        service.send(b"", Some(from_one)).unwrap();
        assert_eq!(hear(&one).await, b"to one");
        assert_eq!(hear(&one).await, b"", "an empty datagram is one, too");
        assert_eq!(hear(&other).await, b"to other");
        assert_eq!(open.published.ports()[0].connections(), 2);
    }
}

#[tokio::test]
async fn large_datagrams_arrive_whole() {
    let open = Open::new(PORT);
    let service = binds(&open.network, "127.0.0.1:53");
    let peer = client(&open).await;
    let data = vec![7; 60_000];
    peer.send(&data).await.unwrap();
    let (received, from) = within(service.receive()).await.unwrap();
    assert_eq!(received[..], data);
    service.send(&data, Some(from)).unwrap();
    assert_eq!(hear(&peer).await, data);
}

#[tokio::test]
async fn what_comes_while_the_service_is_away_is_lost_and_the_next_one_arrives() {
    let open = Open::new(PORT);
    let peer = client(&open).await;
    let first = binds(&open.network, "127.0.0.1:53");
    peer.send(b"first").await.unwrap();
    within(first.receive()).await.unwrap();
    drop(first);
    peer.send(b"lost").await.unwrap();
    // Whether the service came back before or after it, one of those that follow arrives.
    let again = binds(&open.network, "127.0.0.2:53");
    let arrived = within(async {
        loop {
            peer.send(b"again").await.unwrap();
            let received = again.receive();
            if let Ok(received) = tokio::time::timeout(Duration::from_millis(50), received).await {
                return received.unwrap();
            }
        }
    })
    .await;
    again.send(b"back", Some(arrived.1)).unwrap();
    assert_eq!(hear(&peer).await, b"back");
}

#[tokio::test]
async fn a_silent_flow_is_forgotten() {
    let udp = UdpLimits {
        idle: Duration::from_millis(100),
        ..UdpLimits::default()
    };
    let config = PublishConfig {
        udp,
        ..PublishConfig::default()
    };
    let open = Open::limited(PORT, config, ForwardLimits::default());
    let service = binds(&open.network, "127.0.0.1:53");
    let peer = client(&open).await;
    peer.send(b"x").await.unwrap();
    within(service.receive()).await.unwrap();
    until(|| open.published.ports()[0].connections() == 0).await;
    until(|| open.network.usage().sockets == 1).await;
    peer.send(b"y").await.unwrap();
    assert_eq!(&within(service.receive()).await.unwrap().0[..], b"y");
}

#[tokio::test]
async fn peers_that_were_never_answered_make_room_and_others_do_not() {
    let udp = UdpLimits {
        flows: 2,
        ..UdpLimits::default()
    };
    let config = PublishConfig {
        udp,
        ..PublishConfig::default()
    };
    let open = Open::limited(PORT, config, ForwardLimits::default());
    let service = binds(&open.network, "127.0.0.1:53");
    let answered = client(&open).await;
    answered.send(b"hello").await.unwrap();
    let (_, friend) = within(service.receive()).await.unwrap();
    service.send(b"hi", Some(friend)).unwrap();
    assert_eq!(hear(&answered).await, b"hi");
    for _ in 0..20 {
        let stranger = client(&open).await;
        stranger.send(b"spam").await.unwrap();
        assert_eq!(&within(service.receive()).await.unwrap().0[..], b"spam");
        until(|| open.published.ports()[0].connections() <= 2).await;
    }
    // The one that was answered has kept its flow.
    answered.send(b"still here").await.unwrap();
    assert_eq!(within(service.receive()).await.unwrap().1, friend);
}

#[tokio::test]
async fn a_guard_that_is_dropped_closes_the_port() {
    let open = Open::new(PORT);
    let service = binds(&open.network, "127.0.0.1:53");
    let peer = client(&open).await;
    peer.send(b"x").await.unwrap();
    within(service.receive()).await.unwrap();
    let Open {
        published,
        addr,
        network,
        ..
    } = open;
    drop(published);
    until(|| std::net::UdpSocket::bind(addr).is_ok()).await;
    until(|| network.usage().sockets == 1).await;
}

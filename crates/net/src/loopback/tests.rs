//! The network as a whole: its size, its end, and many connections at a time.

use std::net::SocketAddr;
use std::sync::Arc;

use super::*;

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn listener(network: &Network, address: &str) -> TcpSocket {
    let socket = network
        .tcp(Family::of(at(address).ip()), Role::Service)
        .unwrap();
    socket.bind(at(address)).unwrap();
    socket.listen().unwrap();
    socket
}

fn component(network: &Network) -> TcpSocket {
    network.tcp(Family::V4, Role::Component).unwrap()
}

#[test]
fn a_network_without_sockets_costs_less_than_a_kib() {
    // The collections in it take no memory before they hold something.
    let size = size_of::<Shared>() + 2 * size_of::<usize>() + size_of::<Network>();
    assert!(size < 700, "{size} bytes");
}

#[test]
fn a_socket_costs_about_half_a_kib() {
    let tcp = size_of::<tcp::Tcp>();
    let udp = size_of::<udp::Udp>();
    assert!(tcp <= 384, "{tcp} bytes");
    assert!(udp <= 320, "{udp} bytes");
}

#[test]
fn two_networks_have_nothing_in_common() {
    let (one, other) = (
        Network::new(Limits::default()),
        Network::new(Limits::default()),
    );
    let _listener = listener(&one, "0.0.0.0:77");
    let socket = component(&other);
    socket.start_connect(at("127.0.0.1:77")).unwrap();
    assert_eq!(socket.try_connected(), Err(Error::ConnectionRefused));
    let _same = listener(&other, "0.0.0.0:77");
}

#[test]
fn no_port_of_the_machine_is_ever_opened() {
    let machine = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = machine.local_addr().unwrap();
    let network = Network::new(Limits::default());
    let virtual_one = listener(&network, &address.to_string());
    drop(machine);
    assert_eq!(
        std::net::TcpStream::connect(address).unwrap_err().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
    let socket = component(&network);
    socket.start_connect(address).unwrap();
    assert!(virtual_one.try_accept().is_ok());
}

#[test]
fn a_closed_network_resets_all_and_begins_nothing() {
    let network = Network::new(Limits::default());
    let service = listener(&network, "127.0.0.1:77");
    let (near, queued) = (component(&network), component(&network));
    near.start_connect(at("127.0.0.1:77")).unwrap();
    let far = service.try_accept().unwrap();
    queued.start_connect(at("127.0.0.1:77")).unwrap();
    near.try_write(b"lost").unwrap();
    let udp = network.udp(Family::V4, Role::Service).unwrap();
    udp.bind(at("127.0.0.1:53")).unwrap();
    network.close();
    network.close();
    assert_eq!(far.try_read(&mut [0; 9]), Err(Error::ConnectionReset));
    assert_eq!(near.try_write(b"x"), Err(Error::ConnectionReset));
    assert_eq!(queued.try_read(&mut [0; 9]), Err(Error::ConnectionReset));
    assert_eq!(service.try_accept().unwrap_err(), Error::ConnectionAborted);
    assert_eq!(udp.try_receive().unwrap_err(), Error::ConnectionAborted);
    assert_eq!(
        udp.send(b"x", Some(at("127.0.0.1:53"))),
        Err(Error::ConnectionAborted)
    );
    assert_eq!(
        network.tcp(Family::V4, Role::Service).unwrap_err(),
        Error::ConnectionAborted
    );
    drop((near, far, queued, service, udp));
    assert_eq!(network.usage(), Usage::default());
}

#[tokio::test]
async fn whoever_waits_is_woken_when_the_network_is_dropped() {
    let network = Network::new(Limits::default());
    let service = listener(&network, "127.0.0.1:77");
    service.set_backlog(1).unwrap();
    let near = [component(&network), component(&network)];
    for near in &near {
        near.start_connect(at("127.0.0.1:77")).unwrap();
    }
    let late = component(&network);
    let udp = network.udp(Family::V4, Role::Service).unwrap();
    udp.bind(at("127.0.0.1:53")).unwrap();
    let idle = listener(&network, "127.0.0.1:78");
    let mut buffer = [0; 9];
    let (accept, read, connect, receive, ()) = tokio::join!(
        idle.accept(),
        near[0].read(&mut buffer),
        late.connect(at("127.0.0.1:77")),
        udp.receive(),
        async { drop(network) }
    );
    assert_eq!(accept.unwrap_err(), Error::ConnectionAborted);
    assert_eq!(read, Err(Error::ConnectionReset));
    assert_eq!(connect, Err(Error::ConnectionAborted));
    assert_eq!(receive.unwrap_err(), Error::ConnectionAborted);
}

#[tokio::test]
async fn one_can_wait_for_a_service_to_listen() {
    let network = Network::new(Limits::default());
    let (listening, socket) = tokio::join!(network.until_listening(), async {
        listener(&network, "127.0.0.1:77")
    });
    assert_eq!(listening, Ok(()));
    assert_eq!(network.listeners(), [at("127.0.0.1:77")]);
    network.until_listening().await.unwrap();
    drop(socket);
    let (listening, ()) = tokio::join!(network.until_listening(), async { network.close() });
    assert_eq!(listening, Err(Error::ConnectionAborted));
}

#[test]
fn ten_thousand_connections_at_a_time() {
    let network = Network::new(Limits::default());
    let service = listener(&network, "127.0.0.1:77");
    let mut pairs = Vec::new();
    for n in 0..10_000_u32 {
        let near = component(&network);
        near.start_connect(at("127.0.0.1:77")).unwrap();
        near.try_connected().unwrap();
        near.try_write(&n.to_le_bytes()).unwrap();
        pairs.push((near, service.try_accept().unwrap()));
    }
    assert_eq!(network.usage().sockets, 20_001);
    for (n, (near, far)) in (0_u32..).zip(&pairs) {
        let mut buffer = [0; 8];
        assert_eq!(far.try_read(&mut buffer), Ok(4));
        assert_eq!(buffer[..4], n.to_le_bytes());
        far.try_write(&buffer[..4]).unwrap();
        assert_eq!(near.try_read(&mut buffer), Ok(4));
        assert_eq!(buffer[..4], n.to_le_bytes());
    }
    assert_eq!(network.usage().buffered, 0);
    drop((pairs, service));
    assert_eq!(network.usage(), Usage::default());
}

/// Clients of one service on several threads, some of which hang up early: everybody gets the right bytes or an end, and
/// nobody waits for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_connections_on_many_threads() {
    let network = Arc::new(Network::new(Limits {
        buffered: 256 << 10,
        ..Limits::default()
    }));
    let service = Arc::new(listener(&network, "0.0.0.0:77"));
    service.set_backlog(4).unwrap();
    let serve = tokio::spawn(async move {
        let mut served = Vec::new();
        for _ in 0..400 {
            let far = service.accept().await.unwrap();
            served.push(tokio::spawn(echo(far)));
        }
        for echo in served {
            echo.await.unwrap();
        }
    });
    let clients: Vec<_> = (0..400_u32)
        .map(|n| tokio::spawn(client(Arc::clone(&network), n)))
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    serve.await.unwrap();
    assert_eq!(network.usage(), Usage::default());
}

async fn echo(socket: TcpSocket) {
    let mut buffer = vec![0; 4000];
    while let Ok(count @ 1..) = socket.read(&mut buffer).await {
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            match socket.write(rest).await {
                Ok(written) => rest = &rest[written..],
                Err(_) => return,
            }
        }
    }
}

async fn client(network: Arc<Network>, n: u32) {
    // Every third hangs up with data unread.
    let hangs_up = n.is_multiple_of(3);
    let socket = component(&network);
    socket.connect(at("127.0.0.1:77")).await.unwrap();
    let data: Vec<u8> = (0..50_000_u32)
        .map(|at| (at.wrapping_mul(n + 1) >> 3) as u8)
        .collect();
    let send = async {
        let mut rest = &data[..];
        while !rest.is_empty() {
            let written = socket.write(rest).await.unwrap();
            rest = &rest[written..];
        }
        socket.shutdown(std::net::Shutdown::Write).unwrap();
    };
    let receive = async {
        let (mut all, mut buffer) = (Vec::new(), vec![0; 3000]);
        while !hangs_up || all.len() < 9000 {
            match socket.read(&mut buffer).await.unwrap() {
                0 => break,
                count => all.extend_from_slice(&buffer[..count]),
            }
        }
        assert!(data.starts_with(&all));
        hangs_up || all.len() == data.len()
    };
    if hangs_up {
        // The writer is dropped when the reader has enough.
        tokio::select! {
            enough = receive => assert!(enough),
            () = async { send.await; std::future::pending::<()>().await } => {}
        }
    } else {
        let ((), all) = tokio::join!(send, receive);
        assert!(all);
    }
}

//! A `wasi:http/incoming-handler@0.2` that makes the errors of `wasi:sockets@0.2`, with nothing in between.
//!
//! - `/codes`: one line for each thing it does, `WHAT: CODE`. It wants to be the service, with a limit of a few sockets
//!   and a short time for connecting, and to look up `*.test`.
//! - `/create`: `CODE` of a new socket
//! - `/connect?ADDRESS`: `CODE` of a connect; `/options?ADDRESS`: options before and after a connect
//! - `/lookup?NAME`: addresses, or `CODE`

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp::{OutgoingDatagram, UdpSocket};
use wasip2::sockets::udp_create_socket::create_udp_socket;
use weft_guests::{answer, part, split_target};

wasip2::http::proxy::export!(Codes);

struct Codes;

type Outcome<T = ()> = Result<T, ErrorCode>;
type Streams = (InputStream, OutputStream);

impl Guest for Codes {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        let first = part(query, 0);
        let text = match route {
            "/codes" => codes(),
            "/create" => name(tcp().map(drop)),
            "/connect" => name(connect(parse(&first)).map(drop)),
            "/options" => options(parse(&first)).unwrap_or_else(|code| name(Err(code))),
            "/lookup" => lookup(&first).unwrap_or_else(|code| name(Err(code))),
            _ => return answer::text(out, 404, "no such route"),
        };
        answer::text(out, 200, &text);
    }
}

/// The code in the words of WIT.
fn name(outcome: Outcome) -> String {
    match outcome {
        Ok(()) => "ok".to_owned(),
        Err(code) => code.name().to_owned(),
    }
}

fn codes() -> String {
    let rows: [(&str, fn() -> Outcome); 19] = [
        ("connect to an address that is denied", || {
            connect(v4([192, 0, 2, 1], 80)).map(drop)
        }),
        ("connect to no address", || {
            connect(v4([0, 0, 0, 0], 80)).map(drop)
        }),
        ("connect to a listener that does not accept", never_accepted),
        ("bind twice at once", || {
            let socket = tcp()?;
            socket.start_bind(&instance_network(), v4([127, 0, 0, 1], 0))?;
            socket.start_bind(&instance_network(), v4([127, 0, 0, 1], 0))
        }),
        ("finish what was not begun", || tcp()?.finish_bind()),
        ("accept nothing", || listen(1000)?.accept().map(drop)),
        ("listen without an address", || tcp()?.start_listen()),
        ("more sockets than allowed", || {
            let mut sockets = Vec::new();
            loop {
                sockets.push(tcp()?);
            }
        }),
        ("bind an address of elsewhere", || {
            bind(&tcp()?, [10, 0, 0, 1], 1)
        }),
        ("bind the address that means the host", || {
            bind(&tcp()?, [127, 255, 255, 254], 1)
        }),
        ("bind what somebody listens on", || {
            let _listener = listen(1001)?;
            bind(&tcp()?, [127, 0, 0, 1], 1001)
        }),
        ("connect to an address that nobody has", || {
            connect(v4([127, 255, 255, 255], 80)).map(drop)
        }),
        ("connect to a port that nobody has", || {
            connect(v4([127, 0, 0, 1], 9)).map(drop)
        }),
        ("read from a connection that was given up", reset),
        ("send a datagram that is too long", || send(vec![0; 65_508])),
        ("send a datagram to an address that is denied", || {
            let socket = udp()?;
            datagram(&socket, v4([192, 0, 2, 1], 53), vec![0])
        }),
        ("look up a name of the platform that is none", || {
            lookup("x.weft.internal").map(drop)
        }),
        ("look up a name that gets no answer", || {
            lookup("slow.test").map(drop)
        }),
        ("look up a name that is denied", || {
            lookup("example.com").map(drop)
        }),
    ];
    rows.into_iter()
        .map(|(what, does)| format!("{what}: {}\n", name(does())))
        .collect()
}

fn v4([a, b, c, d]: [u8; 4], port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress {
        port,
        address: (a, b, c, d),
    })
}

fn parse(address: &str) -> IpSocketAddress {
    let address: std::net::SocketAddrV4 = address.parse().expect("an IPv4 address and a port");
    v4(address.ip().octets(), address.port())
}

fn tcp() -> Outcome<TcpSocket> {
    create_tcp_socket(IpAddressFamily::Ipv4)
}

fn bind(socket: &TcpSocket, ip: [u8; 4], port: u16) -> Outcome {
    socket.start_bind(&instance_network(), v4(ip, port))?;
    socket.finish_bind()
}

fn listen(port: u16) -> Outcome<TcpSocket> {
    let socket = tcp()?;
    bind(&socket, [127, 0, 0, 1], port)?;
    socket.set_listen_backlog_size(1)?;
    socket.start_listen()?;
    socket.finish_listen()?;
    Ok(socket)
}

fn connect(remote: IpSocketAddress) -> Outcome<(TcpSocket, Streams)> {
    let socket = tcp()?;
    socket.start_connect(&instance_network(), remote)?;
    let streams = finish(&socket)?;
    Ok((socket, streams))
}

fn finish(socket: &TcpSocket) -> Outcome<Streams> {
    loop {
        match socket.finish_connect() {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            outcome => return outcome,
        }
    }
}

/// The queue takes one connection and, as on Linux, one more.
fn never_accepted() -> Outcome {
    let _listener = listen(1002)?;
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(connect(v4([127, 0, 0, 1], 1002))?);
    }
    Ok(())
}

/// The listener goes away before it has accepted: the connection is reset. The code is in the text of the stream's error.
fn reset() -> Outcome {
    let listener = listen(1003)?;
    let (_socket, (input, _output)) = connect(v4([127, 0, 0, 1], 1003))?;
    drop(listener);
    match input.blocking_read(1) {
        Err(StreamError::LastOperationFailed(error))
            if error.to_debug_string().contains("connection was reset") =>
        {
            Err(ErrorCode::ConnectionReset)
        }
        _ => Ok(()),
    }
}

fn udp() -> Outcome<UdpSocket> {
    let socket = create_udp_socket(IpAddressFamily::Ipv4)?;
    socket.start_bind(&instance_network(), v4([0, 0, 0, 0], 0))?;
    socket.finish_bind()?;
    Ok(socket)
}

fn send(data: Vec<u8>) -> Outcome {
    datagram(&udp()?, v4([127, 0, 0, 1], 7), data)
}

fn datagram(socket: &UdpSocket, to: IpSocketAddress, data: Vec<u8>) -> Outcome {
    let (_incoming, outgoing) = socket.stream(None)?;
    outgoing.check_send()?;
    let remote_address = Some(to);
    outgoing
        .send(&[OutgoingDatagram {
            data,
            remote_address,
        }])
        .map(drop)
}

fn lookup(name: &str) -> Outcome<String> {
    let addresses = resolve_addresses(&instance_network(), name)?;
    let mut found = String::new();
    loop {
        match addresses.resolve_next_address() {
            Err(ErrorCode::WouldBlock) => addresses.subscribe().block(),
            Err(code) => return Err(code),
            Ok(None) => return Ok(found),
            Ok(Some(IpAddress::Ipv4((a, b, c, d)))) => found += &format!("{a}.{b}.{c}.{d}\n"),
            Ok(Some(IpAddress::Ipv6(ip))) => found += &format!("{ip:?}\n"),
        }
    }
}

/// Sets each option of a new socket, connects, and reads them back.
fn options(remote: IpSocketAddress) -> Outcome<String> {
    const SECOND: u64 = 1_000_000_000;
    let socket = tcp()?;
    socket.set_keep_alive_enabled(true)?;
    socket.set_keep_alive_idle_time(10 * SECOND + 1)?;
    socket.set_keep_alive_interval(7 * SECOND)?;
    socket.set_keep_alive_count(5)?;
    socket.set_hop_limit(33)?;
    socket.set_receive_buffer_size(8192)?;
    socket.set_send_buffer_size(16384)?;
    let zero = [
        socket.set_keep_alive_idle_time(0),
        socket.set_keep_alive_interval(0),
        socket.set_keep_alive_count(0),
        socket.set_hop_limit(0),
        socket.set_receive_buffer_size(0),
        socket.set_send_buffer_size(0),
        socket.set_listen_backlog_size(0),
    ];
    assert!(
        zero.iter()
            .all(|outcome| *outcome == Err(ErrorCode::InvalidArgument))
    );
    let before = read_options(&socket)?;
    socket.start_connect(&instance_network(), remote)?;
    let _streams = finish(&socket)?;
    let after = read_options(&socket)?;
    Ok(format!("{before}\n{after}"))
}

fn read_options(socket: &TcpSocket) -> Outcome<String> {
    Ok(format!(
        "{} {} {} {} {} {} {}",
        socket.keep_alive_enabled()?,
        socket.keep_alive_idle_time()?,
        socket.keep_alive_interval()?,
        socket.keep_alive_count()?,
        socket.hop_limit()?,
        socket.receive_buffer_size()?,
        socket.send_buffer_size()?,
    ))
}

//! A `wasi:http/handler@0.3` that uses `wasi:sockets@0.3`.
//!
//! - `/codes`: one line for each thing it does, `WHAT: CODE`; see `sockets_codes.rs`
//! - `/create`: `CODE` of a new socket
//! - `/connect?ADDRESS`: `CODE` of a connect
//! - `/echo?ADDRESS&TEXT`: connects, writes the text, ends its side, and answers with what came back
//! - `/serve?TEXT`: listens, connects to itself, and sends the text through
//! - `/udp?ADDRESS&TEXT`: sends a datagram, and answers with the one that comes back
//! - `/lookup?NAME`: how many addresses, or `CODE`

use wasip3::http::types::{ErrorCode as HttpError, Request, Response};
use wasip3::sockets::ip_name_lookup::{self, resolve_addresses};
use wasip3::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket, UdpSocket,
};
use wasip3::wit_stream;
use weft_guests::{answer_p3, part, split_target};

wasip3::http::service::export!(Sockets);

struct Sockets;

type Outcome<T = ()> = Result<T, ErrorCode>;

impl wasip3::exports::http::handler::Guest for Sockets {
    async fn handle(request: Request) -> Result<Response, HttpError> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        let (first, second) = (part(query, 0), part(query, 1));
        let text = match route {
            "/codes" => codes().await,
            "/create" => name(tcp().map(drop)),
            "/connect" => name(connect(parse(&first)).await.map(drop)),
            "/echo" => echo(parse(&first), second)
                .await
                .unwrap_or_else(|code| name(Err(code))),
            "/serve" => serve(first).await.unwrap_or_else(|code| name(Err(code))),
            "/udp" => udp(parse(&first), second)
                .await
                .unwrap_or_else(|code| name(Err(code))),
            "/lookup" => match resolve_addresses(first).await {
                Ok(addresses) => addresses.len().to_string(),
                Err(code) => kebab(&format!("{code:?}")),
            },
            _ => return Ok(answer_p3::text(404, "no such route")),
        };
        Ok(answer_p3::text(200, text))
    }
}

/// The code in the words of WIT.
fn name(outcome: Outcome) -> String {
    match outcome {
        Ok(()) => "ok".to_owned(),
        Err(code) => kebab(&format!("{code:?}")),
    }
}

/// `ErrorCode::AccessDenied` is `access-denied`.
fn kebab(debug: &str) -> String {
    let mut out = String::new();
    for letter in debug.trim_start_matches("ErrorCode::").chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

async fn codes() -> String {
    let mut lines = String::new();
    let mut row = |what: &str, code: String| lines += &format!("{what}: {code}\n");
    let denied = v4([192, 0, 2, 1], 80);
    row(
        "connect to an address that is denied",
        name(connect(denied).await.map(drop)),
    );
    let nowhere = v4([0, 0, 0, 0], 80);
    row(
        "connect to no address",
        name(connect(nowhere).await.map(drop)),
    );
    row(
        "connect to a listener that does not accept",
        name(never_accepted().await),
    );
    row("more sockets than allowed", name(too_many()));
    row("bind twice", name(bind_twice()));
    row(
        "bind an address of elsewhere",
        name(bind([10, 0, 0, 1], 1).map(drop)),
    );
    row("bind what somebody listens on", name(bind_in_use()));
    let nobody = v4([127, 255, 255, 255], 80);
    row(
        "connect to an address that nobody has",
        name(connect(nobody).await.map(drop)),
    );
    let closed = v4([127, 0, 0, 1], 9);
    row(
        "connect to a port that nobody has",
        name(connect(closed).await.map(drop)),
    );
    row(
        "read from a connection that was given up",
        name(reset().await),
    );
    row(
        "write to a connection that was given up",
        name(broken().await),
    );
    let socket = UdpSocket::create(IpAddressFamily::Ipv4).expect("a socket");
    let long = socket
        .send(vec![0; 65_508], Some(v4([127, 0, 0, 1], 7)))
        .await;
    row("send a datagram that is too long", name(long));
    let denied = socket.send(vec![0], Some(v4([192, 0, 2, 1], 53))).await;
    row("send a datagram to an address that is denied", name(denied));
    for (what, asked) in [
        (
            "look up a name of the platform that is none",
            "x.weft.internal",
        ),
        ("look up a name that gets no answer", "slow.test"),
        ("look up a name that is denied", "example.com"),
        ("look up what is no name", "a..b"),
    ] {
        let code = match resolve_addresses(asked.to_owned()).await {
            Ok(_) => "ok".to_owned(),
            Err(code) => lookup_name(&code),
        };
        row(what, code);
    }
    lines
}

fn lookup_name(code: &ip_name_lookup::ErrorCode) -> String {
    kebab(&format!("{code:?}"))
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
    TcpSocket::create(IpAddressFamily::Ipv4)
}

fn bind(ip: [u8; 4], port: u16) -> Outcome<TcpSocket> {
    let socket = tcp()?;
    socket.bind(v4(ip, port))?;
    Ok(socket)
}

fn bind_twice() -> Outcome {
    bind([127, 0, 0, 1], 0)?.bind(v4([127, 0, 0, 1], 0))
}

fn bind_in_use() -> Outcome {
    let listener = bind([127, 0, 0, 1], 2001)?;
    let _accepted = listener.listen()?;
    bind([127, 0, 0, 1], 2001).map(drop)
}

fn too_many() -> Outcome {
    let mut sockets = Vec::new();
    loop {
        sockets.push(tcp()?);
    }
}

async fn connect(remote: IpSocketAddress) -> Outcome<TcpSocket> {
    let socket = tcp()?;
    socket.connect(remote).await?;
    Ok(socket)
}

async fn never_accepted() -> Outcome {
    let listener = bind([127, 0, 0, 1], 2002)?;
    listener.set_listen_backlog_size(1)?;
    let _accepted = listener.listen()?;
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(connect(v4([127, 0, 0, 1], 2002)).await?);
    }
    Ok(())
}

/// A connection whose listener has gone before it accepted.
async fn given_up(port: u16) -> Outcome<TcpSocket> {
    let listener = bind([127, 0, 0, 1], port)?;
    let accepted = listener.listen()?;
    let socket = connect(v4([127, 0, 0, 1], port)).await?;
    drop((accepted, listener));
    Ok(socket)
}

async fn reset() -> Outcome {
    let socket = given_up(2003).await?;
    let (data, end) = socket.receive();
    data.collect().await;
    end.await
}

/// The first to notice hears of the reset, whoever goes on has nowhere to write to.
async fn broken() -> Outcome {
    let socket = given_up(2004).await?;
    let (data, end) = socket.receive();
    data.collect().await;
    let _ = end.await;
    let (mut writer, reader) = wit_stream::new();
    let end = socket.send(reader);
    writer.write_all(b"nobody reads this".to_vec()).await;
    drop(writer);
    end.await
}

async fn echo(remote: IpSocketAddress, text: String) -> Outcome<String> {
    let socket = connect(remote).await?;
    let (data, received) = socket.receive();
    let (mut writer, reader) = wit_stream::new();
    let sent = socket.send(reader);
    writer.write_all(text.into_bytes()).await;
    drop(writer);
    sent.await?;
    let back = data.collect().await;
    received.await?;
    Ok(String::from_utf8_lossy(&back).into_owned())
}

async fn serve(text: String) -> Outcome<String> {
    let listener = tcp()?;
    let mut accepted = listener.listen()?;
    let IpSocketAddress::Ipv4(at) = listener.get_local_address()? else {
        return Err(ErrorCode::InvalidState);
    };
    let client = connect(v4([127, 0, 0, 1], at.port)).await?;
    let server = accepted.next().await.ok_or(ErrorCode::InvalidState)?;
    // Streams live on without the sockets.
    let (data, received) = server.receive();
    let (mut writer, reader) = wit_stream::new();
    let sent = client.send(reader);
    drop((listener, accepted, client, server));
    writer.write_all(text.into_bytes()).await;
    drop(writer);
    sent.await?;
    let through = data.collect().await;
    received.await?;
    Ok(String::from_utf8_lossy(&through).into_owned())
}

async fn udp(remote: IpSocketAddress, text: String) -> Outcome<String> {
    let socket = UdpSocket::create(IpAddressFamily::Ipv4)?;
    socket.send(text.into_bytes(), Some(remote)).await?;
    let (data, from) = socket.receive().await?;
    let IpSocketAddress::Ipv4(from) = from else {
        return Err(ErrorCode::InvalidState);
    };
    let (a, b, c, d) = from.address;
    let data = String::from_utf8_lossy(&data);
    Ok(format!("{a}.{b}.{c}.{d}:{} {data}", from.port))
}

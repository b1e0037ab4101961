//! A `wasi:http/incoming-handler@0.2` that uses the network with the standard library, so over `wasi:sockets@0.2`.
//!
//! - `/echo?ADDRESS&TEXT`: connects, writes the text, ends its side, and answers with what came back
//! - `/bulk?ADDRESS&BYTES`: writes so many bytes and reads as many that come back meanwhile; their number and sum
//! - `/fill?ADDRESS&N&stay`: opens N connections, or as many as it may, and writes to each until that takes no more; how
//!   many there were, how many bytes, and why there were no more. With `stay` that waits until the first is over
//! - `/serve?ADDRESS&TEXT`: listens there, connects to itself, and sends the text through
//! - `/udp?ADDRESS&TEXT`: sends a datagram, and answers with the one that comes back
//! - `/udp-pair`: two sockets of its own talk to each other
//! - `/lookup?NAME`: addresses, one a line
//!
//! What fails is `error: KIND`, with the kind of the standard library.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::{answer, number, part, split_target};

wasip2::http::proxy::export!(Sockets);

struct Sockets;

impl Guest for Sockets {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        let (first, second) = (part(query, 0), part(query, 1));
        let outcome = match route {
            "/echo" => echo(&first, &second),
            "/bulk" => bulk(&first, number(query, 1) as usize),
            "/fill" => fill(&first, number(query, 1) as usize, part(query, 2) == "stay"),
            "/serve" => serve(&first, &second),
            "/udp" => udp(&first, &second),
            "/udp-pair" => udp_pair(),
            "/lookup" => lookup(&first),
            _ => return answer::text(out, 404, "no such route"),
        };
        let text = outcome.unwrap_or_else(|error| format!("error: {:?}", error.kind()));
        answer::text(out, 200, &text);
    }
}

fn echo(address: &str, text: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(text.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut back = String::new();
    stream.read_to_string(&mut back)?;
    Ok(back)
}

fn bulk(address: &str, bytes: usize) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let (mut sent, mut read, mut sum) = (0_usize, 0_usize, 0_u64);
    let mut buffer = vec![0; 64 * 1024];
    // Never more on its way than two buffers, so that neither side waits for the other for ever.
    while read < bytes {
        while sent < bytes && sent - read < 64 * 1024 {
            let piece: Vec<u8> = (sent..bytes.min(sent + 16 * 1024))
                .map(|at| at as u8)
                .collect();
            stream.write_all(&piece)?;
            sent += piece.len();
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        sum += buffer[..count]
            .iter()
            .map(|byte| u64::from(*byte))
            .sum::<u64>();
        read += count;
    }
    Ok(format!("{read} {sum}"))
}

fn fill(address: &str, most: usize, stay: bool) -> io::Result<String> {
    let (mut streams, mut bytes, mut why) = (Vec::new(), 0, "no error".to_owned());
    while streams.len() < most {
        match TcpStream::connect(address) {
            Ok(stream) => streams.push(stream),
            Err(error) => {
                why = error.to_string();
                break;
            }
        }
    }
    let block = [b'x'; 16 * 1024];
    for mut stream in &streams {
        stream.set_nonblocking(true)?;
        loop {
            match stream.write(&block) {
                Ok(count) => bytes += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
    }
    if let Some(mut first) = streams.first().filter(|_| stay) {
        first.set_nonblocking(false)?;
        while first.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {}
    }
    Ok(format!(
        "{} connections, {bytes} bytes, {why}",
        streams.len()
    ))
}

fn serve(address: &str, text: &str) -> io::Result<String> {
    let listener = TcpListener::bind(address)?;
    let mut at = listener.local_addr()?;
    if at.ip().is_unspecified() {
        at.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let mut client = TcpStream::connect(at)?;
    let (mut server, from) = listener.accept()?;
    if from != client.local_addr()? {
        return Ok(format!("accepted from {from}"));
    }
    client.write_all(text.as_bytes())?;
    client.shutdown(Shutdown::Write)?;
    let mut through = String::new();
    server.read_to_string(&mut through)?;
    Ok(through)
}

fn udp(address: &str, text: &str) -> io::Result<String> {
    let any = if address.starts_with('[') {
        "[::]:0"
    } else {
        "0.0.0.0:0"
    };
    let socket = UdpSocket::bind(any)?;
    socket.send_to(text.as_bytes(), address)?;
    let mut buffer = vec![0; 64 * 1024];
    let (count, from) = socket.recv_from(&mut buffer)?;
    Ok(format!(
        "{from} {}",
        String::from_utf8_lossy(&buffer[..count])
    ))
}

fn udp_pair() -> io::Result<String> {
    let (one, other) = (
        UdpSocket::bind("127.0.0.1:0")?,
        UdpSocket::bind("127.0.0.1:0")?,
    );
    one.connect(other.local_addr()?)?;
    one.send(b"ping")?;
    let mut buffer = [0; 16];
    let (count, from) = other.recv_from(&mut buffer)?;
    other.send_to(b"pong", from)?;
    let back = one.recv(&mut buffer[count..])?;
    Ok(String::from_utf8_lossy(&buffer[..count + back]).into_owned())
}

fn lookup(name: &str) -> io::Result<String> {
    let addresses = (name, 0).to_socket_addrs()?;
    Ok(addresses
        .map(|address| format!("{}\n", address.ip()))
        .collect())
}

//! What `cargo xtask bench services` asks: `/?ADDRESS&N` connects N times, one after the other, sends a line each time and
//! waits for it to come back. The answer has a line for each: nanoseconds of the connect, and of the line.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Instant;

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::{answer, number, part, split_target};

wasip2::http::proxy::export!(Connect);

struct Connect;

impl Guest for Connect {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (_, query) = split_target(&target);
        let address = part(query, 0);
        let mut text = String::new();
        for _ in 0..number(query, 1) {
            match once(&address) {
                Ok((connect, line)) => text += &format!("{connect} {line}\n"),
                Err(error) => return answer::text(out, 500, &error.to_string()),
            }
        }
        answer::text(out, 200, &text);
    }
}

fn once(address: &str) -> io::Result<(u128, u128)> {
    let start = Instant::now();
    let mut stream = TcpStream::connect(address)?;
    let connected = start.elapsed();
    stream.write_all(b"line\n")?;
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    Ok((
        connected.as_nanos(),
        (start.elapsed() - connected).as_nanos(),
    ))
}

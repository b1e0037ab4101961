//! As much of an HTTP/1.1 client as the benchmarks need besides the load generator: requests over a connection that
//! stays open, whole answers to compare, and a way to leave in the middle of one.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// The longest pause that a server may make.
const PAUSE: Duration = Duration::from_secs(60);

/// A request as it goes over the wire.
pub(crate) struct Request(Vec<u8>);

impl Request {
    /// Asks for `target` under the name `host`.
    pub(crate) fn get(host: &str, target: &str) -> Self {
        Self(format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n").into_bytes())
    }

    /// Sends a JSON body.
    pub(crate) fn post_json(host: &str, target: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        Self([head.as_bytes(), body].concat())
    }
}

/// What came back.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    /// Whether the server ends the connection after it.
    pub(crate) closes: bool,
}

/// The head of an answer, as far as it matters here.
struct Head {
    status: u16,
    content_type: String,
    length: Length,
    closes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Bytes(u64),
    Chunked,
    UntilTheEnd,
}

/// An open connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to `addr`.
    pub(crate) fn open(addr: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(addr).with_context(|| format!("cannot connect to {addr}"))?;
        stream.set_read_timeout(Some(PAUSE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(64 << 10, stream),
        })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Answer> {
        self.stream.get_mut().write_all(&request.0)?;
        let head = self.head()?;
        let body = self.body(head.length)?;
        Ok(Answer {
            status: head.status,
            content_type: head.content_type,
            body,
            closes: head.closes || head.length == Length::UntilTheEnd,
        })
    }

    /// Sends a request, reads the head of the answer, and goes away with the body still to come.
    pub(crate) fn ask_and_leave(mut self, request: &Request) -> Result<u16> {
        self.stream.get_mut().write_all(&request.0)?;
        Ok(self.head()?.status)
    }

    fn head(&mut self) -> Result<Head> {
        let line = self.line()?;
        let status = line
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
        let mut head = Head {
            status: status.with_context(|| format!("not an answer: `{line}`"))?,
            content_type: String::new(),
            length: Length::UntilTheEnd,
            closes: false,
        };
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(head);
            }
            let (name, value) = line.split_once(':').context("a header without a colon")?;
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => head.length = Length::Bytes(value.parse()?),
                "transfer-encoding" => head.length = Length::Chunked,
                "connection" => head.closes |= value.eq_ignore_ascii_case("close"),
                "content-type" => value.clone_into(&mut head.content_type),
                _ => {}
            }
        }
    }

    fn body(&mut self, length: Length) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        match length {
            Length::Bytes(bytes) => self.piece(bytes, &mut body)?,
            Length::UntilTheEnd => drop(self.stream.read_to_end(&mut body)?),
            Length::Chunked => loop {
                let line = self.line()?;
                let size = line.split(';').next().unwrap_or_default();
                let size = u64::from_str_radix(size.trim(), 16)
                    .with_context(|| format!("not the size of a chunk: `{line}`"))?;
                self.piece(size, &mut body)?;
                // After a chunk an empty line; after the last, trailers come first.
                while !self.line()?.is_empty() {}
                if size == 0 {
                    break;
                }
            },
        }
        Ok(body)
    }

    fn piece(&mut self, bytes: u64, body: &mut Vec<u8>) -> Result<()> {
        let read = (&mut self.stream).take(bytes).read_to_end(body)?;
        if u64::try_from(read)? < bytes {
            bail!("the body broke off");
        }
        Ok(())
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the server closed the connection");
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// Asks until there is an answer of status 200, while `alive` and for at most `limit`.
pub(crate) fn wait_until_served(
    addr: SocketAddr,
    request: &Request,
    limit: Duration,
    mut alive: impl FnMut() -> Result<bool>,
) -> Result<Answer> {
    let deadline = Instant::now() + limit;
    loop {
        let outcome = Connection::open(addr).and_then(|mut connection| connection.ask(request));
        if let Ok(answer) = &outcome
            && answer.status == 200
        {
            return outcome;
        }
        if !alive()? {
            bail!("the server ended before it served");
        }
        if Instant::now() > deadline {
            let last = match outcome {
                Ok(answer) => format!("it answered status {}", answer.status),
                Err(error) => format!("{error:#}"),
            };
            bail!("not served after {} s: {last}", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(20)); // a port that opens sends no event
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that answers every request on one connection with the next of `answers`.
    fn server(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            for answer in answers {
                let head = (&mut reader).lines().map(Result::unwrap);
                head.take_while(|line| !line.is_empty()).for_each(drop);
                (&stream).write_all(answer.as_bytes()).unwrap();
            }
        });
        addr
    }

    #[test]
    fn one_connection_carries_answers_of_known_length_and_in_chunks() {
        let addr = server(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-type: text/plain\r\n\r\nhello",
            "HTTP/1.1 502 Bad Gateway\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nt: u\r\n\r\n",
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nthe rest",
        ]);
        let mut connection = Connection::open(addr).unwrap();
        let request = Request::get("a.test", "/");
        let first = connection.ask(&request).unwrap();
        assert_eq!((first.status, first.body.as_slice()), (200, &b"hello"[..]));
        assert_eq!(first.content_type, "text/plain");
        assert!(!first.closes);
        let second = connection.ask(&request).unwrap();
        assert_eq!(
            (second.status, second.body.as_slice()),
            (502, &b"abcde"[..])
        );
        let third = connection.ask(&request).unwrap();
        assert_eq!(third.body, b"the rest");
        assert!(third.closes);
    }

    #[test]
    fn a_body_that_breaks_off_is_an_error() {
        let addr = server(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"]);
        let mut connection = Connection::open(addr).unwrap();
        let error = connection.ask(&Request::get("a.test", "/")).unwrap_err();
        assert_eq!(error.to_string(), "the body broke off");
    }

    #[test]
    fn a_body_can_be_left_unread() {
        let addr = server(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"]);
        let connection = Connection::open(addr).unwrap();
        let status = connection.ask_and_leave(&Request::get("a.test", "/"));
        assert_eq!(status.unwrap(), 200);
    }

    #[test]
    fn a_server_that_is_gone_ends_the_wait() {
        let addr = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let request = Request::get("a.test", "/");
        let limit = Duration::from_secs(30);
        let error = wait_until_served(addr, &request, limit, || Ok(false)).unwrap_err();
        assert_eq!(error.to_string(), "the server ended before it served");
    }
}

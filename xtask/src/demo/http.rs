//! As much of an HTTP client as the demo needs: one GET over HTTP/1.0, which ends when the server closes.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest pause that a page may make.
const PAUSE: Duration = Duration::from_secs(30);

/// A page's answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Asks `addr` for `path` under the name `host`.
pub(crate) fn get(addr: SocketAddr, host: &str, path: &str) -> Result<Answer> {
    let mut stream =
        TcpStream::connect(addr).with_context(|| format!("cannot connect to {addr}"))?;
    stream.set_read_timeout(Some(PAUSE))?;
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {host}:{}\r\n\r\n",
        addr.port()
    )?;
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .with_context(|| format!("no whole answer from {addr}"))?;
    parse(&String::from_utf8_lossy(&answer)).context("the answer is not HTTP")
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head
        .strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    Some(Answer {
        status,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_taken_apart() {
        let answer = parse("HTTP/1.0 404 Not Found\r\na: b\r\n\r\nnothing\r\n\r\nhere");
        assert_eq!(
            answer,
            Some(Answer {
                status: 404,
                body: "nothing\r\n\r\nhere".to_owned()
            })
        );
    }

    #[test]
    fn what_is_not_http_is_no_answer() {
        assert_eq!(parse("SSH-2.0-OpenSSH\r\n\r\n"), None);
        assert_eq!(parse(""), None);
    }
}

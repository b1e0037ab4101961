//! Somebody to send telemetry to: takes what comes by OTLP over HTTP and says that all is well.

use crate::sh::Sh;
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A collector in this process. It serves until the process ends.
pub(super) struct Collector {
    pub(super) addr: SocketAddr,
    bytes: Arc<AtomicU64>,
}

impl Collector {
    /// Starts it.
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
        let addr = listener.local_addr()?;
        let bytes = Arc::new(AtomicU64::new(0));
        let taken = Arc::clone(&bytes);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                // A client that goes away in the middle is no matter.
                thread::spawn(move || drop(serve(&stream, &taken)));
            }
        });
        Ok(Self { addr, bytes })
    }

    /// Tells a server to send everything here.
    pub(super) fn told_to(&self, server: Sh) -> Sh {
        server
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
            .env(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                format!("http://{}", self.addr),
            )
    }

    /// Bytes of messages that came.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// One message after the other, each of a length that its head says.
fn serve(stream: &TcpStream, taken: &AtomicU64) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let mut answers = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = Vec::new();
        (&mut reader).take(length).read_to_end(&mut body)?;
        taken.fetch_add(length, Ordering::Relaxed);
        answers.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::client::{Connection, Request};

    #[test]
    fn messages_are_taken_one_after_the_other_and_counted() {
        let collector = Collector::start().unwrap();
        let mut connection = Connection::open(collector.addr).unwrap();
        for _ in 0..2 {
            let request = Request::post_json("collector.test", "/v1/traces", b"{}");
            assert_eq!(connection.ask(&request).unwrap().status, 200);
        }
        assert_eq!(collector.bytes(), 4);
    }
}

//! Clients, each with a connection of its own, who ask again as soon as they are answered and look at each answer.

use crate::bench::client::{Connection, Request};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

/// What each right answer has in it.
const GOOD: &str = "\"Ada\"";
/// A client does little.
const STACK: usize = 128 << 10;

/// What a client asks for.
pub(crate) struct Wanted {
    pub(crate) host: String,
    pub(crate) path: &'static str,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// When it was over.
    pub(crate) at: Instant,
    /// Seconds.
    pub(crate) took: f64,
    /// Status 200, with what was asked for.
    pub(crate) good: bool,
    /// Status 200, with anything else.
    pub(crate) wrong: bool,
}

/// Clients at work.
pub(crate) struct Crowd {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<Seen>>>,
}

impl Crowd {
    pub(crate) fn start(addr: SocketAddr, all: impl Iterator<Item = Wanted>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |wanted: Wanted| {
            let stop = Arc::clone(&stop);
            let client = Builder::new().stack_size(STACK);
            client.spawn(move || ask(addr, &wanted, &stop)).ok()
        };
        let clients = all.filter_map(client).collect();
        Self { stop, clients }
    }

    /// Waits for the answers that are still to come; all that was seen.
    pub(crate) fn stop(self) -> Vec<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        let seen = self.clients.into_iter();
        seen.filter_map(|client| client.join().ok())
            .flatten()
            .collect()
    }
}

fn ask(addr: SocketAddr, wanted: &Wanted, stop: &AtomicBool) -> Vec<Seen> {
    let request = Request::get(&wanted.host, wanted.path);
    let mut connection = None;
    let mut seen = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let answer = match connection.take() {
            Some(connection) => Ok(connection),
            None => Connection::open(addr),
        }
        .and_then(|mut open| {
            let answer = open.ask(&request)?;
            if !answer.closes {
                connection = Some(open);
            }
            Ok(answer)
        });
        let at = Instant::now();
        let (ok, right) = match &answer {
            Ok(answer) => (
                answer.status == 200,
                String::from_utf8_lossy(&answer.body).contains(GOOD),
            ),
            Err(_) => (false, false),
        };
        seen.push(Seen {
            at,
            took: at.duration_since(begun).as_secs_f64(),
            good: ok && right,
            wrong: ok && !right,
        });
    }
    seen
}

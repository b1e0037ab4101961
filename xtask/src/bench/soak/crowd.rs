//! The clients of the soak: threads that ask without a pause over connections that stay open. One request in twenty is
//! of a kind that goes wrong, chosen at random.

use super::HOSTS;
use crate::bench::client::{Connection, Request};
use anyhow::{Result, anyhow};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Of so many requests one goes wrong.
const ONE_IN: u32 = 20;

/// What was asked and how it went.
#[derive(Default)]
pub(crate) struct Tally {
    /// How long each good request took.
    pub(crate) millis: Vec<f64>,
    pub(crate) good: u64,
    pub(crate) trapped: u64,
    pub(crate) failed: u64,
    pub(crate) left: u64,
    /// Answers that were not those of their kind.
    pub(crate) wrong: u64,
    pub(crate) first_wrong: Option<String>,
}

impl Tally {
    /// All requests.
    pub(crate) fn all(&self) -> u64 {
        self.good + self.trapped + self.failed + self.left + self.wrong
    }

    /// Adds the counts of another; its times are let go.
    pub(crate) fn add(&mut self, other: Self) {
        self.good += other.good;
        self.trapped += other.trapped;
        self.failed += other.failed;
        self.left += other.left;
        self.wrong += other.wrong;
        self.first_wrong = self.first_wrong.take().or(other.first_wrong);
    }

    fn merge(mut self, mut other: Self) -> Self {
        self.millis.append(&mut other.millis);
        self.add(other);
        self
    }
}

/// What a request is meant to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    /// The guest traps.
    Trap,
    /// The guest returns without an answer.
    Fail,
    /// The client goes away while the body comes.
    Leave,
}

impl Kind {
    fn any(random: &mut fastrand::Rng) -> Self {
        if random.u32(..ONE_IN) > 0 {
            return Self::Good;
        }
        match random.u32(..3) {
            0 => Self::Trap,
            1 => Self::Fail,
            _ => Self::Leave,
        }
    }

    fn request(self, host: &str) -> Request {
        match self {
            Self::Good => good(host),
            Self::Trap => Request::get(host, "/trap"),
            Self::Fail => Request::get(host, "/early-drop"),
            // More than fits into the buffers between guest and client.
            Self::Leave => Request::get(host, "/stream?64&65536"),
        }
    }

    fn fits(self, status: u16) -> bool {
        match self {
            Self::Good | Self::Leave => status == 200,
            Self::Trap | Self::Fail => (500..600).contains(&status),
        }
    }
}

/// The request that goes well.
pub(crate) fn good(host: &str) -> Request {
    Request::get(host, "/hello")
}

/// Running clients. They end with [`Crowd::stop`].
pub(crate) struct Crowd {
    clients: Vec<Client>,
    over: Arc<AtomicBool>,
}

struct Client {
    tally: Arc<Mutex<Tally>>,
    thread: JoinHandle<()>,
}

impl Crowd {
    /// Starts `count` clients of the server at `addr`.
    pub(crate) fn start(addr: SocketAddr, count: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let client = |seed: u32| {
            let tally = Arc::new(Mutex::new(Tally::default()));
            let (own, over) = (Arc::clone(&tally), Arc::clone(&over));
            let random = fastrand::Rng::with_seed(u64::from(seed));
            Client {
                tally,
                thread: thread::spawn(move || press(addr, random, &own, &over)),
            }
        };
        Self {
            clients: (0..count).map(client).collect(),
            over,
        }
    }

    /// What was counted since the last time.
    pub(crate) fn take(&self) -> Tally {
        let take = |client: &Client| std::mem::take(&mut *lock(&client.tally));
        self.clients
            .iter()
            .map(take)
            .fold(Tally::default(), Tally::merge)
    }

    /// Ends all clients after their present request, and answers what was left to count.
    pub(crate) fn stop(self) -> Result<Tally> {
        self.over.store(true, Ordering::Relaxed);
        let mut rest = Tally::default();
        for client in self.clients {
            let ended = client.thread.join();
            ended.map_err(|_| anyhow!("a client of the soak panicked"))?;
            rest.add(std::mem::take(&mut *lock(&client.tally)));
        }
        Ok(rest)
    }
}

fn press(addr: SocketAddr, mut random: fastrand::Rng, tally: &Mutex<Tally>, over: &AtomicBool) {
    let mut open = None;
    while !over.load(Ordering::Relaxed) {
        let kind = Kind::any(&mut random);
        let [fresh, kept] = HOSTS;
        let host = if random.bool() { fresh } else { kept };
        let start = Instant::now();
        let outcome = ask(addr, &mut open, kind, host);
        let millis = start.elapsed().as_secs_f64() * 1e3;
        note(&mut lock(tally), kind, outcome, millis);
    }
}

/// Answers the status. A connection that is still good afterwards stays in `open`.
fn ask(addr: SocketAddr, open: &mut Option<Connection>, kind: Kind, host: &str) -> Result<u16> {
    let mut connection = match open.take() {
        Some(connection) => connection,
        None => Connection::open(addr)?,
    };
    let request = kind.request(host);
    if kind == Kind::Leave {
        return connection.ask_and_leave(&request);
    }
    let answer = connection.ask(&request)?;
    if !answer.closes {
        *open = Some(connection);
    }
    Ok(answer.status)
}

fn note(tally: &mut Tally, kind: Kind, outcome: Result<u16>, millis: f64) {
    let wrong = match outcome {
        Ok(status) if kind.fits(status) => None,
        Ok(status) => Some(format!("{kind:?}: status {status}")),
        Err(error) => Some(format!("{kind:?}: {error:#}")),
    };
    if wrong.is_some() {
        tally.wrong += 1;
        tally.first_wrong = tally.first_wrong.take().or(wrong);
        return;
    }
    match kind {
        Kind::Good => {
            tally.good += 1;
            tally.millis.push(millis);
        }
        Kind::Trap => tally.trapped += 1,
        Kind::Fail => tally.failed += 1,
        Kind::Leave => tally.left += 1,
    }
}

fn lock(tally: &Mutex<Tally>) -> std::sync::MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_in_twenty_goes_wrong_in_one_of_three_ways() {
        let mut random = fastrand::Rng::with_seed(1);
        let kinds: Vec<Kind> = (0..20_000).map(|_| Kind::any(&mut random)).collect();
        let count = |wanted: Kind| kinds.iter().filter(|kind| **kind == wanted).count();
        assert!((18_800..19_200).contains(&count(Kind::Good)));
        for kind in [Kind::Trap, Kind::Fail, Kind::Leave] {
            assert!((270..400).contains(&count(kind)), "{kind:?}");
        }
    }

    #[test]
    fn an_answer_of_the_wrong_kind_is_wrong_and_its_time_does_not_count() {
        let mut tally = Tally::default();
        note(&mut tally, Kind::Good, Ok(200), 1.5);
        note(&mut tally, Kind::Trap, Ok(502), 9.0);
        note(&mut tally, Kind::Trap, Ok(200), 9.0);
        note(&mut tally, Kind::Good, Err(anyhow!("closed")), 9.0);
        assert_eq!(tally.millis, [1.5]);
        assert_eq!((tally.good, tally.trapped, tally.wrong), (1, 1, 2));
        assert_eq!(tally.all(), 4);
        assert_eq!(tally.first_wrong.as_deref(), Some("Trap: status 200"));
    }
}

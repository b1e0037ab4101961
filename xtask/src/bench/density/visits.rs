//! Requests to workloads chosen at random, one after the other, sorted by what had to be made first.

use super::manifests::host_name;
use crate::bench::client::{Connection, Request};
use anyhow::{Result, bail};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Instant;

/// How long requests took, in milliseconds.
#[derive(Default)]
pub(crate) struct Visits {
    /// The first to its component: if that has been idle for long, its code comes from the cache.
    pub(crate) cold: Vec<f64>,
    /// The first to a workload whose component was asked before.
    pub(crate) first: Vec<f64>,
    /// All others.
    pub(crate) later: Vec<f64>,
}

impl Visits {
    /// Sends `requests` requests to `workloads` workloads of `distinct` components.
    pub(crate) fn pay(
        addr: SocketAddr,
        workloads: u32,
        distinct: u32,
        requests: u32,
    ) -> Result<Self> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut visits = Self::default();
        let (mut components, mut known) = (BTreeSet::new(), BTreeSet::new());
        let mut connection = Connection::open(addr)?;
        for _ in 0..requests {
            let number = random.u32(..workloads);
            let request = Request::get(&host_name(number), "/");
            let start = Instant::now();
            let answer = connection.ask(&request)?;
            let millis = start.elapsed().as_secs_f64() * 1e3;
            if answer.status != 200 {
                bail!("{} answers status {}", host_name(number), answer.status);
            }
            if answer.closes {
                connection = Connection::open(addr)?;
            }
            let news = (
                components.insert(number.checked_rem(distinct)),
                known.insert(number),
            );
            visits.of_kind(news).push(millis);
        }
        Ok(visits)
    }

    fn of_kind(&mut self, (component, workload): (bool, bool)) -> &mut Vec<f64> {
        match (component, workload) {
            (true, _) => &mut self.cold,
            (false, true) => &mut self.first,
            (false, false) => &mut self.later,
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<f64> {
        [self.cold.as_slice(), &self.first, &self.later].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn requests_are_sorted_by_what_was_asked_before() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            for line in BufReader::new(&stream).lines().map_while(Result::ok) {
                if line.is_empty() {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    (&stream).write_all(answer).unwrap();
                }
            }
        });
        let visits = Visits::pay(addr, 10, 2, 200).unwrap();
        assert_eq!(visits.cold.len(), 2);
        assert_eq!(visits.first.len(), 8);
        assert_eq!(visits.later.len(), 190);
        assert_eq!(visits.all().len(), 200);
    }
}

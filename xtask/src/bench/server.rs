//! A server that is measured: started, asked until it answers, watched through /proc, and ended.

use super::client::{self, Answer, Request};
use crate::sh::Sh;
use anyhow::{Context, Result, bail};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::Child;
use std::time::Duration;

/// What the kernel counts processor time in, everywhere on Linux: a hundredth of a second.
const TICK: Duration = Duration::from_millis(10);
/// Compiling may come first.
const READY: Duration = Duration::from_secs(120);

/// A running server; it does not outlive this value.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) addr: SocketAddr,
}

/// What a process holds of the machine's memory, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Resident {
    /// All that is in memory.
    pub(crate) all: u64,
    /// Its own data.
    pub(crate) anonymous: u64,
    /// Mapped files, such as its program and compiled code from the cache.
    pub(crate) file: u64,
}

impl Server {
    /// Starts `command`, which is to listen on `addr`, with its output thrown away.
    pub(crate) fn start(command: Sh, addr: SocketAddr) -> Result<Self> {
        let child = command.silent().spawn()?;
        Ok(Self { child, addr })
    }

    /// Starts `command` and waits for the line of its standard output that says that it listens.
    pub(crate) fn start_listening(command: Sh, addr: SocketAddr, said: &str) -> Result<Self> {
        let mut server = Self {
            child: command.silent().spawn_read()?,
            addr,
        };
        let out = server.child.stdout.take().context("no standard output")?;
        for line in BufReader::new(out).lines() {
            if line?.contains(said) {
                return Ok(server);
            }
        }
        bail!("the server ended before it served; start it by hand to see its messages")
    }

    /// Waits until it answers `request` with status 200.
    pub(crate) fn ready(&mut self, request: &Request) -> Result<Answer> {
        let child = &mut self.child;
        let alive = || Ok(child.try_wait()?.is_none());
        client::wait_until_served(self.addr, request, READY, alive)
            .context("start it by hand to see its messages")
    }

    /// Processor time that it has used so far, in all its threads.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .context("the server has ended")?;
        processor_time(&stat, USED).context("/proc/PID/stat is not as expected")
    }

    /// What it holds of the memory.
    pub(crate) fn resident(&self) -> Result<Resident> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .context("the server has ended")?;
        resident(&status).context("/proc/PID/status is not as expected")
    }

    /// Ends it.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// Where a process's own time stands in its `stat`, counted after the name: user and system.
const USED: (usize, usize) = (11, 12);
/// The same of the children that it has waited for.
const USED_BY_CHILDREN: (usize, usize) = (13, 14);

/// Processor time of all children of this process that have ended.
pub(crate) fn time_of_ended_children() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    processor_time(&stat, USED_BY_CHILDREN).context("/proc/self/stat is not as expected")
}

fn processor_time(stat: &str, (user, system): (usize, usize)) -> Option<Duration> {
    // The name stands in parentheses and may hold anything, spaces and parentheses too.
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u32>().ok();
    Some(TICK * ticks(user)?.saturating_add(ticks(system)?))
}

fn resident(status: &str) -> Option<Resident> {
    let field = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().trim_end_matches(" kB").parse().ok()
    };
    Some(Resident {
        all: field("VmRSS:")?,
        anonymous: field("RssAnon:")?,
        file: field("RssFile:")?,
    })
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_strange_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 7 3 20 0 3 0 100";
        assert_eq!(
            processor_time(stat, USED),
            Some(Duration::from_millis(2000))
        );
        assert_eq!(
            processor_time(stat, USED_BY_CHILDREN),
            Some(Duration::from_millis(100))
        );
        assert_eq!(processor_time("7 (a", USED), None);
    }

    #[test]
    fn memory_is_read_by_kind() {
        let status = "Name:\tweft\nVmRSS:\t   5120 kB\nRssAnon:\t  4096 kB\nRssFile:\t  1024 kB\n";
        let expected = Resident {
            all: 5120,
            anonymous: 4096,
            file: 1024,
        };
        assert_eq!(resident(status), Some(expected));
        assert_eq!(resident("Name:\tweft\n"), None);
    }

    #[test]
    fn a_process_is_watched_and_does_not_outlive_its_value() {
        let addr = free_address().unwrap();
        let server = Server::start(Sh::new("sleep").arg("600"), addr).unwrap();
        assert!(server.resident().unwrap().all > 0);
        assert!(server.processor_time().unwrap() < Duration::from_secs(5));
        let id = server.child.id();
        drop(server);
        assert!(fs::read_to_string(format!("/proc/{id}/stat")).is_err());
    }

    #[test]
    fn a_server_that_never_listens_is_told() {
        let addr = free_address().unwrap();
        let error = Server::start_listening(Sh::new("echo").arg("no"), addr, "listening");
        assert!(error.is_err_and(|error| error.to_string().contains("ended before it served")));
    }
}

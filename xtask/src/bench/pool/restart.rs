//! The database breaks off and comes back while requests go on. What must not happen is a wrong answer; how long it takes
//! until all answers are right again is measured.

use super::crowd::{Crowd, Seen, Wanted};
use super::database::Database;
use super::{HOST, PATH};
use crate::bench::server::Server;
use anyhow::{Context, Result};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Clients that ask meanwhile.
const CLIENTS: usize = 16;
/// Requests go on for so long before, and after.
const AROUND: Duration = Duration::from_secs(4);
/// How long the database is away, besides its start.
const AWAY: Duration = Duration::from_secs(2);

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    /// Seconds from the database being there to the first of the right answers that no other followed.
    recoveries: Vec<f64>,
    pub(crate) wrong: usize,
    /// Requests that failed, in all.
    failed: usize,
    requests: usize,
}

/// Restarts the database so many times.
pub(crate) fn measure(server: &Server, database: &mut Database, times: u32) -> Result<Found> {
    let mut found = Found::default();
    for _ in 0..times {
        let wanted = || Wanted {
            host: HOST.to_owned(),
            path: PATH,
        };
        let crowd = Crowd::start(server.addr, std::iter::repeat_with(wanted).take(CLIENTS));
        sleep(AROUND / 4);
        database.tell("stop")?;
        sleep(AWAY);
        database.tell("start")?;
        let back = Instant::now();
        sleep(AROUND);
        let seen = crowd.stop();
        let recovery = recovery(&seen, back).context("no request was answered after a restart")?;
        found.recoveries.push(recovery.as_secs_f64());
        found.wrong += seen.iter().filter(|seen| seen.wrong).count();
        found.failed += seen.iter().filter(|seen| !seen.good).count();
        found.requests += seen.len();
    }
    Ok(found)
}

/// From `back` to the first right answer after the last that was none.
fn recovery(seen: &[Seen], back: Instant) -> Option<Duration> {
    let after = || seen.iter().filter(|seen| seen.at >= back);
    let last_bad = after().filter(|seen| !seen.good).map(|seen| seen.at).max();
    let since = last_bad.unwrap_or(back);
    let right = after().filter(|seen| seen.good && seen.at >= since);
    right.map(|seen| seen.at).min().map(|at| at - back)
}

impl Found {
    /// A sentence for the page.
    pub(crate) fn words(&self) -> String {
        let most = self.recoveries.iter().copied().fold(0.0, f64::max);
        format!(
            "The database was broken off and started again {} times while {CLIENTS} clients asked: {} requests, {} of them \
             failed, {} wrong answers; from the database taking connections to right answers for all that follow it \
             took {:.3} s (median), {most:.3} s at most.",
            self.recoveries.len(),
            self.requests,
            self.failed,
            self.wrong,
            crate::bench::stats::median(&self.recoveries),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_ends_with_the_first_right_answer_that_no_failure_follows() {
        let back = Instant::now();
        let seen = |millis: u64, good: bool| Seen {
            at: back + Duration::from_millis(millis),
            took: 0.0,
            good,
            wrong: false,
        };
        let all = [
            seen(10, true),
            seen(20, false),
            seen(30, true),
            seen(40, true),
        ];
        assert_eq!(recovery(&all, back), Some(Duration::from_millis(30)));
        assert_eq!(
            recovery(&[seen(5, true)], back),
            Some(Duration::from_millis(5))
        );
        assert_eq!(recovery(&[seen(5, false)], back), None);
    }
}

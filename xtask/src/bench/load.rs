//! The load generator: one call of oha, and what it found.

use super::cores::Cores;
use super::server::{Server, time_of_ended_children};
use super::stats::median;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How hard to press.
pub(crate) struct Load<'a> {
    pub(crate) oha: &'a Path,
    pub(crate) cores: &'a Cores,
    pub(crate) connections: u32,
}

/// What to ask for.
pub(crate) struct Target {
    pub(crate) host: &'static str,
    pub(crate) path: &'static str,
    /// A file with JSON to post; none = GET.
    pub(crate) body: Option<PathBuf>,
}

/// What a round of load found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Round {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// Answers that were not 200, and requests without an answer.
    pub(crate) errors: u64,
    /// Processor time of the server for each request, in microseconds.
    pub(crate) cost: f64,
    /// Share of its cores that the server used.
    pub(crate) server_busy: f64,
    /// Share of its cores that the load generator used.
    pub(crate) load_busy: f64,
}

impl Round {
    /// The medians of rounds, each figure by itself.
    pub(crate) fn middle(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&rounds.iter().map(figure).collect::<Vec<_>>());
        Self {
            requests: rounds.iter().map(|round| round.requests).sum(),
            per_second: of(|round| round.per_second),
            p50: of(|round| round.p50),
            p99: of(|round| round.p99),
            errors: rounds.iter().map(|round| round.errors).sum(),
            cost: of(|round| round.cost),
            server_busy: of(|round| round.server_busy),
            load_busy: of(|round| round.load_busy),
        }
    }
}

impl Load<'_> {
    /// Presses `server` for `time`: each connection asks again as soon as it is answered.
    pub(crate) fn press(&self, server: &Server, target: &Target, time: Duration) -> Result<Round> {
        let oha = self
            .cores
            .load(self.oha)
            .args(["--no-tui", "--output-format", "json"])
            .args(["-z", &format!("{}ms", time.as_millis())])
            .arg("--wait-ongoing-requests-after-deadline")
            .args(["-c", &self.connections.to_string()])
            .args(["--worker-threads", &self.cores.for_load().to_string()])
            .args(["--host", target.host]);
        let oha = match &target.body {
            Some(file) => oha
                .args(["-m", "POST", "-T", "application/json", "-D"])
                .arg(file),
            None => oha,
        };
        let before = (server.processor_time()?, time_of_ended_children()?);
        let report = oha
            .arg(format!("http://{}{}", server.addr, target.path))
            .read()?;
        let used = server.processor_time()?.saturating_sub(before.0);
        let own = time_of_ended_children()?.saturating_sub(before.1);
        let (mut round, wall) = read(&report)?;
        let busy = |time: Duration, cores: usize| time.as_secs_f64() / wall / cores as f64;
        round.cost = used.as_secs_f64() * 1e6 / round.requests.max(1) as f64;
        round.server_busy = busy(used, self.cores.for_server());
        round.load_busy = busy(own, self.cores.for_load());
        Ok(round)
    }
}

/// The part of oha's report that is used.
#[derive(Deserialize)]
struct Report {
    summary: Summary,
    #[serde(rename = "latencyPercentiles")]
    percentiles: BTreeMap<String, Option<f64>>,
    #[serde(rename = "statusCodeDistribution")]
    statuses: BTreeMap<String, u64>,
    #[serde(rename = "errorDistribution")]
    errors: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Summary {
    /// Seconds.
    total: f64,
}

/// Reads a report; answers the round, without the processor times, and how many seconds it took.
fn read(report: &str) -> Result<(Round, f64)> {
    let report: Report = serde_json::from_str(report).context("oha's report is not as expected")?;
    let answered: u64 = report.statuses.values().sum();
    let good = report.statuses.get("200").copied().unwrap_or_default();
    let unanswered: u64 = report.errors.values().sum();
    let millis = |name: &str| {
        let seconds = report.percentiles.get(name).copied().flatten();
        seconds.unwrap_or_default() * 1e3
    };
    let round = Round {
        requests: answered,
        per_second: good as f64 / report.summary.total,
        p50: millis("p50"),
        p99: millis("p99"),
        errors: answered - good + unanswered,
        ..Round::default()
    };
    Ok((round, report.summary.total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_rounds_is_taken_figure_by_figure() {
        let round = |per_second, p99| Round {
            requests: 100,
            per_second,
            p99,
            ..Round::default()
        };
        let middle = Round::middle(&[round(10.0, 3.0), round(30.0, 1.0), round(20.0, 2.0)]);
        assert_eq!((middle.per_second, middle.p99), (20.0, 2.0));
        assert_eq!(middle.requests, 300);
    }

    #[test]
    fn a_report_is_read_and_what_is_not_200_is_an_error() {
        let report = r#"{
            "summary": {"total": 2.0, "requestsPerSec": 9.0, "sizePerRequest": null},
            "latencyPercentiles": {"p50": 0.0015, "p99": 0.02},
            "statusCodeDistribution": {"200": 8, "503": 2},
            "errorDistribution": {"connection closed": 1}
        }"#;
        let (round, wall) = read(report).unwrap();
        let expected = Round {
            requests: 10,
            per_second: 4.0,
            p50: 1.5,
            p99: 20.0,
            errors: 3,
            ..Round::default()
        };
        assert_eq!((round, wall), (expected, 2.0));
    }

    #[test]
    fn a_round_without_an_answer_is_read_too() {
        let report = r#"{"summary": {"total": 1.0}, "latencyPercentiles": {"p50": null},
            "statusCodeDistribution": {}, "errorDistribution": {"refused": 4}}"#;
        let (round, _) = read(report).unwrap();
        assert_eq!((round.requests, round.errors), (0, 4));
        assert!(read("{}").is_err());
    }
}

//! `cargo xtask bench http`: weft beside `wasmtime serve`, with the same components and the same load generator, in
//! turn within one run, so that whatever else the machine does falls on both.

use super::cases::{self, CASES, Case, HOST, Servers, Side};
use super::client::{Answer, Request};
use super::cores::Cores;
use super::load::{Load, Round, Target};
use super::machine::Machine;
use super::page;
use super::server::Server;
use super::tools::{OHA, WASMTIME};
use super::{Subject, build_guests, component, scratch};
use crate::step::Steps;
use anyhow::{Result, bail};
use std::path::Path;
use std::time::Duration;

const WARM_UP: Duration = Duration::from_secs(2);
/// Above this share of its cores the load generator may be what is measured.
const LOAD_LIMIT: f64 = 0.9;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Rounds of each side; the medians are reported
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Length of a round
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Connections, each of which asks again as soon as it is answered
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Only this case; docs/src/benchmarks.md is left alone then
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(CASES.map(|case| case.name)))]
    case: Option<String>,
    /// One round of one second: whether it works; docs/src/benchmarks.md is left alone then
    #[arg(long)]
    quick: bool,
    /// Let server and load generator share all cores
    #[arg(long)]
    shared_cores: bool,
}

/// Measures all cases, prints the table and writes it into the page.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let machine = Machine::look()?;
    let wasmtime = WASMTIME.prepare(steps)?;
    let oha = OHA.prepare(steps)?;
    build_guests(steps)?;
    let weft = args.subject.program(steps)?;
    let scratch = scratch("http")?;
    let cores = Cores::of_this_machine(args.shared_cores)?;
    let bench = Bench {
        servers: Servers {
            weft: &weft,
            wasmtime: &wasmtime,
            cores: &cores,
            scratch: &scratch,
        },
        load: Load {
            oha: &oha,
            cores: &cores,
            connections: args.connections,
        },
        rounds: if args.quick { 1 } else { args.rounds },
        time: Duration::from_secs(if args.quick { 1 } else { args.seconds }),
    };
    let wanted = |case: &&Case| args.case.as_ref().is_none_or(|name| name == case.name);
    let mut results = Vec::new();
    for case in CASES.iter().filter(wanted) {
        let advice = "`--case NAME --quick` runs it alone";
        results.push(steps.run(case.title, advice, |steps| bench.case(steps, case))?);
    }
    let table = table(&results);
    page::columns(&table, 2)
        .iter()
        .for_each(|line| steps.say(line));
    let notes = notes(&results);
    notes.iter().for_each(|note| steps.say(note));
    if args.subject.is_release() && args.case.is_none() && !args.quick {
        let text = [
            machine.line(),
            format!(
                "The peer is {}, the load generator {}. Medians of {} rounds of {} s with {} connections; {}.",
                WASMTIME.title(),
                OHA.title(),
                bench.rounds,
                bench.time.as_secs(),
                args.connections,
                cores.describe()
            ),
            page::table(&table, 2),
            notes.join("\n"),
        ];
        page::write(steps, "http", &text.join("\n\n"))?;
    }
    let failed: u64 = results.iter().map(CaseResult::errors).sum();
    if failed > 0 {
        bail!("{failed} requests failed; figures with failures are worth nothing");
    }
    Ok(())
}

/// Everything that cases have in common.
struct Bench<'a> {
    servers: Servers<'a>,
    load: Load<'a>,
    rounds: u32,
    time: Duration,
}

/// What a case found.
struct CaseResult {
    case: &'static Case,
    /// In the order of [`Side::ALL`].
    sides: [Round; 3],
    /// The most that the load generator used of its cores, and the least that a server did.
    busy: (f64, f64),
    errors: u64,
}

impl CaseResult {
    fn errors(&self) -> u64 {
        self.errors
    }
}

impl Bench<'_> {
    fn case(&self, steps: &Steps, case: &'static Case) -> Result<CaseResult> {
        let component = component(case.guest)?;
        let target = Target {
            host: HOST,
            path: case.path,
            body: case
                .posts
                .then(|| cases::write_json(self.servers.scratch))
                .transpose()?,
        };
        let servers = self.start(case, &component)?;
        for (_, server) in &servers {
            self.load.press(server, &target, WARM_UP.min(self.time))?;
        }
        let mut rounds: [Vec<Round>; 3] = Default::default();
        for turn in 0..self.rounds {
            // Each begins in its turn, so that none always comes after the same other one.
            for step in 0..servers.len() {
                let index = (turn as usize + step) % servers.len();
                if let (Some((side, server)), Some(rounds)) =
                    (servers.get(index), rounds.get_mut(index))
                {
                    let round = self.load.press(server, &target, self.time)?;
                    steps.say(line(side.name(), &round));
                    rounds.push(round);
                }
            }
        }
        for (_, server) in servers {
            server.stop()?;
        }
        let all = || rounds.iter().flatten();
        Ok(CaseResult {
            case,
            busy: (
                all().map(|round| round.load_busy).fold(0.0, f64::max),
                all().map(|round| round.server_busy).fold(1.0, f64::min),
            ),
            errors: all().map(|round| round.errors).sum(),
            sides: rounds.map(|rounds| Round::middle(&rounds)),
        })
    }

    /// Starts all sides and compares what they answer.
    fn start(&self, case: &Case, component: &Path) -> Result<Vec<(Side, Server)>> {
        let request = if case.posts {
            Request::post_json(HOST, case.path, &cases::json())
        } else {
            Request::get(HOST, case.path)
        };
        let mut servers = Vec::new();
        let mut first: Option<Answer> = None;
        for side in Side::ALL {
            let mut server = self.servers.start(case, component, side)?;
            let answer = server.ready(&request)?;
            let expected = first.get_or_insert_with(|| answer.clone());
            if answer != *expected {
                let (side, bytes) = (side.name(), answer.body.len());
                bail!(
                    "{side} does not answer what weft answers: status {}, {bytes} bytes of `{}`",
                    answer.status,
                    answer.content_type
                );
            }
            servers.push((side, server));
        }
        if case.posts && first.is_some_and(|answer| answer.body != cases::json()) {
            bail!("the JSON does not come back as it was sent");
        }
        Ok(servers)
    }
}

fn line(name: &str, round: &Round) -> String {
    format!(
        "{name:<14} {:>9} req/s  p50 {:>7.3} ms  p99 {:>7.3} ms  {:>6.1} µs of processor each  errors {}",
        page::count(round.per_second),
        round.p50,
        round.p99,
        round.cost,
        round.errors
    )
}

fn table(results: &[CaseResult]) -> Vec<Vec<String>> {
    let head = [
        "Case",
        "Side",
        "req/s",
        "p50, ms",
        "p99, ms",
        "CPU µs / req",
        "Errors",
        "req/s, of the peer's",
        "p99, of the peer's",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for result in results {
        let [.., peer] = &result.sides;
        for (side, round) in Side::ALL.iter().zip(&result.sides) {
            let of_peer = |ours: f64, theirs: f64| match side {
                Side::Peer => String::new(),
                Side::Weft | Side::Quiet => format!("{:.2}", ours / theirs),
            };
            let title = match side {
                Side::Weft => result.case.title,
                Side::Quiet | Side::Peer => "",
            };
            rows.push(vec![
                title.to_owned(),
                side.name().to_owned(),
                page::count(round.per_second),
                format!("{:.3}", round.p50),
                format!("{:.3}", round.p99),
                format!("{:.1}", round.cost),
                round.errors.to_string(),
                of_peer(round.per_second, peer.per_second),
                of_peer(round.p99, peer.p99),
            ]);
        }
    }
    rows
}

/// What a reader has to know about single figures.
fn notes(results: &[CaseResult]) -> Vec<String> {
    let mut notes = Vec::new();
    for result in results {
        let (load, server) = result.busy;
        if load > LOAD_LIMIT {
            notes.push(format!(
                "{}: the load generator used {:.0} % of its cores, so that it may be what limits the figure; the \
                 processor time for each request is not touched by that.",
                result.case.title,
                load * 100.0
            ));
        }
        if server < LOAD_LIMIT {
            notes.push(format!(
                "{}: a server used only {:.0} % of its cores, so that requests a second do not show all that it can.",
                result.case.title,
                server * 100.0
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(per_second: f64, p99: f64) -> Round {
        Round {
            requests: 100,
            per_second,
            p99,
            server_busy: 1.0,
            ..Round::default()
        }
    }

    fn result(sides: [Round; 3], busy: (f64, f64)) -> CaseResult {
        let [case, ..] = &CASES;
        CaseResult {
            case,
            sides,
            busy,
            errors: 0,
        }
    }

    #[test]
    fn ratios_are_ours_to_the_peers() {
        let sides = [round(120.0, 5.0), round(150.0, 4.0), round(100.0, 10.0)];
        let rows = table(&[result(sides, (0.5, 1.0))]);
        let ratios: Vec<&[String]> = rows.iter().map(|row| &row[7..]).collect();
        assert_eq!(ratios[1], ["1.20", "0.50"]);
        assert_eq!(ratios[2], ["1.50", "0.40"]);
        assert_eq!(ratios[3], ["", ""]);
    }

    #[test]
    fn a_figure_that_the_load_generator_limits_is_pointed_out() {
        let sides = || [round(1.0, 1.0), round(1.0, 1.0), round(1.0, 1.0)];
        assert!(notes(&[result(sides(), (0.5, 0.99))]).is_empty());
        let notes = notes(&[result(sides(), (0.97, 0.6))]);
        assert!(notes[0].contains("load generator used 97 %"), "{notes:?}");
        assert!(notes[1].contains("only 60 %"), "{notes:?}");
    }
}

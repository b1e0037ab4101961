//! `cargo xtask bench telemetry`: what traces cost the hello of `bench http`, beside the same server without telemetry.
//!
//! The collector runs on the load generator's cores: what it does is not the server's cost.

mod collector;

use super::cases::{CASES, Case, HOST, manifest};
use super::client::{Connection, Request};
use super::cores::Cores;
use super::load::{Load, Round, Target};
use super::machine::Machine;
use super::page;
use super::server::{Server, free_address};
use super::tools::OHA;
use super::{Subject, build_guests, component, scratch};
use crate::sh::Sh;
use crate::step::Steps;
use anyhow::{Context, Result, bail};
use collector::Collector;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

const WARM_UP: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Rounds of each side; the medians are reported
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Length of a round
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Connections, each of which asks again as soon as it is answered
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// One round of one second: whether it works; docs/src/benchmarks.md is left alone then
    #[arg(long)]
    quick: bool,
}

/// How much is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recorded {
    /// There is no telemetry.
    Off,
    /// Trace ids are made and passed on; nothing is recorded.
    None,
    /// One request of ten: what the aim is about.
    Tenth,
    All,
}

/// Which of the hellos of `bench http`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hello {
    /// An instance for each request: what a manifest gets that says nothing of instances.
    Fresh,
    /// Instances that are used again: the cheapest request that there is, so that all else weighs most.
    Reused,
}

impl Hello {
    fn case(self) -> &'static Case {
        let [fresh, reused, ..] = &CASES;
        match self {
            Self::Fresh => fresh,
            Self::Reused => reused,
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Side {
    hello: Hello,
    recorded: Recorded,
    /// A line of the log for each request, as people run it; each line of a recorded request is a log record too.
    lines: bool,
}

impl Side {
    /// Each group begins with the side that the others are compared with.
    const ALL: [Self; 10] = [
        Self::new(Hello::Fresh, Recorded::Off, false),
        Self::new(Hello::Fresh, Recorded::None, false),
        Self::new(Hello::Fresh, Recorded::Tenth, false),
        Self::new(Hello::Reused, Recorded::Off, false),
        Self::new(Hello::Reused, Recorded::None, false),
        Self::new(Hello::Reused, Recorded::Tenth, false),
        Self::new(Hello::Reused, Recorded::All, false),
        Self::new(Hello::Reused, Recorded::Off, true),
        Self::new(Hello::Reused, Recorded::None, true),
        Self::new(Hello::Reused, Recorded::Tenth, true),
    ];

    const fn new(hello: Hello, recorded: Recorded, lines: bool) -> Self {
        Self {
            hello,
            recorded,
            lines,
        }
    }

    fn title(self) -> String {
        let recorded = match self.recorded {
            Recorded::Off => "no telemetry",
            Recorded::None => "on, no trace recorded",
            Recorded::Tenth => "on, one trace of ten",
            Recorded::All => "on, every trace",
        };
        let lines = if self.lines { ", log lines" } else { "" };
        format!("{}: {recorded}{lines}", self.hello.case().name)
    }

    fn tell(self, collector: &Collector, server: Sh) -> Sh {
        let sampler = match self.recorded {
            Recorded::Off => return server,
            Recorded::None => "always_off",
            Recorded::Tenth => "parentbased_traceidratio",
            Recorded::All => "always_on",
        };
        collector
            .told_to(server)
            .env("OTEL_TRACES_SAMPLER", sampler)
            .env("OTEL_TRACES_SAMPLER_ARG", "0.1")
    }
}

/// A running side.
struct Running {
    side: Side,
    server: Server,
    admin: SocketAddr,
    rounds: Vec<Round>,
}

/// Measures all sides in turn, prints the table and writes it into the page.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let machine = Machine::look()?;
    let oha = OHA.prepare(steps)?;
    build_guests(steps)?;
    let weft = args.subject.program(steps)?;
    let cores = Cores::of_this_machine(false)?;
    let collector = Collector::start()?;
    let load = Load {
        oha: &oha,
        cores: &cores,
        connections: args.connections,
    };
    let time = Duration::from_secs(if args.quick { 1 } else { args.seconds });
    let rounds = if args.quick { 1 } else { args.rounds };
    let advice = "`--quick` runs it for a moment";
    let sides = steps.run("hellos with and without telemetry", advice, |steps| {
        let mut sides = start(&weft, &cores, &collector)?;
        measure(steps, &mut sides, &load, rounds, time)?;
        Ok(sides)
    })?;
    let table = table(&sides);
    let lines = page::columns(&table, 1);
    lines.iter().for_each(|line| steps.say(line));
    let mut notes = vec![format!(
        "The collector was sent {} MB.",
        collector.bytes() >> 20
    )];
    for running in &sides {
        notes.extend(fate(running)?);
    }
    notes.iter().for_each(|note| steps.say(note));
    if args.subject.is_release() && !args.quick {
        let text = [
            machine.line(),
            format!(
                "With `--quiet` but for the sides with log lines. Medians of {rounds} rounds of {} s with {} connections; {}.",
                time.as_secs(),
                args.connections,
                cores.describe()
            ),
            page::table(&table, 1),
            notes.join("\n"),
        ];
        page::write(steps, "telemetry", &text.join("\n\n"))?;
    }
    let failed: u64 = sides
        .iter()
        .flat_map(|side| &side.rounds)
        .map(|round| round.errors)
        .sum();
    if failed > 0 {
        bail!("{failed} requests failed; figures with failures are worth nothing");
    }
    Ok(())
}

fn start(weft: &Path, cores: &Cores, collector: &Collector) -> Result<Vec<Running>> {
    let scratch = scratch("telemetry")?;
    let one = |side: Side| {
        let case = side.hello.case();
        let file = scratch.join(format!("{}.yaml", case.name));
        fs::write(&file, manifest(case, &component(case.guest)?))?;
        let (addr, admin) = (free_address()?, free_address()?);
        let command = cores.server(weft).args(["run"]);
        let command = command.args(["--addr", &addr.to_string()]);
        let command = command.args(["--admin-addr", &admin.to_string()]);
        let command = command.arg("--cache-dir").arg(scratch.join("cache"));
        let mut server = Server::start(side.tell(collector, command.arg(&file)), addr)?;
        server.ready(&Request::get(HOST, case.path))?;
        Ok(Running {
            side,
            server,
            admin,
            rounds: Vec::new(),
        })
    };
    Side::ALL.into_iter().map(one).collect()
}

fn measure(
    steps: &Steps,
    sides: &mut [Running],
    load: &Load<'_>,
    rounds: u32,
    time: Duration,
) -> Result<()> {
    let press = |running: &Running, time| {
        let target = Target {
            host: HOST,
            path: running.side.hello.case().path,
            body: None,
        };
        load.press(&running.server, &target, time)
    };
    for running in &*sides {
        press(running, WARM_UP.min(time))?;
    }
    for turn in 0..rounds as usize {
        // Each begins in its turn, so that none always comes after the same other one.
        let first = turn % sides.len();
        let (before, after) = sides.split_at_mut(first);
        for running in after.iter_mut().chain(before) {
            let round = press(running, time)?;
            steps.say(format_args!(
                "{:<46} {:>9} req/s  {:>6.1} µs of processor each",
                running.side.title(),
                page::count(round.per_second),
                round.cost
            ));
            running.rounds.push(round);
        }
    }
    Ok(())
}

fn table(sides: &[Running]) -> Vec<Vec<String>> {
    let head = [
        "Telemetry",
        "req/s",
        "p99, ms",
        "CPU µs / req",
        "req/s, of those without",
        "CPU, of that without",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut without = Round::default();
    for running in sides {
        let round = Round::middle(&running.rounds);
        if running.side.recorded == Recorded::Off {
            without = round.clone();
        }
        rows.push(vec![
            running.side.title(),
            page::count(round.per_second),
            format!("{:.3}", round.p99),
            format!("{:.1}", round.cost),
            format!("{:.2}", round.per_second / without.per_second),
            format!("{:.2}", round.cost / without.cost),
        ]);
    }
    rows
}

/// What became of a side's spans, if it made any.
fn fate(running: &Running) -> Result<Option<String>> {
    let page = Connection::open(running.admin)?.ask(&Request::get(HOST, "/metrics"))?;
    let page = String::from_utf8(page.body).context("the metrics are no text")?;
    let spans = |name: &str| {
        let of_traces = |line: &&str| line.starts_with(name) && line.contains("traces");
        let values = page.lines().filter(of_traces);
        let values = values.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        values.sum::<f64>()
    };
    let (sent, lost) = (
        spans("weft_telemetry_sent_total"),
        spans("weft_telemetry_dropped_total"),
    );
    Ok((sent + lost > 0.0).then(|| {
        let requests: u64 = running.rounds.iter().map(|round| round.requests).sum();
        format!(
            "{}: {requests} requests, {} spans sent, {} dropped because the queue was full or the collector refused.",
            running.side.title(),
            page::count(sent),
            page::count(lost)
        )
    }))
}

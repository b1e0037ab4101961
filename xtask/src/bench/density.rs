//! `cargo xtask bench density`: thousands of idle workloads in one weft. What each holds of the memory, how many start
//! in a second when their code is in the cache, and how long a request to any of them takes.

mod manifests;
mod visits;

use super::cores::Cores;
use super::machine::Machine;
use super::server::{Resident, Server, free_address};
use super::stats::percentile;
use super::{Subject, build_guests, component, page, scratch};
use crate::step::Steps;
use anyhow::{Context, Result};
use manifests::{Manifests, few};
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};
use visits::Visits;

/// What a host says on its standard output when all has been started.
const LISTENING: &str = "\"listening\"";
/// What is freed after a start is freed by then.
const SETTLE: Duration = Duration::from_secs(3);

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// How many workloads
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    workloads: u32,
    /// How many different components they are made of; each is compiled once
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    distinct: u32,
    /// Seconds to lie idle before the second look at memory; weft drops code that lay unused for five minutes
    #[arg(long, default_value_t = 330)]
    idle: u64,
    /// Requests to workloads chosen at random
    #[arg(long, default_value_t = 20_000)]
    requests: u32,
    /// A hundred workloads: whether it works; docs/src/benchmarks.md is left alone then
    #[arg(long)]
    quick: bool,
    /// Let server and client share all cores
    #[arg(long)]
    shared_cores: bool,
}

/// Measures, prints and writes the page.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let machine = Machine::look()?;
    build_guests(steps)?;
    let weft = args.subject.program(steps)?;
    let scratch = scratch("density")?;
    let bench = Bench {
        weft,
        cores: Cores::of_this_machine(args.shared_cores)?,
        cache: scratch.join("cache"),
        plan: args.plan(),
    };
    let Plan {
        workloads,
        distinct,
        requests,
        ..
    } = bench.plan;
    let original = fs::read(component("examples/hello")?).context("cannot read the component")?;
    let manifests = Manifests::write(&scratch, &original, workloads, distinct)?;
    let title = format!("compile {distinct} components into the cache");
    steps.run(&title, "", |_| bench.start(&manifests.apart)?.server.stop())?;
    let found = steps.run(&format!("{workloads} workloads"), "", |_| {
        bench.measure(&manifests)
    })?;
    let table = found.table();
    page::columns(&table, 3)
        .iter()
        .for_each(|line| steps.say(line));
    if args.subject.is_release() && !args.quick {
        let text = format!(
            "{}\n\n{} workloads of {distinct} different components; {} requests over one connection to workloads \
             chosen at random; {}.\n\n{}",
            machine.line(),
            page::count(f64::from(workloads)),
            page::count(f64::from(requests)),
            bench.cores.describe(),
            page::table(&table, 3)
        );
        page::write(steps, "density", &text)?;
    }
    Ok(())
}

/// How much is done.
#[derive(Clone, Copy)]
struct Plan {
    workloads: u32,
    distinct: u32,
    requests: u32,
    idle: Duration,
}

impl Args {
    fn plan(&self) -> Plan {
        if self.quick {
            return Plan {
                workloads: 100,
                distinct: 10,
                requests: 1000,
                idle: Duration::ZERO,
            };
        }
        Plan {
            workloads: self.workloads,
            distinct: self.distinct.min(self.workloads),
            requests: self.requests,
            idle: Duration::from_secs(self.idle),
        }
    }
}

/// How hosts are started.
struct Bench {
    weft: PathBuf,
    cores: Cores,
    cache: PathBuf,
    plan: Plan,
}

/// A host on which everything has been started.
struct Started {
    server: Server,
    took: Duration,
}

impl Bench {
    fn start(&self, manifests: &[PathBuf]) -> Result<Started> {
        let addr = free_address()?;
        let command = self
            .cores
            .server(&self.weft)
            .args(["--quiet", "--output", "json", "run", "--addr"])
            .arg(addr.to_string())
            .arg("--cache-dir")
            .arg(&self.cache)
            .args(manifests);
        let start = Instant::now();
        let server = Server::start_listening(command, addr, LISTENING)?;
        Ok(Started {
            server,
            took: start.elapsed(),
        })
    }

    fn measure(&self, manifests: &Manifests) -> Result<Found> {
        let plan = self.plan;
        let few = self.start(&manifests.few)?.server;
        let apart = self.start(&manifests.apart)?.server;
        let Started { server: all, took } = self.start(&manifests.all)?;
        thread::sleep(SETTLE); // memory that is freed sends no event
        let look = || {
            Ok::<_, anyhow::Error>(Look {
                few: few.resident()?,
                apart: apart.resident()?,
                all: all.resident()?,
            })
        };
        let started = look()?;
        let idle = if plan.idle.is_zero() {
            None
        } else {
            thread::sleep(plan.idle); // what is measured is what happens when nothing happens
            Some(look()?)
        };
        apart.stop()?;
        self.cores.become_load()?;
        let visits = Visits::pay(all.addr, plan.workloads, plan.distinct, plan.requests)?;
        thread::sleep(SETTLE);
        let visited = Look {
            all: all.resident()?,
            ..idle.unwrap_or(started)
        };
        all.stop()?;
        few.stop()?;
        Ok(Found {
            plan,
            start: took,
            started,
            idle,
            visits,
            visited,
        })
    }
}

/// A look at the memory of all hosts at the same time.
#[derive(Clone, Copy)]
struct Look {
    /// A few workloads that share nothing, to compare with.
    few: Resident,
    /// Workloads that share nothing.
    apart: Resident,
    /// All workloads.
    all: Resident,
}

/// What was found.
struct Found {
    plan: Plan,
    start: Duration,
    /// Right after the start.
    started: Look,
    /// After lying idle, if that was waited for.
    idle: Option<Look>,
    visits: Visits,
    /// After the requests, which went to the host with all workloads.
    visited: Look,
}

impl Found {
    fn table(&self) -> Vec<Vec<String>> {
        let head = ["Figure", "Found", "Aim"].map(str::to_owned).to_vec();
        [vec![head], self.memory(), self.times()].concat()
    }

    fn memory(&self) -> Vec<Vec<String>> {
        let Plan {
            workloads,
            distinct,
            ..
        } = self.plan;
        let looks = [
            ("right after the start", Some(&self.started)),
            ("idle", self.idle.as_ref()),
        ];
        let mut rows = Vec::new();
        for (when, look) in looks
            .iter()
            .filter_map(|(when, look)| Some((when, (*look)?)))
        {
            let own = format!(
                "memory for each of {distinct} workloads with a component of its own, {when}"
            );
            rows.push(row(
                &own,
                self.each(look, look.apart, distinct),
                "300 KiB at most",
            ));
            let shared = format!("memory for each of {workloads} workloads, {when}");
            rows.push(row(
                &shared,
                self.each(look, look.all, workloads),
                "300 KiB at most",
            ));
        }
        let visited = format!("memory for each of {workloads} workloads, after the requests");
        let look = self.visited;
        rows.push(row(&visited, self.each(&look, look.all, workloads), ""));
        let title = format!("memory of a whole host with {} workloads", few(distinct));
        let whole = format!("{:.1} MiB", self.started.few.all as f64 / 1024.0);
        rows.push(row(&title, whole, ""));
        rows
    }

    /// What `workloads` workloads add to a host with a few of them, for each.
    fn each(&self, look: &Look, many: Resident, workloads: u32) -> String {
        let others = workloads.saturating_sub(few(self.plan.distinct)).max(1);
        let each = |of: fn(&Resident) -> u64| {
            (of(&many) as f64 - of(&look.few) as f64) / f64::from(others)
        };
        format!(
            "{:.1} KiB, of it {:.1} mapped code",
            each(|resident| resident.all),
            each(|resident| resident.file)
        )
    }

    fn times(&self) -> Vec<Vec<String>> {
        let Visits { cold, first, later } = &self.visits;
        let all = self.visits.all();
        let rate = f64::from(self.plan.workloads) / self.start.as_secs_f64();
        let cold_title = if self.idle.is_some() {
            "the first request to a component, whose code comes from the cache"
        } else {
            "the first request to a component"
        };
        let times = |values: &[f64]| {
            let [p50, p99] = [50.0, 99.0].map(|percent| percentile(values, percent));
            format!("p50 {p50:.2} ms, p99 {p99:.2} ms")
        };
        vec![
            row(
                "starts a second, code in the cache",
                page::count(rate),
                "500 at least",
            ),
            row(
                "request to a random workload",
                times(&all),
                "p99 5 ms at most",
            ),
            row(cold_title, times(cold), ""),
            row("the first to a workload, code in memory", times(first), ""),
            row("all other requests", times(later), ""),
        ]
    }
}

fn row(what: &str, found: String, aim: &str) -> Vec<String> {
    vec![what.to_owned(), found, aim.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resident(all: u64) -> Resident {
        Resident {
            all,
            anonymous: all / 2,
            file: all / 2,
        }
    }

    fn look(few: u64, apart: u64, all: u64) -> Look {
        Look {
            few: resident(few),
            apart: resident(apart),
            all: resident(all),
        }
    }

    fn found(idle: Option<Look>) -> Found {
        Found {
            plan: Plan {
                workloads: 1001,
                distinct: 10,
                requests: 100,
                idle: Duration::ZERO,
            },
            start: Duration::from_secs(2),
            started: look(10_000, 20_000, 110_000),
            idle,
            visits: Visits {
                cold: vec![9.0],
                first: vec![4.0],
                later: vec![1.0; 98],
            },
            visited: look(10_000, 20_000, 210_000),
        }
    }

    fn value(found: &Found, what: &str) -> String {
        let rows = found.table();
        let row = rows.iter().find(|row| row[0].starts_with(what));
        row.map(|row| row[1].clone()).unwrap_or_default()
    }

    #[test]
    fn memory_is_what_the_others_add_to_a_few() {
        let found = found(Some(look(8_000, 9_000, 9_000)));
        let started = "memory for each of 1001 workloads, right after the start";
        assert_eq!(value(&found, started), "100.0 KiB, of it 50.0 mapped code");
        let apart = "memory for each of 10 workloads with a component of its own, right after";
        assert_eq!(value(&found, apart), "1111.1 KiB, of it 555.6 mapped code");
        let idle = "memory for each of 1001 workloads, idle";
        assert_eq!(value(&found, idle), "1.0 KiB, of it 0.5 mapped code");
        assert_eq!(value(&found, "memory of a whole host with 1 "), "9.8 MiB");
    }

    #[test]
    fn times_are_told_by_what_had_to_be_made_first() {
        let found = found(None);
        assert_eq!(value(&found, "starts a second"), "500");
        assert_eq!(
            value(&found, "request to a random"),
            "p50 1.00 ms, p99 4.00 ms"
        );
        assert_eq!(
            value(&found, "the first request to a component"),
            "p50 9.00 ms, p99 9.00 ms"
        );
        assert_eq!(value(&found, "memory for each of 1001 workloads, idle"), "");
    }
}

//! `cargo xtask bench density`: thousands of idle workloads in one weft. What each holds of the memory, how many start
//! in a second when their code is in the cache, and how long a request to any of them takes.

use super::client::{Connection, Request};
use super::cores::Cores;
use super::machine::Machine;
use super::server::{Resident, Server, free_address};
use super::stats::percentile;
use super::workloads::{Reuse, Workload};
use super::{Subject, build_guests, component, page, scratch};
use crate::sh::Sh;
use crate::step::Steps;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Workloads in one manifest: a file may have 4 MiB.
const IN_A_FILE: usize = 500;
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
    let host = Host {
        weft,
        cores: Cores::of_this_machine(args.shared_cores)?,
        cache: scratch.join("cache"),
    };
    let plan = args.plan();
    let (workloads, distinct) = (plan.workloads, plan.distinct);
    let (one, all) = manifests(&scratch, workloads, distinct)?;
    let title = format!("compile {distinct} components into the cache");
    steps.run(&title, "", |_| host.start(&all)?.server.stop())?;
    let found = steps.run(&format!("{workloads} workloads"), "", |_| {
        measure(&host, &one, &all, &plan)
    })?;
    let table = found.table(workloads);
    page::columns(&table)
        .iter()
        .for_each(|line| steps.say(line));
    if args.subject.is_release() && !args.quick {
        let text = format!(
            "{}\n\n{workloads} workloads of {distinct} different components; {} requests over one connection to \
             workloads chosen at random; {}.\n\n{}",
            machine.line(),
            page::count(f64::from(plan.requests)),
            host.cores.describe(),
            page::table(&table)
        );
        page::write(steps, "density", &text)?;
    }
    Ok(())
}

/// How much is done.
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

/// How a host is started.
struct Host {
    weft: PathBuf,
    cores: Cores,
    cache: PathBuf,
}

/// A host on which everything has been started.
struct Started {
    server: Server,
    took: Duration,
}

impl Host {
    fn start(&self, manifests: &[PathBuf]) -> Result<Started> {
        let addr = free_address()?;
        let command: Sh = self
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
}

/// What was found.
struct Found {
    /// With one workload.
    alone: Resident,
    start: Duration,
    /// Right after the start.
    started: Resident,
    /// After lying idle, if it was waited for that.
    idle: Option<Resident>,
    /// After the requests.
    used: Resident,
    /// Milliseconds: of the first request to each workload, and of all others.
    first: Vec<f64>,
    later: Vec<f64>,
}

fn measure(host: &Host, one: &[PathBuf], all: &[PathBuf], plan: &Plan) -> Result<Found> {
    let settled = |server: &Server| {
        thread::sleep(SETTLE); // memory that is freed sends no event
        server.resident()
    };
    let Started { server, .. } = host.start(one)?;
    let alone = settled(&server)?;
    server.stop()?;
    let Started { server, took } = host.start(all)?;
    let started = settled(&server)?;
    let idle = (!plan.idle.is_zero()).then(|| {
        thread::sleep(plan.idle); // what is measured is what happens when nothing happens
        server.resident()
    });
    let idle = idle.transpose()?;
    host.cores.become_load()?;
    let (first, later) = ask_around(server.addr, plan.workloads, plan.requests)?;
    let used = settled(&server)?;
    server.stop()?;
    Ok(Found {
        alone,
        start: took,
        started,
        idle,
        used,
        first,
        later,
    })
}

/// Asks workloads chosen at random, one request after the other. Answers milliseconds of first and later requests.
fn ask_around(addr: SocketAddr, workloads: u32, requests: u32) -> Result<(Vec<f64>, Vec<f64>)> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut known = BTreeSet::new();
    let (mut first, mut later) = (Vec::new(), Vec::new());
    let mut connection = Connection::open(addr)?;
    for _ in 0..requests {
        let number = random.u32(..workloads);
        let request = Request::get(&host_name(number), "/");
        let start = Instant::now();
        let answer = connection.ask(&request)?;
        let millis = start.elapsed().as_secs_f64() * 1e3;
        if answer.status != 200 {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            bail!(
                "{} answers status {}: {body}",
                host_name(number),
                answer.status
            );
        }
        if answer.closes {
            connection = Connection::open(addr)?;
        }
        let of_its_kind = if known.insert(number) {
            &mut first
        } else {
            &mut later
        };
        of_its_kind.push(millis);
    }
    Ok((first, later))
}

impl Found {
    fn table(&self, workloads: u32) -> Vec<Vec<String>> {
        let others = f64::from(workloads.saturating_sub(1).max(1));
        let each = |of: fn(&Resident) -> u64, now: &Resident| {
            (of(now) as f64 - of(&self.alone) as f64) / others
        };
        let all: Vec<f64> = self.first.iter().chain(&self.later).copied().collect();
        let rate = f64::from(workloads) / self.start.as_secs_f64();
        let row =
            |what: &str, found: String, aim: &str| vec![what.to_owned(), found, aim.to_owned()];
        let kib = |value: f64| format!("{value:.1} KiB");
        let ms = |values: &[f64], percent: f64| format!("{:.2} ms", percentile(values, percent));
        let mut rows = vec![row("Figure", "Found".to_owned(), "Aim")];
        let looks = [
            ("right after the start", Some(&self.started)),
            ("idle, their code dropped", self.idle.as_ref()),
            ("after the requests", Some(&self.used)),
        ];
        for (when, resident) in looks
            .iter()
            .filter_map(|(when, look)| Some((when, (*look)?)))
        {
            let memory = format!(
                "{} ({} own, {} files)",
                kib(each(|resident| resident.all, resident)),
                kib(each(|resident| resident.anonymous, resident)),
                kib(each(|resident| resident.file, resident))
            );
            let what = format!("resident for each workload, {when}");
            rows.push(row(&what, memory, "300 KiB at most"));
        }
        rows.extend([
            row(
                "the host with one workload",
                format!("{:.1} MiB", self.alone.all as f64 / 1024.0),
                "",
            ),
            row(
                "starts a second, code in the cache",
                page::count(rate),
                "500 at least",
            ),
            row("request to a random one, p50", ms(&all, 50.0), ""),
            row(
                "request to a random one, p99",
                ms(&all, 99.0),
                "5 ms at most",
            ),
            row(
                "the first request to a workload, p99",
                ms(&self.first, 99.0),
                "",
            ),
            row("later requests, p99", ms(&self.later, 99.0), ""),
        ]);
        rows
    }
}

fn host_name(number: u32) -> String {
    format!("w{number}.density.test")
}

/// Writes components and manifests; answers the manifest of one workload, and those of all.
fn manifests(
    scratch: &Path,
    workloads: u32,
    distinct: u32,
) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let original = component("examples/hello")?;
    let original = fs::read(&original).context("cannot read the component")?;
    let components = (0..distinct)
        .map(|number| {
            let file = scratch.join(format!("component-{number}.wasm"));
            fs::write(&file, variant(&original, number))?;
            Ok(file)
        })
        .collect::<Result<Vec<_>>>()?;
    let documents: Vec<String> = (0..workloads)
        .zip(components.iter().cycle())
        .map(|(number, component)| document(number, component))
        .collect();
    let one = scratch.join("one.yaml");
    fs::write(&one, documents.first().context("no workload")?)?;
    let mut all = Vec::new();
    for (index, documents) in documents.chunks(IN_A_FILE).enumerate() {
        let file = scratch.join(format!("workloads-{index}.yaml"));
        fs::write(&file, documents.concat())?;
        all.push(file);
    }
    Ok((vec![one], all))
}

fn document(number: u32, component: &Path) -> String {
    let workload = Workload {
        name: &format!("w{number}"),
        host: &host_name(number),
        component,
        reuse: Reuse::NONE,
        capabilities: true,
    };
    workload.document()
}

/// A component that does the same as `original` and is another file: a section that nobody reads says which.
fn variant(original: &[u8], number: u32) -> Vec<u8> {
    const CUSTOM: u8 = 0;
    const NAME: &[u8] = b"variant";
    let number = number.to_le_bytes();
    // Both lengths are below 128, which LEB128 writes as they are.
    let section = [&[NAME.len() as u8], NAME, &number].concat();
    [original, &[CUSTOM, section.len() as u8], &section].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_has_one_more_section_with_its_number() {
        let variant = variant(b"\0asm\x0d\0\x01\0", 0x0102);
        let expected = b"\0asm\x0d\0\x01\0\0\x0c\x07variant\x02\x01\0\0";
        assert_eq!(variant, expected);
    }

    #[test]
    fn memory_is_what_the_others_add_to_the_first() {
        let resident = |all: u64| Resident {
            all,
            anonymous: all / 2,
            file: all / 2,
        };
        let found = Found {
            alone: resident(10_000),
            start: Duration::from_secs(2),
            started: resident(110_000),
            idle: None,
            used: resident(210_000),
            first: vec![4.0],
            later: vec![1.0; 99],
        };
        let rows = found.table(1001);
        let value = |what: &str| {
            let row = rows.iter().find(|row| row[0] == what).unwrap();
            row[1].clone()
        };
        assert_eq!(
            value("resident for each workload, right after the start"),
            "100.0 KiB (50.0 KiB own, 50.0 KiB files)"
        );
        assert_eq!(
            value("resident for each workload, after the requests"),
            "200.0 KiB (100.0 KiB own, 100.0 KiB files)"
        );
        assert_eq!(value("starts a second, code in the cache"), "500");
        assert_eq!(value("request to a random one, p99"), "1.00 ms");
        assert_eq!(value("the first request to a workload, p99"), "4.00 ms");
    }

    #[test]
    fn each_workload_has_a_name_and_a_host_of_its_own() {
        let text = document(7, Path::new("/c.wasm"));
        assert!(text.contains("  name: w7\n"), "{text}");
        assert!(text.contains("host: w7.density.test\n"), "{text}");
    }
}

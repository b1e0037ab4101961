//! `cargo xtask bench services`: thousands of workloads, each with a service that listens on the same port of its own
//! virtual network. What each holds of the memory, how many start in a second, and what a connection costs, beside one
//! over the loopback of this machine.

use super::client::{Connection, Request};
use super::cores::Cores;
use super::machine::Machine;
use super::server::{Server, free_address};
use super::stats::percentile;
use super::{Subject, build_guests, component, page, scratch};
use crate::step::Steps;
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// What a host says on its standard output when all has been started.
const LISTENING: &str = "\"listening\"";
/// What is freed after a start is freed by then.
const SETTLE: Duration = Duration::from_secs(3);
/// Workloads in one manifest: a file may have 4 MiB.
const IN_A_FILE: usize = 500;
/// Connections that one request makes.
const AT_ONCE: u32 = 20;
/// The port that all services listen on.
const PORT: u16 = 77;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// How many workloads
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(10..=20_000))]
    workloads: u32,
    /// Connections to services of workloads chosen at random
    #[arg(long, default_value_t = 20_000)]
    connections: u32,
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
    let scratch = scratch("services")?;
    let (workloads, connections) = match args.quick {
        true => (100, 400),
        false => (args.workloads, args.connections),
    };
    let bench = Bench {
        weft,
        cores: Cores::of_this_machine(args.shared_cores)?,
        cache: scratch.join("cache"),
        workloads,
    };
    let few = manifests(&scratch, "few", workloads / 10)?;
    let all = manifests(&scratch, "all", workloads)?;
    bench.start(&few)?.0.stop()?; // compiles
    let title = format!("{workloads} services on port {PORT}");
    let found = steps.run(&title, "", |_| bench.measure(&few, &all, connections))?;
    let table = found.table(&bench);
    page::columns(&table, 3)
        .iter()
        .for_each(|line| steps.say(line));
    if args.subject.is_release() && !args.quick {
        let text = format!(
            "{}\n\n{} workloads of 50 tenants; {} connections to services of workloads chosen at random, {AT_ONCE} for \
             each request; {}.\n\n{}",
            machine.line(),
            page::count(f64::from(workloads)),
            page::count(f64::from(connections)),
            bench.cores.describe(),
            page::table(&table, 3)
        );
        page::write(steps, "services", &text)?;
    }
    Ok(())
}

/// How hosts are started.
struct Bench {
    weft: PathBuf,
    cores: Cores,
    cache: PathBuf,
    workloads: u32,
}

/// What was found.
struct Found {
    /// Memory of the host with a tenth of the workloads, and with all, in KiB.
    few: u64,
    all: u64,
    start: Duration,
    inside: Times,
    native: Times,
}

/// How long things took, in microseconds.
#[derive(Default)]
struct Times {
    connect: Vec<f64>,
    line: Vec<f64>,
}

impl Bench {
    fn start(&self, manifests: &[PathBuf]) -> Result<(Server, Duration)> {
        let addr = free_address()?;
        // As many instances as there are services, in a tenant too, and some for the components.
        let instances = self.workloads.saturating_mul(2).saturating_add(1000);
        let command = self
            .cores
            .server(&self.weft)
            .args(["--quiet", "--output", "json", "run", "--addr"])
            .arg(addr.to_string())
            .arg("--cache-dir")
            .arg(&self.cache)
            .args(["--instances", &instances.to_string()])
            .args(manifests);
        let start = Instant::now();
        let server = Server::start_listening(command, addr, LISTENING)?;
        Ok((server, start.elapsed()))
    }

    fn measure(&self, few: &[PathBuf], all: &[PathBuf], connections: u32) -> Result<Found> {
        let (few, _) = self.start(few)?;
        let (all, start) = self.start(all)?;
        thread::sleep(SETTLE); // memory that is freed sends no event
        let (held_by_few, held_by_all) = (few.resident()?.all, all.resident()?.all);
        few.stop()?;
        self.cores.become_load()?;
        let inside = self.connect(&all, connections)?;
        all.stop()?;
        Ok(Found {
            few: held_by_few,
            all: held_by_all,
            start,
            inside,
            native: native(connections)?,
        })
    }

    /// Lets components of workloads chosen at random connect to their services.
    fn connect(&self, server: &Server, connections: u32) -> Result<Times> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut client = Connection::open(server.addr)?;
        let mut times = Times::default();
        for _ in 0..connections.div_ceil(AT_ONCE) {
            let host = host_name(random.u32(..self.workloads));
            let target = format!("/?127.0.0.1:{PORT}&{AT_ONCE}");
            let answer = client.ask(&Request::get(&host, &target))?;
            let text = String::from_utf8_lossy(&answer.body);
            if answer.status != 200 {
                bail!("{host} answers status {}: {text}", answer.status);
            }
            if answer.closes {
                client = Connection::open(server.addr)?;
            }
            times
                .read(&text)
                .context("the component answers otherwise")?;
        }
        Ok(times)
    }
}

impl Times {
    /// Adds what a component has measured: two numbers of nanoseconds in each line.
    fn read(&mut self, text: &str) -> Option<()> {
        for line in text.lines() {
            let (connect, rest) = line.split_once(' ')?;
            let micros = |nanos: &str| Some(nanos.parse::<f64>().ok()? / 1e3);
            self.connect.push(micros(connect)?);
            self.line.push(micros(rest)?);
        }
        Some(())
    }
}

/// The same between two threads of this process, over the loopback of this machine.
fn native(connections: u32) -> Result<Times> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let addr = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut line = String::new();
            let read = BufReader::new(&stream).read_line(&mut line);
            if read.is_ok() && (&stream).write_all(line.as_bytes()).is_err() {
                return;
            }
        }
    });
    let mut times = Times::default();
    for _ in 0..connections {
        let start = Instant::now();
        let mut stream = TcpStream::connect(addr)?;
        let connected = start.elapsed();
        stream.write_all(b"line\n")?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line)?;
        times.connect.push(connected.as_secs_f64() * 1e6);
        let whole = start.elapsed();
        times.line.push((whole - connected).as_secs_f64() * 1e6);
    }
    Ok(times)
}

impl Found {
    fn table(&self, bench: &Bench) -> Vec<Vec<String>> {
        let others = f64::from(bench.workloads - bench.workloads / 10);
        let each = (self.all as f64 - self.few as f64) / others;
        let rate = f64::from(bench.workloads) / self.start.as_secs_f64();
        let times = |values: &[f64]| {
            let [p50, p99] = [50.0, 99.0].map(|percent| percentile(values, percent));
            format!("p50 {p50:.1} µs, p99 {p99:.1} µs")
        };
        let row = |what: &str, found: String, beside: String| vec![what.to_owned(), found, beside];
        vec![
            ["Figure", "Virtual", "Loopback of this machine, native"]
                .map(str::to_owned)
                .to_vec(),
            row(
                "memory for each workload: a service that runs, and a component",
                format!("{each:.1} KiB"),
                String::new(),
            ),
            row(
                "starts a second, until each listens, code in the cache",
                page::count(rate),
                String::new(),
            ),
            row(
                "connect",
                times(&self.inside.connect),
                times(&self.native.connect),
            ),
            row(
                "a line there and back",
                times(&self.inside.line),
                times(&self.native.line),
            ),
        ]
    }
}

fn host_name(number: u32) -> String {
    format!("w{number}.services.test")
}

/// Writes `count` workloads into as many files as they need.
fn manifests(folder: &Path, name: &str, count: u32) -> Result<Vec<PathBuf>> {
    let (service, front) = (component("service_kitchen")?, component("bench_connect")?);
    let numbers: Vec<u32> = (0..count).collect();
    let files = numbers.chunks(IN_A_FILE).enumerate();
    files
        .map(|(index, numbers)| {
            let file = folder.join(format!("{name}-{index}.yaml"));
            let mut text = String::new();
            for number in numbers {
                document(&mut text, *number, &service, &front)?;
            }
            fs::write(&file, text)?;
            Ok(file)
        })
        .collect()
}

fn document(to: &mut String, number: u32, service: &Path, front: &Path) -> Result<()> {
    let (service, front) = (service.display(), front.display());
    let (tenant, host) = (number % 50, host_name(number));
    write!(
        to,
        "---
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata: {{name: w{number}, namespace: t{tenant}}}
spec:
  service:
    image: 'file:{service}'
    localResources: {{environment: {{config: {{DO: 'listen:127.0.0.1:{PORT}'}}}}}}
  components:
    - {{name: main, image: 'file:{front}'}}
  hostInterfaces:
    - {{namespace: wasi, package: http, interfaces: [incoming-handler], config: {{host: {host}}}}}
"
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_component_measured_is_read_in_microseconds() {
        let mut times = Times::default();
        times.read("1000 2500\n3000 4000\n").unwrap();
        assert_eq!(times.connect, [1.0, 3.0]);
        assert_eq!(times.line, [2.5, 4.0]);
        assert!(times.read("none").is_none());
    }

    #[test]
    fn connections_over_the_real_loopback_are_measured() {
        let times = native(3).unwrap();
        assert_eq!((times.connect.len(), times.line.len()), (3, 3));
        assert!(times.line.iter().all(|micros| *micros > 0.0));
    }

    #[test]
    fn each_workload_has_a_service_and_a_host_of_its_own() {
        let mut text = String::new();
        document(&mut text, 51, Path::new("/s.wasm"), Path::new("/f.wasm")).unwrap();
        for part in [
            "name: w51, namespace: t1",
            "host: w51.services.test",
            "file:/s.wasm",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}

//! `cargo xtask bench start`: how long it takes from `weft run` to the first answer when the code is in the cache.

use super::client::{Connection, Request};
use super::machine::Machine;
use super::server::{Server, free_address};
use super::stats::{median, percentile};
use super::workloads::{Reuse, Workload};
use super::{Subject, build_guests, component, page, scratch};
use crate::sh::Sh;
use crate::step::Steps;
use anyhow::{Result, bail};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

const HOST: &str = "start.test";
/// weft has to be there by then.
const LIMIT: Duration = Duration::from_secs(30);
/// Between two tries to connect.
const AGAIN: Duration = Duration::from_micros(200);

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// How many starts
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Three starts: whether it works; docs/src/benchmarks.md is left alone then
    #[arg(long)]
    quick: bool,
}

/// Measures, prints and writes the page.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let machine = Machine::look()?;
    build_guests(steps)?;
    let weft = args.subject.program(steps)?;
    let start = Start::prepare(weft)?;
    let rounds = if args.quick { 3 } else { args.rounds };
    start.once()?; // compiles
    let timed = (0..rounds)
        .map(|_| start.once())
        .collect::<Result<Vec<_>>>()?;
    let size = fs::metadata(&start.component)?.len() / 1000;
    let table = table(&timed);
    page::columns(&table, 1)
        .iter()
        .for_each(|line| steps.say(line));
    if args.subject.is_release() && !args.quick {
        let text = format!(
            "{}\n\n{rounds} starts with a component of {size} kB.\n\n{}",
            machine.line(),
            page::table(&table, 1)
        );
        page::write(steps, "start", &text)?;
    }
    Ok(())
}

/// What is started.
struct Start {
    weft: PathBuf,
    manifest: PathBuf,
    cache: PathBuf,
    component: PathBuf,
}

/// The times of one start, in milliseconds.
struct Timed {
    /// From the start of the process to the end of the first answer.
    served: f64,
    /// Of that, from the moment that the port was open.
    open: f64,
    /// The second request, on the same connection.
    second: f64,
}

impl Start {
    fn prepare(weft: PathBuf) -> Result<Self> {
        let (scratch, component) = (scratch("start")?, component("examples/hello")?);
        let manifest = scratch.join("start.yaml");
        fs::write(&manifest, document(&component))?;
        Ok(Self {
            weft,
            manifest,
            cache: scratch.join("cache"),
            component,
        })
    }

    fn once(&self) -> Result<Timed> {
        let addr = free_address()?;
        let command = Sh::new(&self.weft)
            .args(["run", "--addr", &addr.to_string()])
            .arg("--cache-dir")
            .arg(&self.cache)
            .arg(&self.manifest);
        let start = Instant::now();
        let server = Server::start(command, addr)?;
        let mut connection = connect(addr)?;
        let open = start.elapsed();
        ask(&mut connection)?;
        let served = start.elapsed();
        ask(&mut connection)?;
        let second = start.elapsed();
        server.stop()?;
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        Ok(Timed {
            served: millis(served),
            open: millis(served - open),
            second: millis(second - served),
        })
    }
}

/// Connects as soon as the port is open. weft opens it before it starts its workloads, and answers afterwards.
fn connect(addr: SocketAddr) -> Result<Connection> {
    let deadline = Instant::now() + LIMIT;
    loop {
        match Connection::open(addr) {
            Err(_) if Instant::now() < deadline => thread::sleep(AGAIN),
            outcome => return outcome,
        }
    }
}

fn ask(connection: &mut Connection) -> Result<()> {
    let answer = connection.ask(&Request::get(HOST, "/"))?;
    if answer.status != 200 {
        bail!("the workload answers status {}", answer.status);
    }
    Ok(())
}

fn document(component: &Path) -> String {
    let workload = Workload {
        name: "start",
        host: HOST,
        component,
        reuse: Reuse::NONE,
        capabilities: true,
    };
    workload.document()
}

fn table(timed: &[Timed]) -> Vec<Vec<String>> {
    let row = |what: &str, figure: fn(&Timed) -> f64, aim: &str| {
        let values: Vec<f64> = timed.iter().map(figure).collect();
        vec![
            what.to_owned(),
            format!("{:.2} ms", median(&values)),
            format!("{:.2} ms", percentile(&values, 95.0)),
            aim.to_owned(),
        ]
    };
    let head = ["Figure", "Median", "p95", "Aim"];
    vec![
        head.map(str::to_owned).to_vec(),
        row(
            "from `weft run` to the first answer",
            |timed| timed.served,
            "50 ms at most",
        ),
        row("of that, with the port open", |timed| timed.open, ""),
        row("the second request", |timed| timed.second, ""),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_median_and_tail_of_each_figure() {
        let timed: Vec<Timed> = (1..=20)
            .map(|millis| Timed {
                served: f64::from(millis),
                open: 0.5,
                second: 0.25,
            })
            .collect();
        let table = table(&timed);
        assert_eq!(table[1][1..3], ["10.00 ms", "19.00 ms"]);
        assert_eq!(table[3][1..3], ["0.25 ms", "0.25 ms"]);
    }

    #[test]
    fn a_port_that_opens_late_is_waited_for() {
        let addr = free_address().unwrap();
        let opening = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            std::net::TcpListener::bind(addr).unwrap().accept().unwrap();
        });
        assert!(connect(addr).is_ok());
        opening.join().unwrap();
    }
}

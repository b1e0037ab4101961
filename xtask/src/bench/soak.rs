//! `cargo xtask bench soak`: one weft under full load for minutes, with requests among it that fail, trap and are left
//! by their clients. What must not happen is that memory or latency grow.

mod crowd;
mod verdict;

use super::cores::Cores;
use super::machine::Machine;
use super::server::{Server, free_address};
use super::stats::spark;
use super::workloads::{Reuse, Workload};
use super::{Subject, build_guests, component, page, scratch};
use crate::step::Steps;
use anyhow::{Result, bail};
use crowd::{Crowd, Tally};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};
use verdict::{Sample, Verdict, Window};

/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Looks in one window.
const LOOKS: u64 = 10;
/// The host names: one workload makes an instance for each request, the other keeps some.
const HOSTS: [&str; 2] = ["fresh.soak.test", "kept.soak.test"];

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// How long
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// Clients, each of which asks again as soon as it is answered
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Half a minute: whether it works; docs/src/benchmarks.md is left alone then
    #[arg(long)]
    quick: bool,
    /// Let server and clients share all cores
    #[arg(long)]
    shared_cores: bool,
}

/// Presses, watches, judges and writes the page.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let machine = Machine::look()?;
    build_guests(steps)?;
    let weft = args.subject.program(steps)?;
    let cores = Cores::of_this_machine(args.shared_cores)?;
    let scratch = scratch("soak")?;
    let manifest = scratch.join("soak.yaml");
    fs::write(&manifest, documents()?)?;
    let addr = free_address()?;
    let command = cores
        .server(weft)
        .args(["run", "--addr", &addr.to_string()])
        .arg("--cache-dir")
        .arg(scratch.join("cache"))
        .arg(manifest);
    let mut server = Server::start(command, addr)?;
    for host in HOSTS {
        server.ready(&crowd::good(host))?;
    }
    let time = if args.quick {
        Duration::from_secs(30)
    } else {
        Duration::from_secs(args.minutes * 60)
    };
    let title = format!("load for {} s", time.as_secs());
    let watched = steps.run(&title, "`--quick` tries it for half a minute", |steps| {
        watch(steps, &server, args.connections, &cores, time)
    })?;
    server.stop()?;
    let verdict = Verdict::of(&watched.windows, &watched.samples);
    let text = report(&watched, &verdict, args.connections, &cores);
    text.lines().for_each(|line| steps.say(line));
    if args.subject.is_release() && !args.quick {
        page::write(steps, "soak", &format!("{}\n\n{text}", machine.line()))?;
    }
    if watched.tally.wrong > 0 {
        bail!(
            "{} requests were not answered as expected, the first of them: {}",
            watched.tally.wrong,
            watched.tally.first_wrong.unwrap_or_default()
        );
    }
    verdict.into_result()
}

fn documents() -> Result<String> {
    let component = component("http_kitchen")?;
    let [fresh, kept] = HOSTS;
    let fresh = Workload {
        name: "fresh",
        host: fresh,
        component: &component,
        reuse: Reuse::NONE,
        capabilities: true,
    };
    let kept = Workload {
        name: "kept",
        host: kept,
        reuse: Reuse {
            pool_size: 16,
            max_invocations: 1000,
            max_concurrency: 1,
        },
        ..fresh
    };
    Ok(fresh.document() + &kept.document())
}

/// What was seen.
struct Watched {
    windows: Vec<Window>,
    samples: Vec<Sample>,
    tally: Tally,
    time: Duration,
    /// Share of its cores that the server used.
    busy: f64,
}

fn watch(
    steps: &Steps,
    server: &Server,
    connections: u32,
    cores: &Cores,
    time: Duration,
) -> Result<Watched> {
    cores.become_load()?;
    let crowd = Crowd::start(server.addr, connections);
    let (start, before) = (Instant::now(), server.processor_time()?);
    let (mut windows, mut samples, mut total) = (Vec::new(), Vec::new(), Tally::default());
    while start.elapsed() < time {
        let (opened, first) = (start.elapsed(), samples.len());
        for _ in 0..LOOKS {
            thread::sleep(LOOK); // what is looked at is the passing of time
            samples.push(Sample {
                at: start.elapsed().as_secs_f64(),
                resident: server.resident()?.all as f64,
            });
        }
        let tally = crowd.take();
        let inside = samples.get(first..).unwrap_or_default();
        let window = Window::of(&tally.millis, inside, start.elapsed() - opened);
        steps.say(window);
        windows.push(window);
        total.add(tally);
    }
    let took = start.elapsed();
    let used = server.processor_time()?.saturating_sub(before);
    total.add(crowd.stop()?);
    Ok(Watched {
        windows,
        samples,
        tally: total,
        time: took,
        busy: used.as_secs_f64() / took.as_secs_f64() / cores.for_server() as f64,
    })
}

fn report(watched: &Watched, verdict: &Verdict, connections: u32, cores: &Cores) -> String {
    let Watched {
        windows,
        tally,
        time,
        busy,
        ..
    } = watched;
    let chart = |name: &str, unit: &str, figure: fn(&Window) -> f64| {
        let values: Vec<f64> = windows.iter().map(figure).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        format!("{name:<8} {}  {low:.1} to {high:.1} {unit}", spark(&values))
    };
    format!(
        "{} requests in {} s from {connections} clients; of them {} trapped, {} failed, {} were left by their clients, \
         {} had a wrong answer. {}; it used {:.0} % of that.\n\n```text\n{}\n{}\n{}\n```\n\n{verdict}\n",
        page::count(tally.all() as f64),
        time.as_secs(),
        page::count(tally.trapped as f64),
        page::count(tally.failed as f64),
        page::count(tally.left as f64),
        tally.wrong,
        capital(&cores.describe()),
        busy * 100.0,
        chart("memory", "MiB", |window| window.resident / 1024.0),
        chart("p99", "ms", |window| window.p99),
        chart("req/s", "a second", |window| window.per_second),
    )
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_counts_what_went_how_and_draws_a_line_for_each_figure() {
        let window = |resident: f64, p99: f64| Window {
            per_second: 1000.0,
            p99,
            resident,
        };
        let watched = Watched {
            windows: vec![window(2048.0, 1.0), window(4096.0, 3.0)],
            samples: Vec::new(),
            tally: Tally {
                good: 9000,
                trapped: 100,
                ..Tally::default()
            },
            time: Duration::from_secs(20),
            busy: 0.99,
        };
        let verdict = Verdict::of(&watched.windows, &watched.samples);
        let text = report(&watched, &verdict, 16, &Cores::Shared { count: 2 });
        assert!(
            text.starts_with("9,100 requests in 20 s from 16 clients; of them 100 trapped"),
            "{text}"
        );
        assert!(text.contains("memory   ▁█  2.0 to 4.0 MiB\n"), "{text}");
        assert!(text.contains("p99      ▁█  1.0 to 3.0 ms\n"), "{text}");
    }
}

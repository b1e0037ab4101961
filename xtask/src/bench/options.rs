//! `cargo xtask bench options`: paths a second of `examples/gpu-options`, as a component and as a native program with the same
//! shader, and of a program for the CPU on all cores.

use super::client::{Connection, Request};
use super::machine::Machine;
use super::server::{Server, free_address};
use super::stats::median;
use super::{Subject, build_guests, page};
use crate::sh::Sh;
use crate::step::Steps;
use crate::{setup, workspace};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};

const HOST: &str = "gpu-options.localhost";

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// How often each is asked; what is told are medians
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// A tenth of the paths, once: whether it works; docs/src/benchmarks.md is left alone then
    #[arg(long)]
    quick: bool,
}

/// An option that all three price.
struct Case {
    style: &'static str,
    paths: u64,
}

/// Paths a second of one round.
struct Round {
    component: f64,
    native: f64,
    cpu: f64,
}

/// Measures, prints and writes the page.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let machine = Machine::look()?;
    build_guests(steps)?;
    let weft = args.subject.program(steps)?;
    let peer = build_peer(steps)?;
    let (rounds, part) = if args.quick {
        (1, 10)
    } else {
        (args.rounds, 1)
    };
    let cases = [
        Case {
            style: "european",
            paths: 40_000_000 / part,
        },
        Case {
            style: "asian",
            paths: 2_000_000 / part,
        },
    ];
    let mut table = vec![
        [
            "option",
            "component",
            "native",
            "ratio",
            "CPU, all cores",
            "ratio",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let mut adapter = String::new();
    for case in &cases {
        let found = (0..rounds)
            .map(|_| round(&weft, &peer, case, &mut adapter))
            .collect::<Result<Vec<_>>>()?;
        let middle = |of: fn(&Round) -> f64| median(&found.iter().map(of).collect::<Vec<_>>());
        let (component, native, cpu) = (
            middle(|r| r.component),
            middle(|r| r.native),
            middle(|r| r.cpu),
        );
        table.push(vec![
            format!("{}, {} paths", case.style, page::count(case.paths as f64)),
            format!("{:.1} million/s", component / 1e6),
            format!("{:.1} million/s", native / 1e6),
            format!("{:.2}", component / native),
            format!("{:.1} million/s", cpu / 1e6),
            format!("{:.2}", component / cpu),
        ]);
    }
    page::columns(&table, 1)
        .iter()
        .for_each(|line| steps.say(line));
    if args.subject.is_release() && !args.quick {
        let text = format!(
            "{}\n\nOn a {adapter}; medians of {rounds} rounds.\n\n{}",
            machine.line(),
            page::table(&table, 1)
        );
        page::write(steps, "options", &text)?;
    }
    Ok(())
}

/// Builds the native program.
fn build_peer(steps: &mut Steps) -> Result<PathBuf> {
    let folder = workspace::root().join("xtask/peers/gpu-options");
    let target = workspace::root().join("target/peers");
    steps.run(
        "build the native program",
        "cargo's messages are above",
        |_| {
            Sh::clean_cargo(&folder)
                .args(["build", "--release", "--locked"])
                .env("CARGO_TARGET_DIR", &target)
                .run()
        },
    )?;
    Ok(target.join("release/gpu-options-peer"))
}

/// The component and the native program, one after the other.
fn round(weft: &Path, peer: &Path, case: &Case, adapter: &mut String) -> Result<Round> {
    let (price, component) = served(weft, case)?;
    let sh = Sh::new(peer).args([&case.paths.to_string(), case.style]);
    let native: Value = serde_json::from_str(&setup::with_gpu(sh).read()?)?;
    let name = native.get("adapter").and_then(Value::as_str);
    name.unwrap_or_default().clone_into(adapter);
    for (other, name) in [("price", "the native program"), ("cpu_price", "the CPU")] {
        let other = number(&native, other)?;
        // Far beyond what chance does with so many paths.
        if (price / other - 1.0).abs() > 0.02 {
            bail!("the component says {price}, and {name} {other}");
        }
    }
    Ok(Round {
        component,
        native: number(&native, "gpu")?,
        cpu: number(&native, "cpu")?,
    })
}

/// The price by the component, and how many paths a second it does.
fn served(weft: &Path, case: &Case) -> Result<(f64, f64)> {
    let addr = free_address()?;
    let manifest = workspace::root().join("examples/gpu-options/manifest.yaml");
    let command = Sh::new(weft)
        .args(["run", "--addr", &addr.to_string()])
        .arg(manifest);
    let mut server = Server::start(setup::with_gpu(command), addr)?;
    server.ready(&Request::get(HOST, "/adapter"))?;
    let mut connection = Connection::open(addr)?;
    let path = format!("/price?style={}&paths={}", case.style, case.paths);
    let mut quote = Value::Null;
    // The first finds out how much the GPU takes at a time, as that of the native program does.
    for _ in 0..2 {
        let answer = connection.ask(&Request::get(HOST, &path))?;
        quote =
            serde_json::from_slice(&answer.body).context("the example answers something else")?;
    }
    server.stop()?;
    Ok((
        number(&quote, "price")?,
        number(&quote, "paths_per_second")?,
    ))
}

fn number(of: &Value, name: &str) -> Result<f64> {
    of.get(name)
        .and_then(Value::as_f64)
        .with_context(|| format!("there is no `{name}` in {of}"))
}

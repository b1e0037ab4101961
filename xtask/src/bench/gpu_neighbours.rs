//! `cargo xtask bench gpu-neighbours`: how long a small tenant waits for its result while another runs kernels of a second, on
//! weft and on a plain wasmtime host with the crate wasi-webgpu-wasmtime; the same component on both.

use super::machine::Machine;
use super::server::free_address;
use super::{Subject, build_guests, component, page, scratch};
use crate::sh::Sh;
use crate::step::Steps;
use crate::{setup, workspace};
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..))]
    seconds: u32,
    /// Three seconds of each: whether it works; docs/src/benchmarks.md is left alone then
    #[arg(long)]
    quick: bool,
}

/// Microseconds from a submission to its mapped result.
struct Waited {
    calls: f64,
    p50: f64,
    p99: f64,
}

/// Measures, prints and writes the page.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let machine = Machine::look()?;
    build_guests(steps)?;
    let weft = args.subject.program(steps)?;
    let peer = build_peer(steps)?;
    let guest = component("bench_gpu")?;
    let seconds = if args.quick { 3 } else { args.seconds };
    let head = ["host", "the other tenant", "results", "p50", "p99"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    for (other, roles) in [
        ("nobody", &["calls"][..]),
        ("kernels of 1 s", &["kernels", "calls"]),
    ] {
        let command = Sh::new(&peer).arg(&guest).arg(seconds.to_string());
        let theirs = waited(command.args(roles))?;
        let manifest = scratch("gpu-neighbours")?.join("manifest.yaml");
        fs::write(&manifest, document(&guest, seconds, roles)?)?;
        let command = shown_by_shell(&weft).args(["run", "--addr", &free_address()?.to_string()]);
        let ours = waited(command.arg(&manifest))?;
        for (host, waited) in [("weft", ours), ("wasi-webgpu-wasmtime 0.5", theirs)] {
            let Waited { calls, p50, p99 } = waited;
            table.push(vec![
                host.to_owned(),
                other.to_owned(),
                page::count(calls),
                format!("{} us", page::count(p50)),
                format!("{} us", page::count(p99)),
            ]);
        }
    }
    page::columns(&table, 2)
        .iter()
        .for_each(|line| steps.say(line));
    if args.subject.is_release() && !args.quick {
        let text = format!(
            "{}\n\n{seconds} s of each.\n\n{}",
            machine.line(),
            page::table(&table, 2)
        );
        page::write(steps, "gpu-neighbours", &text)?;
    }
    Ok(())
}

/// Builds the plain host.
fn build_peer(steps: &mut Steps) -> Result<PathBuf> {
    let folder = workspace::root().join("xtask/peers/webgpu-host");
    let target = workspace::root().join("target/peers");
    steps.run("build the plain host", "cargo's messages are above", |_| {
        Sh::clean_cargo(&folder)
            .args(["build", "--release", "--locked"])
            .env("CARGO_TARGET_DIR", &target)
            .run()
    })?;
    Ok(target.join("release/webgpu-host-peer"))
}

/// The program with its messages in its output.
fn shown_by_shell(program: &Path) -> Sh {
    Sh::new("sh")
        .args(["-c", "exec \"$@\" 2>&1", "sh"])
        .arg(program)
}

/// What the small tenant says in the end; the host is stopped then.
fn waited(command: Sh) -> Result<Waited> {
    let mut child = setup::with_gpu(command).spawn_read()?;
    let out = child.stdout.take().context("no output")?;
    let mut said = None;
    for line in BufReader::new(out).lines() {
        let line = line?;
        if line.contains("calls=") && line.contains("p99=") {
            said = Some(line);
            break;
        }
    }
    child.kill()?;
    child.wait()?;
    let Some(said) = said else {
        bail!(
            "the host ended before the small tenant had said how long it waited; start it by hand to see its messages"
        );
    };
    let figure = |name: &str| {
        let start = format!("{name}=");
        let words = said.split_whitespace();
        let mut found = words.filter_map(|word| word.strip_prefix(&*start)?.parse().ok());
        found
            .next()
            .with_context(|| format!("no {name} in `{said}`"))
    };
    Ok(Waited {
        calls: figure("calls")?,
        p50: figure("p50")?,
        p99: figure("p99")?,
    })
}

/// One workload for each role, each of a tenant of its own. The kernels go on until everything is over.
fn document(guest: &Path, seconds: u32, roles: &[&str]) -> Result<String> {
    let mut document = String::new();
    for role in roles {
        write!(
            document,
            "---\n\
             apiVersion: runtime.wasmcloud.dev/v1alpha1\n\
             kind: Workload\n\
             metadata: {{name: {role}, namespace: of-{role}}}\n\
             spec:\n\
             \x20 service:\n\
             \x20   image: 'file:{guest}'\n\
             \x20   localResources: {{environment: {{config: {{ROLE: {role}, SECONDS: '{time}'}}}}}}\n\
             \x20 hostInterfaces:\n\
             \x20   - {{namespace: wasi, package: webgpu, interfaces: [webgpu], config: {{memory: 16Mi, submission-deadline: 10s}}}}\n",
            guest = guest.display(),
            time = if *role == "kernels" {
                seconds + 5
            } else {
                seconds
            },
        )?;
    }
    Ok(document)
}

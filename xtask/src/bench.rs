//! `cargo xtask bench [name]`: one benchmark, or the list of them. Those that compare, or that watch a whole process,
//! are modules here; those of one crate are benchmark programs of cargo.

mod cases;
mod client;
mod cores;
mod density;
mod gpu_neighbours;
mod http;
mod load;
mod machine;
mod options;
mod page;
mod pool;
mod server;
mod services;
mod soak;
mod start;
mod stats;
mod telemetry;
mod tools;
mod workloads;

use crate::metadata::{self, Metadata};
use crate::programs::Programs;
use crate::setup;
use crate::sh::Sh;
use crate::step::Steps;
use crate::{guests, workspace};
use anyhow::{Context, Result, bail};
use clap::CommandFactory;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    bench: Option<Bench>,
}

#[derive(clap::Subcommand)]
enum Bench {
    /// Requests a second and latency, beside `wasmtime serve`
    Http(http::Args),
    /// Memory and latency over minutes of load, a part of which fails
    Soak(soak::Args),
    /// Thousands of idle workloads on one host
    Density(density::Args),
    /// A small tenant beside long kernels, on weft and on a plain WebGPU host
    GpuNeighbours(gpu_neighbours::Args),
    /// Option prices on a GPU, beside a native program and the CPU
    Options(options::Args),
    /// Rows from a database through the pool example, beside a native program
    Pool(pool::Args),
    /// Thousands of services that listen on the same port, each on its own network
    Services(services::Args),
    /// From `weft run` to the first answer
    Start(start::Args),
    /// What traces cost, beside the same server without telemetry
    Telemetry(telemetry::Args),
    /// A benchmark program of a crate; its own arguments may follow
    #[command(external_subcommand)]
    Program(Vec<String>),
}

/// What is measured: the program of this working tree, or another one.
#[derive(clap::Args)]
struct Subject {
    /// Measure this program instead of building the release; docs/src/benchmarks.md is left alone then
    #[arg(long, value_name = "FILE")]
    weft: Option<PathBuf>,
}

/// Runs the benchmark with its guests built.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    match &args.bench {
        None => list(steps),
        Some(Bench::Http(args)) => http::run(steps, args),
        Some(Bench::Soak(args)) => soak::run(steps, args),
        Some(Bench::Density(args)) => density::run(steps, args),
        Some(Bench::GpuNeighbours(args)) => gpu_neighbours::run(steps, args),
        Some(Bench::Options(args)) => options::run(steps, args),
        Some(Bench::Pool(args)) => pool::run(steps, args),
        Some(Bench::Services(args)) => services::run(steps, args),
        Some(Bench::Start(args)) => start::run(steps, args),
        Some(Bench::Telemetry(args)) => telemetry::run(steps, args),
        Some(Bench::Program(words)) => match words.split_first() {
            Some((name, rest)) => program(steps, name, rest),
            None => list(steps),
        },
    }
}

/// Prints the names of all benchmarks.
fn list(steps: &Steps) -> Result<()> {
    for command in Args::augment().get_subcommands() {
        let about = command.get_about().map(ToString::to_string);
        steps.say(format_args!(
            "{:<20} {}",
            command.get_name(),
            about.unwrap_or_default()
        ));
    }
    for (name, package) in programs(&metadata::packages(&workspace::root())?) {
        steps.say(format_args!("{name:<20} a program of {package}"));
    }
    Ok(())
}

impl Args {
    fn augment() -> clap::Command {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            _args: Args,
        }
        Line::command()
    }
}

/// Runs a benchmark program of a crate.
fn program(steps: &mut Steps, name: &str, rest: &[String]) -> Result<()> {
    let programs = programs(&metadata::packages(&workspace::root())?);
    let Some((_, package)) = programs.iter().find(|(known, _)| known == name) else {
        let own = Args::augment();
        let own = own.get_subcommands().map(clap::Command::get_name);
        let names: Vec<&str> = own
            .chain(programs.iter().map(|(name, _)| name.as_str()))
            .collect();
        bail!(
            "there is no benchmark `{name}`; there are: {}",
            names.join(", ")
        );
    };
    build_guests(steps)?;
    steps.run(
        &format!("benchmark {name}"),
        "see the message above",
        |_| {
            let bench = Sh::cargo().args([
                "bench",
                // Dependencies are optimised in it too, and are there already.
                "--profile",
                "dev",
                "--package",
                package.as_str(),
                "--bench",
                name,
                "--",
            ]);
            setup::with_gpu(bench.args(rest)).run()
        },
    )
}

/// Name and package of every benchmark program.
fn programs(metadata: &Metadata) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for package in &metadata.packages {
        let benches = package
            .targets
            .iter()
            .filter(|target| target.kind.iter().any(|kind| kind == "bench"));
        found.extend(benches.map(|target| (target.name.clone(), package.name.clone())));
    }
    found
}

fn build_guests(steps: &mut Steps) -> Result<()> {
    let compiler = setup::run(steps, &setup::Args::without_typescript())?;
    guests::build(steps, &compiler, true)
}

impl Subject {
    /// The program to measure.
    fn program(&self, steps: &mut Steps) -> Result<PathBuf> {
        if let Some(weft) = &self.weft {
            return weft
                .canonicalize()
                .with_context(|| format!("there is no program {}", weft.display()));
        }
        let selection = ["--release", "--package", "weft-cli", "--bin", "weft"];
        let advice = "the compiler's messages are above; --weft FILE measures a program that is there already";
        steps.run("build weft with the release profile", advice, |_| {
            Programs::build(&selection)?.path("weft")
        })
    }

    /// Whether the figures are those of a release of this working tree, so that they may be published.
    fn is_release(&self) -> bool {
        self.weft.is_none()
    }
}

/// The folder for what benchmarks write, `target/bench/<name>`, which is made.
fn scratch(name: &str) -> Result<PathBuf> {
    let folder = workspace::root().join("target/bench").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// A component that `cargo xtask guests` has built.
fn component(name: &str) -> Result<PathBuf> {
    let file = workspace::components().join(format!("{name}.wasm"));
    if file.is_file() {
        Ok(file)
    } else {
        bail!("{} is missing; run `cargo xtask guests`", shown(&file))
    }
}

/// A path as the person sees it, from the root of the repository.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(workspace::root()).unwrap_or(path);
    path.display().to_string()
}

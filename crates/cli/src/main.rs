//! The `weft` command. One file per subcommand; this one only says which there are.

// wgpu-core has types so deep in each other that to prove them `Sync` takes more steps than usual.
#![recursion_limit = "256"]

mod admin;
mod check;
mod completions;
mod config;
mod core_dumps;
mod descriptors;
mod dev;
mod examine;
mod explain;
mod files;
mod gpu;
mod inspect;
mod limits;
mod logging;
mod policy;
mod printer;
mod publish;
mod reach;
mod run;
mod runtime;
mod settings;
mod shutdown;
mod sources;
mod telemetry;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::printer::Global;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs WebAssembly components for many tenants.
#[derive(Parser)]
#[command(name = "weft", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  weft run hello.wasm                     serve a component on http://127.0.0.1:8000
  weft run manifest.yaml                  serve the workloads of a manifest
  weft run tool.wasm -- --verbose in.txt  run a command component
  weft dev                                build, serve and watch the project in this folder
  weft explain manifest.yaml              say what will become of a workload, and what is missing
  weft inspect hello.wasm                 show what a component imports and exports";

#[derive(Subcommand)]
enum Command {
    Run(Box<run::Args>),
    Dev(Box<dev::Args>),
    Check(check::Args),
    Config(config::Args),
    Explain(explain::Args),
    Inspect(inspect::Args),
    Gpu(gpu::Args),
    Policy(policy::Args),
    Completions(completions::Args),
}

fn main() -> ExitCode {
    core_dumps::refuse();
    gpu::settle_drivers();
    let cli = Cli::parse();
    let started = logging::start(&cli.global);
    let (flush, outcome) = match started {
        Ok(flush) => (Some(flush), cli.command.run(&cli.global)),
        Err(error) => (None, Err(error)),
    };
    let code = outcome.unwrap_or_else(|error| {
        cli.global.error(&error);
        ExitCode::FAILURE
    });
    drop(flush);
    code
}

impl Command {
    fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run(args) => run::run(&args, global),
            Self::Dev(args) => dev::run(&args, global),
            Self::Check(args) => check::run(&args, global),
            Self::Config(args) => config::run(&args, global),
            Self::Explain(args) => explain::run(&args, global),
            Self::Inspect(args) => inspect::run(&args, global),
            Self::Gpu(args) => gpu::run(&args, global),
            Self::Policy(args) => policy::run(&args, global),
            Self::Completions(args) => completions::run(&args),
        }
    }
}

impl Cli {
    /// The command line's definition, for completions.
    fn definition() -> clap::Command {
        <Self as clap::CommandFactory>::command()
    }
}

//! `cargo xtask`: the one door to every development task. Each sub-command is one module; all of them can be run
//! again at any time and do only what is missing.

mod bench;
mod ci;
mod demo;
mod doc;
mod fuzz;
mod guests;
mod metadata;
mod programs;
mod setup;
mod sh;
mod step;
mod test;
mod tidy;
mod workspace;

use anyhow::Result;
use clap::Parser;
use std::process::ExitCode;

/// Every development task of weft.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Get everything that the other tasks need: the wasm32-wasip2 compiler and Node.js
    Setup(setup::Args),
    /// Build weft and the examples, serve them and print the addresses to open
    Demo(demo::Args),
    /// Run every test; extra arguments go to `cargo test`
    Test(test::Args),
    /// Check the rules of the house that the compiler does not know
    Tidy(tidy::Args),
    /// Build the test guests and the example components into target/guests
    Guests(guests::Args),
    /// Run a benchmark, or list them
    Bench(bench::Args),
    /// Everything that a change must pass
    Ci(ci::Args),
    /// Feed broken and hostile components to compile and plan
    Fuzz(fuzz::Args),
    /// Build the documentation
    Doc,
    #[command(hide = true)]
    Announce(demo::Announce),
}

fn main() -> ExitCode {
    let mut steps = step::Steps::default();
    match run(Task::parse(), &mut steps) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => step::report(&error),
    }
}

fn run(task: Task, steps: &mut step::Steps) -> Result<()> {
    match task {
        Task::Setup(args) => setup::for_tests(steps, &args).map(drop),
        Task::Demo(args) => demo::run(steps, &args),
        Task::Test(args) => test::run(steps, &args),
        Task::Tidy(args) => tidy::run(steps, &args),
        Task::Guests(args) => guests::run(steps, &args),
        Task::Bench(args) => bench::run(steps, &args),
        Task::Ci(args) => ci::run(steps, &args),
        Task::Fuzz(args) => fuzz::run(steps, &args),
        Task::Doc => doc::run(steps),
        Task::Announce(args) => demo::announce(steps, &args),
    }
}

//! `cargo xtask fuzz`: truncated, random and hostile components through compile and plan for a while.

use crate::sh::Sh;
use crate::step::Steps;
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Builds and runs the fuzz program.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    fuzz(steps, args.seconds)
}

/// Fuzzes for `seconds`.
pub(crate) fn fuzz(steps: &mut Steps, seconds: u32) -> Result<()> {
    let advice = "the program printed the seed of the input that broke it: make a test of that input, then fix it";
    steps.run(
        &format!("fuzz compile and plan for {seconds} s"),
        advice,
        |_| {
            let run = Sh::cargo().args([
                "run",
                "--package",
                "weft-engine",
                "--example",
                "fuzz_plan",
                "--",
                "--seconds",
            ]);
            run.arg(seconds.to_string()).run()
        },
    )
}

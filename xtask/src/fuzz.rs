//! `cargo xtask fuzz`: truncated, random and hostile components through compile and plan for a while.

use crate::programs::Programs;
use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// The example of weft-engine that makes and tries the inputs.
pub(crate) const PROGRAM: &str = "fuzz_plan";

/// Builds and runs the fuzz program.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let advice = "the compiler's messages are above";
    let programs = steps.run("build", advice, |_| {
        Programs::build(&["--workspace", "--example", PROGRAM])
    })?;
    fuzz(steps, &programs, args.seconds)
}

/// Fuzzes for `seconds`.
pub(crate) fn fuzz(steps: &mut Steps, programs: &Programs, seconds: u32) -> Result<()> {
    let advice = "the program printed the seed of the input that broke it: make a test of that input, then fix it";
    steps.run(
        &format!("fuzz compile and plan for {seconds} s"),
        advice,
        |_| {
            Sh::new(programs.path(PROGRAM)?)
                .arg("--seconds")
                .arg(seconds.to_string())
                .dir(&workspace::root())
                .run()
        },
    )
}

//! `cargo xtask fuzz`: truncated, random and hostile components through compile and plan for a while, then random calls
//! of `wasi:webgpu` for as long.

use crate::programs::Programs;
use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long, each of the two
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// The examples that make and try the inputs, of weft-engine and of weft-gpu, and what each of them fuzzes.
const TARGETS: [(&str, &str); 2] = [
    ("fuzz_plan", "compile and plan"),
    ("fuzz_gpu", "calls of wasi:webgpu"),
];

/// What cargo builds the examples by.
pub(crate) fn selection() -> impl Iterator<Item = &'static str> {
    TARGETS
        .iter()
        .flat_map(|(program, _)| ["--example", program])
}

/// Builds and runs the fuzz program.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let advice = "the compiler's messages are above";
    let programs = steps.run("build", advice, |_| {
        let selection: Vec<_> = std::iter::once("--workspace").chain(selection()).collect();
        Programs::build(&selection)
    })?;
    fuzz(steps, &programs, args.seconds)
}

/// Fuzzes each target for `seconds`.
pub(crate) fn fuzz(steps: &mut Steps, programs: &Programs, seconds: u32) -> Result<()> {
    let advice = "the program printed the seed and kept the input that broke it: make a test of that input, then fix it";
    for (program, what) in TARGETS {
        steps.run(&format!("fuzz {what} for {seconds} s"), advice, |_| {
            Sh::new(programs.path(program)?)
                .arg("--seconds")
                .arg(seconds.to_string())
                .dir(&workspace::root())
                .run()
        })?;
    }
    Ok(())
}

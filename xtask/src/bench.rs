//! `cargo xtask bench [name]`: one benchmark, or the list of them.

use crate::metadata::{self, Metadata};
use crate::setup;
use crate::sh::Sh;
use crate::step::Steps;
use crate::{guests, workspace};
use anyhow::{Result, bail};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which benchmark; without one, all names are printed
    name: Option<String>,
    /// For the benchmark program: a filter, --quick, --save-baseline NAME
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs the benchmark with its guests built.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let benches = benches(&metadata::packages(&workspace::root())?);
    let Some(name) = &args.name else {
        benches
            .iter()
            .for_each(|(name, package)| steps.say(format_args!("{name:<20} {package}")));
        return Ok(());
    };
    let Some((_, package)) = benches.iter().find(|(bench, _)| bench == name) else {
        let names: Vec<&str> = benches.iter().map(|(name, _)| name.as_str()).collect();
        bail!(
            "there is no benchmark `{name}`; there are: {}",
            names.join(", ")
        );
    };
    let compiler = setup::run(steps, &setup::Args::without_typescript())?;
    guests::build(steps, &compiler, true)?;
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
                name.as_str(),
                "--",
            ]);
            bench.args(&args.rest).run()
        },
    )
}

/// Name and package of every benchmark.
fn benches(metadata: &Metadata) -> Vec<(String, String)> {
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

//! `cargo xtask ci`: everything that a change must pass, the quick checks first and the tests last, then how long
//! each took. From nothing it takes less than 45 minutes on two cores.

use crate::programs::Programs;
use crate::sh::Sh;
use crate::step::Steps;
use crate::{demo, doc, fuzz, guests, setup, test, tidy, workspace};
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    setup: setup::Args,
    /// How long to fuzz, each target
    #[arg(long, default_value_t = 60)]
    fuzz_seconds: u32,
}

/// Runs all checks; the first that fails ends it.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let outcome = checks(steps, args);
    steps.print_table();
    outcome
}

fn checks(steps: &mut Steps, args: &Args) -> Result<()> {
    format(steps)?;
    tidy::run(steps, &tidy::Args::default())?;
    clippy(steps)?;
    dependencies(steps)?;
    doc::run(steps)?;
    let compiler = setup::for_tests(steps, &args.setup)?;
    guests::build(steps, &compiler, args.setup.only_rust)?;
    let programs = Programs::weft(steps)?;
    demo::check(steps, programs.path("weft")?, args.setup.only_rust)?;
    fuzz::fuzz(steps, &programs, args.fuzz_seconds)?;
    test::tests(steps, &["--no-fail-fast".to_owned()])
}

fn format(steps: &mut Steps) -> Result<()> {
    steps.run(
        "format",
        "`cargo fmt --all`, also in guests/ and in the folder of each Rust example",
        |_| {
            Sh::cargo().args(["fmt", "--all", "--check"]).run()?;
            let others = workspace::examples()
                .into_iter()
                .chain([workspace::root().join("guests")]);
            for folder in others.filter(|folder| folder.join("Cargo.toml").is_file()) {
                Sh::cargo()
                    .args(["fmt", "--all", "--check"])
                    .dir(&folder)
                    .run()?;
            }
            Ok(())
        },
    )
}

/// Needs cargo-deny, which is too long to compile here; advisories need a network, so they are left to `cargo deny`.
fn dependencies(steps: &mut Steps) -> Result<()> {
    let advice = "choose another crate, or give deny.toml an entry with its reason";
    steps.run("licences and versions of dependencies", advice, |steps| {
        if Sh::cargo().args(["deny", "--version"]).read().is_err() {
            steps.say("not checked: cargo-deny is not installed (`cargo install cargo-deny`)");
            return Ok(());
        }
        Sh::cargo()
            .args(["deny", "--offline", "check", "licenses", "bans", "sources"])
            .run()
    })
}

fn clippy(steps: &mut Steps) -> Result<()> {
    let advice = "`cargo clippy --workspace --all-targets` shows the same; an exception is `#[expect(lint, reason = ..)]`";
    steps.run("clippy", advice, |_| {
        Sh::cargo()
            .args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ])
            .run()
    })
}

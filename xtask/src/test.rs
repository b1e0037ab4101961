//! `cargo xtask test`: every test, with all the setting-up that they need.

use crate::sh::Sh;
use crate::step::Steps;
use crate::{guests, setup};
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    setup: setup::Args,
    /// For `cargo test`: a part of a test's name, -p CRATE, -- --nocapture
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Sets up, builds the guests, and runs the tests.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let compiler = setup::for_tests(steps, &args.setup)?;
    guests::build(steps, &compiler, args.setup.only_rust)?;
    tests(steps, &args.rest)
}

/// Unit, integration and documentation tests.
pub(crate) fn tests(steps: &mut Steps, rest: &[String]) -> Result<()> {
    let advice =
        "the failing tests are named above; one of them again: `cargo xtask test <its name>`";
    steps.run("tests", advice, |_| {
        setup::with_gpu(Sh::cargo())
            .arg("test")
            .args(selection(rest))
            .args(rest)
            .run()
    })
}

/// All crates, unless the person names some.
fn selection(rest: &[String]) -> Option<&'static str> {
    let cargos = rest.iter().take_while(|arg| *arg != "--");
    let mut named = cargos.filter(|arg| {
        arg.starts_with("-p") || arg.starts_with("--package") || *arg == "--workspace"
    });
    named.next().is_none().then_some("--workspace")
}

#[cfg(test)]
mod tests {
    use super::selection;

    fn select(args: &[&str]) -> Option<&'static str> {
        selection(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_crates_are_tested_unless_one_is_named() {
        assert_eq!(select(&[]), Some("--workspace"));
        assert_eq!(select(&["a_name", "--", "-p"]), Some("--workspace"));
        assert_eq!(select(&["-p", "weft-net"]), None);
        assert_eq!(select(&["--package=weft-net"]), None);
    }
}

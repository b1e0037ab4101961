//! `weft completions`: what shells complete.

use std::process::ExitCode;

use clap_complete::Shell;

/// Print completions for a shell
#[derive(clap::Args)]
#[command(after_help = "Example:\n  weft completions bash > /etc/bash_completion.d/weft")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    clap_complete::generate(
        args.shell,
        &mut crate::Cli::definition(),
        "weft",
        &mut std::io::stdout(),
    );
    Ok(ExitCode::SUCCESS)
}

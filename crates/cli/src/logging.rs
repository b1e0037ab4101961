//! Where log lines go: standard error, as text or as JSON, so that standard output stays for results.

mod lines;

use std::io::{self, IsTerminal};

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::ChronoLocal;

use crate::printer::{Color, Global};
pub(crate) use lines::Flush;
use lines::Lines;

/// Starts logging as the flags say. RUST_LOG overrides the level. What comes back has to be kept until the end of the
/// process: its drop writes the last lines.
///
/// # Errors
/// When the system has no thread to write lines with.
pub(crate) fn start(global: &Global) -> anyhow::Result<Flush> {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "warn",
        (false, 0) => "info",
        (false, 1) => "weft=debug,guest=debug,info",
        (false, _) => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let colours = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            io::stderr().is_terminal() && global.choice() != anstream::ColorChoice::Never
        }
    };
    let (lines, flush) = Lines::start(io::stderr()).context("no thread for log lines")?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(lines)
        .with_ansi(colours);
    if global.json() {
        builder.json().flatten_event(true).init();
    } else {
        builder
            .with_timer(ChronoLocal::new("%H:%M:%S%.3f".to_owned()))
            .with_target(false)
            .init();
    }
    Ok(flush)
}

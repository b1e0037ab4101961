//! Where log lines go: standard error, as text or as JSON, so that standard output stays for results.

mod lines;

use std::io::{self, IsTerminal, Write};
use std::sync::{LazyLock, OnceLock};

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::ChronoLocal;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use weft_telemetry::logs::Outlet;

use crate::printer::{Color, Global};
pub(crate) use lines::Flush;
use lines::Lines;

/// What this process has to say on standard error, once that is set up.
static LINES: OnceLock<Lines> = OnceLock::new();

/// Where log lines go as telemetry, once that is on.
static OUTLET: LazyLock<Outlet> = LazyLock::new(Outlet::default);

/// Where log lines go as telemetry, once that is on.
pub(crate) fn outlet() -> &'static Outlet {
    &OUTLET
}

/// Says something on standard error, between the lines of the log. Like those it waits for nobody who reads: whoever
/// said it directly would wait for the log's thread, which may wait for ever.
pub(crate) fn say(text: &str) {
    // Nobody is left to tell of an error.
    let _ = match LINES.get() {
        Some(mut lines) => lines.write_all(text.as_bytes()),
        None => io::stderr().write_all(text.as_bytes()),
    };
}

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
    let lines = LINES.get_or_init(|| lines).clone();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(lines)
        .with_ansi(colours);
    let telemetry = outlet().layer();
    if global.json() {
        let lines = builder.json().flatten_event(true).finish();
        lines.with(telemetry).init();
    } else {
        let lines = builder
            .with_timer(ChronoLocal::new("%H:%M:%S%.3f".to_owned()))
            .with_target(false)
            .finish();
        lines.with(telemetry).init();
    }
    Ok(flush)
}

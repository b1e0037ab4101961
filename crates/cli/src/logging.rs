//! Where log lines go: standard error, as text or as JSON, so that standard output stays for results.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::ChronoLocal;

use crate::printer::{Color, Global};

/// Starts logging as the flags say. RUST_LOG overrides the level.
pub(crate) fn start(global: &Global) {
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
            std::io::stderr().is_terminal() && global.choice() != anstream::ColorChoice::Never
        }
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours);
    if global.json() {
        builder.json().flatten_event(true).init();
    } else {
        builder
            .with_timer(ChronoLocal::new("%H:%M:%S%.3f".to_owned()))
            .with_target(false)
            .init();
    }
}

//! `weft run`, `weft check`, `weft inspect` and `weft completions`.

mod commands;
mod examples;
#[cfg(target_os = "linux")]
mod faults;
mod harness;
mod refusals;
mod serving;

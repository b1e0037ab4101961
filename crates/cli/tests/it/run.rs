//! `weft run`, `weft check`, `weft inspect` and `weft completions`.

mod admin;
mod commands;
mod egress;
mod examples;
#[cfg(target_os = "linux")]
mod faults;
pub(crate) mod harness;
#[cfg(target_os = "linux")]
mod hogs;
mod refusals;
mod services;
mod serving;

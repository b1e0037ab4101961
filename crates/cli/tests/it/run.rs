//! `weft run`, `weft check`, `weft inspect` and `weft completions`.

mod commands;
mod examples;
mod faults;
mod harness;
mod refusals;
mod serving;

//! `weft run`, `weft check`, `weft inspect` and `weft completions`.

mod admin;
mod commands;
mod examples;
mod harness;
mod refusals;
mod serving;

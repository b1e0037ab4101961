//! The `weft` command, tested as its users see it: the real program, its output and its exit code.
#![cfg(test)]

mod config;
mod dev;
mod docs;
mod explain;
mod pages;
mod pool;
mod run;
mod secrets;

//! The testkit does what other tests rely on.
#![cfg(test)]

mod browser;
mod database;

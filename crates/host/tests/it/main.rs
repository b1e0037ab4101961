//! A host against its guests: what a hostile or broken workload gets, and what its neighbours notice of it.
#![cfg(test)]

mod admin;
mod attacks;
mod beside;
mod control;
mod exposition;
mod manifest;
mod memories;
mod metrics;
mod neighbours;
mod operated;
mod stage;
mod wire;

//! A host against its guests: what a hostile or broken workload gets, and what its neighbours notice of it.
#![cfg(test)]

mod attacks;
mod beside;
mod manifest;
mod memories;
mod neighbours;
mod stage;
mod wire;

//! A host against its guests: what a hostile or broken workload gets, and what its neighbours notice of it.
#![cfg(test)]

mod attacks;
mod beside;
mod birth;
mod clock;
mod computing;
mod ends;
mod handles;
mod hostile;
mod manifest;
mod memories;
mod memory;
mod messages;
mod neighbours;
mod output;
mod overload;
mod stage;

//! A host against its guests: what a hostile or broken workload gets, and what its neighbours notice of it.
#![cfg(test)]
// wgpu-core has types so deep in each other that to prove them `Sync` takes more steps than usual.
#![recursion_limit = "256"]

mod admin;
mod attacks;
mod beside;
mod birth;
mod clock;
mod computing;
mod control;
mod ends;
mod exposition;
mod gpu;
mod gpu_hostile;
mod gpu_image;
mod gpu_options;
mod gpu_v0;
mod gpu_wgpu;
mod handles;
mod hostile;
mod manifest;
mod memories;
mod memory;
mod messages;
mod metrics;
mod neighbours;
mod network_memory;
mod operated;
mod output;
mod overload;
mod published;
mod stage;
mod telemetry;
mod telemetry_guests;

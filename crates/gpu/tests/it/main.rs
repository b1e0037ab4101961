//! WebGPU from the outside: what a guest's calls do, on a backend without a driver and on a software adapter.
#![cfg(test)]

mod adapters;
mod bench;
mod buffers;
mod canvas;
mod computing;
mod drawing;
mod draws;
mod hostile;
mod places;
mod programs;
mod queries;
mod random_calls;
mod requests;
mod resources;
mod sequences;
mod support;
mod texels;
mod turns;
mod weights;

//! WebGPU from the outside: what a guest's calls do, on a backend without a driver and on a software adapter.
#![cfg(test)]

mod adapters;
mod buffers;
mod canvas;
mod drawing;
mod hostile;
mod places;
mod programs;
mod random_calls;
mod requests;
mod resources;
mod sequences;
mod support;
mod turns;
mod weights;

//! Random programs of calls over everything that a guest can get hold of: no call ends the host, and when all is let go
//! of, nothing stays charged to anybody. `examples/fuzz_gpu.rs` runs the same programs for as long as one likes.

mod commands;
mod number;
mod passes;
pub(crate) mod program;
mod programs;
mod resources;
mod scene;
mod world;

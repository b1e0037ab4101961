//! A [`wgpu`] backend for WebAssembly components: Rust programs that are written for wgpu run, unmodified, on a
//! host that serves [`wasi:webgpu`](https://github.com/WebAssembly/wasi-gfx), such as weft.
//!
//! Instead of `wgpu::Instance::new`, a component begins with [`instance`]; everything after that is wgpu:
//!
//! ```ignore
//! let instance = wgpu_weft::instance();
//! let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
//! let (device, queue) = adapter.request_device(&wgpu::DeviceDescriptor::default()).await?;
//! ```
//!
//! # Waiting
//!
//! Work on a GPU takes time, and both of wgpu's ways to wait for it work here, in any function of the component
//! that is `async` in its WIT (as WASI 0.3's HTTP handler and command are):
//!
//! - **Await.** A callback of `map_async` or `on_submitted_work_done` runs when its work is done, while the
//!   component awaits anything at all. Other requests of the instance go on meanwhile.
//! - **Poll.** `device.poll(PollType::wait_indefinitely())` blocks the whole instance until every submission and
//!   every mapping is done.
//!
//! A future of wgpu must be awaited by the component's own executor. An executor that parks its thread
//! (`pollster`) would wait for good: write `.await`, or [`block_on`].
//!
//! # Errors
//!
//! As everywhere in wgpu, an error that no scope and no handler takes ends the program. It is seen when the
//! device is polled, or when a mapping or an error scope ends.
//!
//! # What WebGPU does not have
//!
//! Surfaces, ray tracing, mesh shaders, external textures, arrays of bindings, pipeline caches and shaders that are
//! not WGSL: [`Features`](wgpu::Features) of a device never promise them, and asking for one is an error, which
//! says so.

mod raw {
    wit_bindgen::generate!({
        world: "wasi:webgpu/imports",
        path: "wit",
    });
}
/// The interface, by one short name.
mod bindings {
    pub(crate) use crate::raw::wasi::webgpu::webgpu::*;
}

mod adapter;
mod binding;
mod buffer;
mod commands;
mod compute_pass;
mod convert;
mod device;
mod drawing;
mod errors;
mod instance;
mod jobs;
mod pipeline;
mod query;
mod queue;
mod render_bundle;
mod render_pass;
mod shader;
mod texture;
mod unsupported;

pub use wit_bindgen::block_on;

/// The GPU of this component, as wgpu sees it: one adapter, which the host chooses for the workload.
#[must_use]
pub fn instance() -> wgpu::Instance {
    wgpu::Instance::from_custom(instance::Instance)
}

/// An object of wgpu as the one of this crate that is in it.
///
/// # Panics
/// Where the object belongs to another backend of wgpu: those cannot be mixed.
macro_rules! of {
    ($object:expr => $kind:ty) => {
        $object
            .as_custom::<$kind>()
            .expect("an object of another wgpu backend was given to one of wgpu-weft")
    };
}
pub(crate) use of;

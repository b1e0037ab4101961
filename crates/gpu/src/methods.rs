//! Methods that both versions of the package have alike, written once as macros that are given the module of the bindings. What
//! only one of them has, or has otherwise, is in `v0` and `v3`. A macro within an implementation takes the names of types
//! from where it is used.

mod adapter;
mod buffer;
mod compute_pass;
mod device;
mod encoder;
mod host;
mod render_pass;
mod requests;
mod texture;
mod values;

pub(crate) use adapter::{adapter, adapter_info, gpu, limits, supported};
pub(crate) use buffer::{buffer, queue};
pub(crate) use compute_pass::{common, compute_pass};
pub(crate) use device::{TransposeResult, device, refusals};
pub(crate) use encoder::{encoder, owner};
pub(crate) use host::{dropped, labelled, labels, resolved, told};
pub(crate) use render_pass::{bundle_encoder, drawing, render_pass};
pub(crate) use requests::{NoDevice, adapter as request_adapter, device as request_device};
pub(crate) use texture::{pipelines, texture};
pub(crate) use values::{map, values};

//! wgpu's words in those of `wasi:webgpu`, one file for each kind.

mod enums;
mod features;
mod flags;
mod formats;
mod info;
mod limits;
mod records;
mod render;

pub(crate) use enums::*;
pub(crate) use features::{features_of, names_of};
pub(crate) use flags::*;
pub(crate) use formats::{texture_format, vertex_format};
pub(crate) use info::adapter_info;
pub(crate) use limits::{limits_of, required_limits};
pub(crate) use records::*;
pub(crate) use render::*;

//! weft's plain data: what the other crates pass to each other, and how people write it down.
//!
//! Layout:
//! - `ids`, `interface`, `fault`, `spec`: the words that every crate shares;
//! - `known`: names of interfaces that people ask a host for, to tell a typing error from a new name;
//! - `diagnostic`: a problem in a file, with its place;
//! - `manifest`: wasmCloud manifests (Kubernetes YAML) -> [`spec::WorkloadSpec`];
//! - `project`: the project file of a developer (`.wash/config.yaml`, `weft.yaml`) -> [`project::Project`];
//! - `places`: where things stand in such a file, for problems that are found later;
//! - `image`, `pattern`, `duration`, `limits`, `host_interface`: forms of text that manifests and project files share;
//! - `document` (private): the one tree that YAML, JSON and TOML are read into, and the decoder that walks it.
//!
//! Invariants:
//! - no tokio, no wasmtime, no network; only `project::find` touches the file system;
//! - whatever the text is, parsing ends with a value or a [`diagnostic::Report`]: no panic, no unbounded memory;
//! - values that may be secret never reach `Debug` or a message.

pub mod diagnostic;
pub mod duration;
pub mod fault;
pub mod ids;
pub mod image;
pub mod interface;
pub mod known;
pub mod manifest;
pub mod places;
pub mod project;
pub mod spec;

mod document;
mod host_interface;
mod limits;
mod pattern;
mod values;

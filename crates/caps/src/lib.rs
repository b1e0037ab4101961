//! Capabilities: the interfaces beyond WASI's own that a host offers to guests.
//!
//! Each capability is a folder-sized module with the same four names: `Ctx` (what one component instance holds),
//! `Shared` where a back-end is shared by a workload, `View` (how the host's store data is asked for the `Ctx`), and
//! `add_to_linker`. A capability never sees the store data itself.
//!
//! Layout: `config` is `wasi:config/store`, `logging` is `wasi:logging`, `secrets` is `wasmcloud:secrets`.

pub mod config;
pub mod logging;
pub mod secrets;

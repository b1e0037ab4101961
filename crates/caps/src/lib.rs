//! Capabilities: the interfaces beyond WASI's own that a host offers to guests.
//!
//! Each capability is a folder-sized module with the same four names: `Ctx` (what one component instance holds),
//! `Shared` where a back-end is shared by a workload, `View` (how the host's store data is asked for the `Ctx`), and
//! `add_to_linker`. A capability never sees the store data itself.
//!
//! Layout: `config` is `wasi:config/store`, `logging` is `wasi:logging`, `otel` is `wasi:otel`, `secrets` is
//! `wasmcloud:secrets`.

pub mod config;
pub mod logging;
pub mod otel;
pub mod secrets;

/// Told of each call of a capability.
pub trait Calls: Send + Sync + 'static {
    /// A function is called; it is called `<namespace>.<package>.<function>`. What is returned lives as long as the call.
    fn begins(&self, function: &'static str) -> Option<Box<dyn Call>>;
}

/// A call of a capability that is under way. It ends when this is dropped.
pub trait Call: Send {
    /// Notes something about it. Never a value that somebody has to keep secret.
    fn note(&mut self, key: &'static str, value: &str);

    /// It has failed; `kind` is a short stable word.
    fn fail(&mut self, kind: &'static str);
}

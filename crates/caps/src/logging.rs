//! `wasi:logging@0.1.0-draft`: messages of a guest become log events of the host, labelled with where they come from.

use std::sync::Arc;

use wasmtime::component::{Linker, LinkerInstance, WasmStr};

use crate::Calls;

mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/wasi-logging", world: "imports", imports: { default: trappable } });
}

pub use bindings::wasi::logging::logging::Level;

/// The name under which a linker offers this interface.
pub const INTERFACE: &str = "wasi:logging/logging@0.1.0-draft";

/// Where the messages of one component go. The engine provides it, with labels and a rate limit.
pub trait Sink: Send + Sync + 'static {
    /// Takes one message; must not block.
    fn log(&self, level: Level, context: &str, message: &str);
}

/// What one component logs to.
#[derive(Clone)]
pub struct Ctx {
    /// The sink, shared by every instance of the component.
    pub sink: Arc<dyn Sink>,
    /// Told of each call.
    pub calls: Option<Arc<dyn Calls>>,
}

/// How the store data is asked for the context.
pub struct View<'a>(pub &'a Ctx);

/// Offers the interface; `view` finds the context of the component in the store data.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> View<'_>,
) -> wasmtime::Result<()> {
    add_to_instance(&mut linker.instance(INTERFACE)?, view)
}

/// Offers the interface under another name: for a component that shares its store with others, so that its messages
/// carry its own label.
///
/// The message is read where it lies in the guest's memory. What does not fit a line is cut by the sink, so a guest
/// that logs megabytes pays for them, not the host.
pub fn add_to_instance<T: 'static>(
    instance: &mut LinkerInstance<'_, T>,
    view: impl for<'a> Fn(&'a mut T) -> View<'a> + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    instance.func_wrap(
        "log",
        move |mut cx, (level, context, message): (Level, WasmStr, WasmStr)| {
            let Ctx { sink, calls } = view(cx.data_mut()).0.clone();
            let _call = calls.and_then(|calls| calls.begins("wasi.logging.log"));
            sink.log(level, &context.to_str(&cx)?, &message.to_str(&cx)?);
            Ok(())
        },
    )
}

//! A guest's own failure, explained: what it was, where in the guest, what the guest asked of the host last, and which
//! limit it had met.

use std::fmt::Write as _;
use std::time::Duration;

use wasmtime::{FrameInfo, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::{p2, p3};

use super::{Fault, FaultKind};
use crate::memory::Refusal;

/// What the store knows about a failure in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circumstances {
    /// The components of the store, the entry first.
    pub(crate) components: std::sync::Arc<str>,
    /// The interface of the host that was called last.
    pub(crate) last_call: Option<&'static str>,
    /// The limit that refused memory last.
    pub(crate) refused: Option<Refusal>,
}

/// What a guest's own failure was.
pub(crate) fn trap(error: &wasmtime::Error, circumstances: &Circumstances) -> Fault {
    // `Debug` of a wasmtime error has the causes and the guest's backtrace with function names.
    let chain = format!("{error:?}");
    let kind = kind(error, &chain);
    let cause = match kind {
        FaultKind::Trap => cause(error, &chain, circumstances),
        kind => kind.cause(),
    };
    Fault {
        kind,
        cause,
        detail: explained(error, cause, &chain, circumstances),
    }
}

/// Why an instance could not be made.
pub(crate) fn not_made(error: &wasmtime::Error, circumstances: &Circumstances) -> Fault {
    let fault = trap(error, circumstances);
    let cause = match circumstances.refused {
        Some(_) => "memory",
        None if error.is::<Trap>() => fault.cause,
        None => FaultKind::Instantiate.cause(),
    };
    Fault {
        kind: FaultKind::Instantiate,
        cause,
        detail: fault.detail,
    }
}

/// What to say of a guest that was stopped because its time was over.
pub(crate) fn timed_out(limit: Duration, circumstances: &Circumstances) -> String {
    let mut text = match &*circumstances.components {
        "" => String::new(),
        components => format!("component {components}: "),
    };
    let _ = write!(text, "not done within {limit:?} (weft.dev/request-timeout)");
    if let Some(call) = circumstances.last_call {
        let _ = write!(text, "; last host call: {call}");
    }
    text
}

fn kind(error: &wasmtime::Error, chain: &str) -> FaultKind {
    if error.is::<Trap>() {
        FaultKind::Trap
    } else if error.is::<I32Exit>() {
        FaultKind::Exit
    } else if chain.contains("never invoked `response-outparam::set`") {
        FaultKind::NoResponse
    } else if error.is::<p2::bindings::http::types::ErrorCode>()
        || error.is::<p3::bindings::http::types::ErrorCode>()
    {
        FaultKind::GuestError
    } else {
        FaultKind::Trap
    }
}

/// The word for why a guest trapped. A guest that was refused memory and then gave up failed for want of memory,
/// however it gave up: allocators end in `unreachable`.
fn cause(error: &wasmtime::Error, chain: &str, circumstances: &Circumstances) -> &'static str {
    let trap = error.downcast_ref::<Trap>();
    let gave_up = matches!(trap, Some(Trap::UnreachableCodeReached) | None);
    if circumstances.refused.is_some() && gave_up {
        return "memory";
    }
    match trap {
        Some(Trap::UnreachableCodeReached) => "unreachable",
        Some(Trap::StackOverflow) => "stack-overflow",
        Some(Trap::MemoryOutOfBounds | Trap::HeapMisaligned) => "memory-out-of-bounds",
        Some(Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature) => "bad-call",
        Some(
            Trap::IntegerOverflow | Trap::IntegerDivisionByZero | Trap::BadConversionToInteger,
        ) => "arithmetic",
        Some(Trap::AsyncDeadlock) => "deadlock",
        None if chain.contains("table has no free keys") => "handles",
        Some(_) | None => "trap",
    }
}

fn explained(
    error: &wasmtime::Error,
    cause: &str,
    chain: &str,
    circumstances: &Circumstances,
) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = match &*circumstances.components {
        "" => write!(text, "{cause}"),
        components => write!(text, "component {components}: {cause}"),
    };
    if let Some(function) = function(error) {
        let _ = write!(text, " in `{function}`");
    }
    if let Some(refused) = circumstances.refused {
        let _ = write!(text, "; memory was refused by {refused}");
    }
    if cause == "handles" {
        text.push_str("; it holds as many handles or tasks as it may (--max-handles, --max-tasks)");
    }
    if let Some(call) = circumstances.last_call {
        let _ = write!(text, "; last host call: {call}");
    }
    let _ = write!(text, "\n{chain}");
    text
}

/// The guest's innermost function that is its own: panics and allocators of the language's library, and what its tools
/// put between it and the host, lead to the trap and say nothing about why.
fn function(error: &wasmtime::Error) -> Option<String> {
    let backtrace = error.downcast_ref::<WasmBacktrace>()?;
    let own = |frame: &&FrameInfo| !frame.module().name().is_some_and(is_tool);
    let mut names = backtrace.frames().iter().filter(own).map(|frame| {
        let name = frame
            .func_name()
            .map(|name| format!("{:#}", rustc_demangle::demangle(name)));
        name.unwrap_or_else(|| format!("function {}", frame.func_index()))
    });
    let innermost = names.clone().next();
    names.find(|name| !is_library(name)).or(innermost)
}

/// Whether a module of this name is one that `wit-component` adds, for its own purposes, to every component.
fn is_tool(module: &str) -> bool {
    module.starts_with("wit-component:")
}

fn is_library(name: &str) -> bool {
    let name = name.trim_start_matches('<');
    [
        "std::", "core::", "alloc::", "__rust", "rust_", "dlmalloc", "__rustc", "abort", "panic",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

//! Link step: give a program's component its imports. Types are checked here, before any instance exists.

mod base;
mod filesystem;
mod identity;

use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{InstancePre, Linker};

use crate::compile::Code;
use crate::compose::Scoped;
use crate::host_state::HostState;

/// A component with all its imports bound.
pub(crate) type Linked = InstancePre<HostState>;

/// Why imports that fit by name could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("the host's interfaces cannot be set up: {reason}")]
    Host { reason: String },
    #[error(
        "the component's imports do not fit what the host provides: {reason}; build it against WASI 0.2 or 0.3 as released"
    )]
    Types { reason: String },
}

/// Everything that the host provides to the entry component of a program.
pub(crate) fn base_linker(engine: &Engine) -> Result<Linker<HostState>, LinkError> {
    let mut linker = Linker::new(engine);
    linker.allow_shadowing(true);
    base::add(&mut linker).map_err(|error| LinkError::Host {
        reason: format!("{error:#}"),
    })?;
    Ok(linker)
}

/// Binds the imports of a fused program. `scoped` are those that belong to one part alone.
pub(crate) fn link(
    base: &Linker<HostState>,
    code: &Arc<Code>,
    scoped: &[Scoped],
) -> Result<Linked, LinkError> {
    let types = |error: wasmtime::Error| LinkError::Types {
        reason: format!("{error:#}"),
    };
    if scoped.is_empty() {
        return base.instantiate_pre(&code.component).map_err(types);
    }
    let mut linker = base.clone();
    for import in scoped {
        identity::bind(&mut linker, import).map_err(types)?;
    }
    linker.instantiate_pre(&code.component).map_err(types)
}

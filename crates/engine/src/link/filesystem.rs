//! `wasi:filesystem` with size limits: the functions that can make a volume grow are replaced by ones that ask the
//! volume's quota first and then do what they always did.

mod p2;
mod p3;
mod writer;

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource};
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host;

use crate::host_state::HostState;
use crate::volume::Quota;

/// Replaces the growing functions of both versions, and `preopens`, where limited directories enter a store.
pub(super) fn limit_writes(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut root = linker.root();
    preopens(&mut root.instance("wasi:filesystem/preopens@0.2.12")?, 0)?;
    preopens(&mut root.instance("wasi:filesystem/preopens@0.3.0")?, 0)?;
    p2::limit_writes(&mut root.instance("wasi:filesystem/types@0.2.12")?)?;
    p3::limit_writes(&mut root.instance("wasi:filesystem/types@0.3.0")?)
}

/// The directories of one part; those on a limited volume are remembered as such.
pub(super) fn preopens(
    instance: &mut LinkerInstance<'_, HostState>,
    part: usize,
) -> wasmtime::Result<()> {
    instance.func_wrap(
        "get-directories",
        move |mut cx: StoreContextMut<'_, HostState>, (): ()| {
            let state = cx.data_mut();
            let directories = Host::get_directories(&mut state.filesystem(part))?;
            let quotas = state.quotas(part);
            for (directory, path) in &directories {
                let quota = quotas
                    .iter()
                    .find(|(mount, _)| mount == path)
                    .map(|(_, quota)| Arc::clone(quota));
                remember(state, directory, quota);
            }
            Ok((directories,))
        },
    )
}

/// Says which limit, if any, a new descriptor is under.
fn remember(state: &mut HostState, descriptor: &Resource<Descriptor>, quota: Option<Arc<Quota>>) {
    let Some(quota) = quota else {
        state.limited.remove(&descriptor.rep());
        return;
    };
    if let Ok(Descriptor::File(file)) = state.filesystem(0).table.get(descriptor) {
        quota.opened(&file.file);
    }
    state.limited.insert(descriptor.rep(), quota);
}

fn quota_of(state: &HostState, descriptor: &Resource<Descriptor>) -> Option<Arc<Quota>> {
    state.limited.get(&descriptor.rep()).map(Arc::clone)
}

/// Whether `bytes` more may be written under a limit, if there is one.
fn fits(quota: Option<&Quota>, bytes: u64) -> bool {
    quota.is_none_or(|quota| quota.charge(bytes).is_ok())
}

//! `wasi:filesystem` with size limits: the functions that can make a volume grow are replaced by ones that ask the
//! volume's quota first and then do what they always did.

mod p2;
mod p3;
mod writer;

use std::fs::File;
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

/// The open file behind a descriptor; none for a directory.
fn file_of(state: &mut HostState, descriptor: &Resource<Descriptor>) -> Option<Arc<File>> {
    match state.filesystem(0).table.get(descriptor) {
        Ok(Descriptor::File(file)) => Some(Arc::clone(&file.file)),
        Ok(Descriptor::Dir(_)) | Err(_) => None,
    }
}

/// Bytes that a file grows by when it comes to reach up to `end`.
fn growth(file: Option<&File>, end: u64) -> u64 {
    let length = file
        .and_then(|file| file.metadata().ok())
        .map_or(0, |metadata| metadata.len());
    end.saturating_sub(length)
}

/// Whether two directories are under one limit, or both under none. Where they are not, an entry cannot move between
/// them, as between two file systems.
fn same_limit(state: &HostState, a: &Resource<Descriptor>, b: &Resource<Descriptor>) -> bool {
    match (quota_of(state, a), quota_of(state, b)) {
        (Some(a), Some(b)) => Arc::ptr_eq(&a, &b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether `bytes` more may be written under a limit, if there is one.
fn fits(quota: Option<&Quota>, bytes: u64) -> bool {
    quota.is_none_or(|quota| quota.charge(bytes).is_ok())
}

//! The growing functions of `wasi:filesystem/types@0.3`.

use std::sync::Arc;

use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{Access, Accessor, FutureReader, LinkerInstance, Resource, StreamReader};
use wasmtime_wasi::filesystem::{Descriptor, FsPerms, WasiFilesystem, WasiFilesystemCtxView};
use wasmtime_wasi::p3::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptorWithStore, OpenFlags, PathFlags,
};
use wasmtime_wasi::p3::filesystem::FilesystemResult;

use super::writer::{Place, Writer};
use super::{file_of, fits, growth, quota_of, remember, same_limit};
use crate::host_state::HostState;
use crate::volume::{Quota, quota};

type Cx<'a> = StoreContextMut<'a, HostState>;
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;
type Written = FutureReader<Result<(), ErrorCode>>;

pub(super) fn limit_writes(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    opening(instance)?;
    entries(instance)?;
    moving(instance)?;
    writing(instance)
}

fn opening(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    type Params = (
        Resource<Descriptor>,
        PathFlags,
        String,
        OpenFlags,
        DescriptorFlags,
    );
    instance.func_wrap_concurrent(
        "[method]descriptor.open-at",
        |accessor: &Accessor<HostState>, params: Params| {
            let (dir, path_flags, path, open_flags, flags) = params;
            Box::pin(async move {
                let quota = accessor.with(|mut cx| quota_of(cx.data_mut(), &dir));
                if open_flags.contains(OpenFlags::CREATE) && !fits(quota.as_deref(), quota::ENTRY) {
                    return full();
                }
                let files = accessor.with_getter::<WasiFilesystem>(filesystem);
                let opened =
                    WasiFilesystem::open_at(&files, dir, path_flags, path, open_flags, flags).await;
                if let Ok(descriptor) = &opened {
                    accessor.with(|mut cx| remember(cx.data_mut(), descriptor, quota));
                }
                answer(opened)
            })
        },
    )
}

fn entries(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    instance.func_wrap_concurrent(
        "[method]descriptor.create-directory-at",
        |accessor: &Accessor<HostState>, (dir, path): (Resource<Descriptor>, String)| {
            Box::pin(async move {
                let quota = accessor.with(|mut cx| quota_of(cx.data_mut(), &dir));
                if !fits(quota.as_deref(), quota::ENTRY) {
                    return full();
                }
                let files = accessor.with_getter::<WasiFilesystem>(filesystem);
                answer(WasiFilesystem::create_directory_at(&files, dir, path).await)
            })
        },
    )?;
    instance.func_wrap_concurrent(
        "[method]descriptor.symlink-at",
        |accessor: &Accessor<HostState>,
         (dir, old, new): (Resource<Descriptor>, String, String)| {
            Box::pin(async move {
                let quota = accessor.with(|mut cx| quota_of(cx.data_mut(), &dir));
                if !fits(quota.as_deref(), quota::ENTRY) {
                    return full();
                }
                let files = accessor.with_getter::<WasiFilesystem>(filesystem);
                answer(WasiFilesystem::symlink_at(&files, dir, old, new).await)
            })
        },
    )
}

/// Renaming and hard links: within one volume only.
fn moving(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    type Rename = (Resource<Descriptor>, String, Resource<Descriptor>, String);
    instance.func_wrap_concurrent(
        "[method]descriptor.rename-at",
        |accessor: &Accessor<HostState>, (from, old, to, new): Rename| {
            Box::pin(async move {
                if !accessor.with(|mut cx| same_limit(cx.data_mut(), &from, &to)) {
                    return Ok((Err(ErrorCode::CrossDevice),));
                }
                let files = accessor.with_getter::<WasiFilesystem>(filesystem);
                answer(WasiFilesystem::rename_at(&files, from, old, to, new).await)
            })
        },
    )?;
    type Link = (
        Resource<Descriptor>,
        PathFlags,
        String,
        Resource<Descriptor>,
        String,
    );
    instance.func_wrap_concurrent(
        "[method]descriptor.link-at",
        |accessor: &Accessor<HostState>, (from, flags, old, to, new): Link| {
            Box::pin(async move {
                let (same, quota) = accessor.with(|mut cx| {
                    let state = cx.data_mut();
                    (same_limit(state, &from, &to), quota_of(state, &to))
                });
                if !same {
                    return Ok((Err(ErrorCode::CrossDevice),));
                }
                if !fits(quota.as_deref(), quota::ENTRY) {
                    return full();
                }
                let files = accessor.with_getter::<WasiFilesystem>(filesystem);
                answer(WasiFilesystem::link_at(&files, from, flags, old, to, new).await)
            })
        },
    )
}

fn writing(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    instance.func_wrap_concurrent(
        "[method]descriptor.set-size",
        |accessor: &Accessor<HostState>, (file, size): (Resource<Descriptor>, u64)| {
            Box::pin(async move {
                let (quota, more) = accessor.with(|mut cx| {
                    let state = cx.data_mut();
                    (
                        quota_of(state, &file),
                        growth(file_of(state, &file).as_deref(), size),
                    )
                });
                if !fits(quota.as_deref(), more) {
                    return full();
                }
                let files = accessor.with_getter::<WasiFilesystem>(filesystem);
                answer(WasiFilesystem::set_size(&files, file, size).await)
            })
        },
    )?;
    instance.func_wrap(
        "[method]descriptor.write-via-stream",
        |cx: Cx<'_>, (file, data, offset): (Resource<Descriptor>, StreamReader<u8>, u64)| {
            write(cx, file, data, Place::At(offset))
        },
    )?;
    instance.func_wrap(
        "[method]descriptor.append-via-stream",
        |cx: Cx<'_>, (file, data): (Resource<Descriptor>, StreamReader<u8>)| {
            write(cx, file, data, Place::End)
        },
    )
}

/// Pipes a guest's stream into a file: through the quota if there is one, else as wasmtime does.
fn write(
    mut cx: Cx<'_>,
    file: Resource<Descriptor>,
    data: StreamReader<u8>,
    place: Place,
) -> wasmtime::Result<(Written,)> {
    let Some(quota) = quota_of(cx.data_mut(), &file) else {
        let access = Access::<HostState, WasiFilesystem>::new(cx, filesystem);
        return Ok((match place {
            Place::At(offset) => WasiFilesystem::write_via_stream(access, file, data, offset)?,
            Place::End => WasiFilesystem::append_via_stream(access, file, data)?,
        },));
    };
    limited(cx, &file, data, place, quota)
}

fn limited(
    mut cx: Cx<'_>,
    file: &Resource<Descriptor>,
    mut data: StreamReader<u8>,
    place: Place,
    quota: Arc<Quota>,
) -> wasmtime::Result<(Written,)> {
    let (done, result) = oneshot::channel();
    let opened = match cx.data_mut().filesystem(0).table.get(file)? {
        Descriptor::Dir(_) => Err(ErrorCode::BadDescriptor),
        Descriptor::File(file) if file.perms == FsPerms::ReadOnly => Err(ErrorCode::NotPermitted),
        Descriptor::File(file) => Ok(Arc::clone(&file.file)),
    };
    match opened {
        Ok(file) => data.pipe(&mut cx, Writer::new(file, place, quota, done))?,
        Err(error) => {
            data.close(&mut cx)?;
            let _ = done.send(Err(error));
        }
    }
    Ok((FutureReader::new(&mut cx, result)?,))
}

fn filesystem(state: &mut HostState) -> WasiFilesystemCtxView<'_> {
    state.filesystem(0)
}

fn answer<T>(result: FilesystemResult<T>) -> Answer<T> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

fn full<T>() -> Answer<T> {
    Ok((Err(ErrorCode::InsufficientSpace),))
}

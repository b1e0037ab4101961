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
use super::{fits, quota_of, remember};
use crate::host_state::HostState;
use crate::volume::{Quota, quota};

type Cx<'a> = StoreContextMut<'a, HostState>;
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;
type Written = FutureReader<Result<(), ErrorCode>>;

pub(super) fn limit_writes(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    opening(instance)?;
    entries(instance)?;
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

fn writing(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    instance.func_wrap_concurrent(
        "[method]descriptor.set-size",
        |accessor: &Accessor<HostState>, (file, size): (Resource<Descriptor>, u64)| {
            Box::pin(async move {
                let quota = accessor.with(|mut cx| quota_of(cx.data_mut(), &file));
                if !fits(quota.as_deref(), size) {
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
    let refused = match &place {
        Place::At(offset) if !fits(Some(&quota), *offset) => Some(ErrorCode::InsufficientSpace),
        Place::At(_) | Place::End => None,
    };
    limited(cx, &file, data, place, quota, refused)
}

fn limited(
    mut cx: Cx<'_>,
    file: &Resource<Descriptor>,
    mut data: StreamReader<u8>,
    place: Place,
    quota: Arc<Quota>,
    refused: Option<ErrorCode>,
) -> wasmtime::Result<(Written,)> {
    let (done, result) = oneshot::channel();
    let opened = match (refused, cx.data_mut().filesystem(0).table.get(file)?) {
        (Some(refused), _) => Err(refused),
        (None, Descriptor::Dir(_)) => Err(ErrorCode::BadDescriptor),
        (None, Descriptor::File(file)) if file.perms == FsPerms::ReadOnly => {
            Err(ErrorCode::NotPermitted)
        }
        (None, Descriptor::File(file)) => Ok(Arc::clone(&file.file)),
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

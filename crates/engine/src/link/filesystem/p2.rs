//! The growing functions of `wasi:filesystem/types@0.2`.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource};
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{
    DynOutputStream, FsResult, OutputStream, Pollable, StreamError, StreamResult,
};

use super::{fits, quota_of, remember};
use crate::host_state::HostState;
use crate::volume::{Quota, quota};

type Cx<'a> = StoreContextMut<'a, HostState>;
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

pub(super) fn limit_writes(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    opening(instance)?;
    entries(instance)?;
    writing(instance)?;
    streams(instance)
}

fn opening(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    type Params = (
        Resource<Descriptor>,
        PathFlags,
        String,
        OpenFlags,
        DescriptorFlags,
    );
    instance.func_wrap_async(
        "[method]descriptor.open-at",
        |mut cx: Cx<'_>, params: Params| {
            let (dir, path_flags, path, open_flags, flags) = params;
            Box::new(async move {
                let state = cx.data_mut();
                let quota = quota_of(state, &dir);
                if open_flags.contains(OpenFlags::CREATE) && !fits(quota.as_deref(), quota::ENTRY) {
                    return full();
                }
                let opened = state
                    .filesystem(0)
                    .open_at(dir, path_flags, path, open_flags, flags)
                    .await;
                if let Ok(descriptor) = &opened {
                    remember(state, descriptor, quota);
                }
                answer(opened)
            })
        },
    )
}

fn entries(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    instance.func_wrap_async(
        "[method]descriptor.create-directory-at",
        |mut cx: Cx<'_>, (dir, path): (Resource<Descriptor>, String)| {
            Box::new(async move {
                let state = cx.data_mut();
                if !fits(quota_of(state, &dir).as_deref(), quota::ENTRY) {
                    return full();
                }
                answer(state.filesystem(0).create_directory_at(dir, path).await)
            })
        },
    )?;
    instance.func_wrap_async(
        "[method]descriptor.symlink-at",
        |mut cx: Cx<'_>, (dir, old, new): (Resource<Descriptor>, String, String)| {
            Box::new(async move {
                let state = cx.data_mut();
                if !fits(quota_of(state, &dir).as_deref(), quota::ENTRY) {
                    return full();
                }
                answer(state.filesystem(0).symlink_at(dir, old, new).await)
            })
        },
    )
}

fn writing(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    instance.func_wrap_async(
        "[method]descriptor.write",
        |mut cx: Cx<'_>, (file, bytes, offset): (Resource<Descriptor>, Vec<u8>, u64)| {
            Box::new(async move {
                let state = cx.data_mut();
                // A write far behind the end makes the file as long as that.
                if !fits(quota_of(state, &file).as_deref(), growth(&bytes, offset)) {
                    return full();
                }
                answer(state.filesystem(0).write(file, bytes, offset).await)
            })
        },
    )?;
    instance.func_wrap_async(
        "[method]descriptor.set-size",
        |mut cx: Cx<'_>, (file, size): (Resource<Descriptor>, u64)| {
            Box::new(async move {
                let state = cx.data_mut();
                if !fits(quota_of(state, &file).as_deref(), size) {
                    return full();
                }
                answer(state.filesystem(0).set_size(file, size).await)
            })
        },
    )
}

fn streams(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    instance.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut cx: Cx<'_>, (file, offset): (Resource<Descriptor>, u64)| {
            let state = cx.data_mut();
            let quota = quota_of(state, &file);
            if !fits(quota.as_deref(), offset) {
                return full();
            }
            let stream = state.filesystem(0).write_via_stream(file, offset);
            limited(state, stream, quota)
        },
    )?;
    instance.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut cx: Cx<'_>, (file,): (Resource<Descriptor>,)| {
            let state = cx.data_mut();
            let quota = quota_of(state, &file);
            let stream = state.filesystem(0).append_via_stream(file);
            limited(state, stream, quota)
        },
    )
}

fn limited(
    state: &mut HostState,
    stream: FsResult<Resource<DynOutputStream>>,
    quota: Option<Arc<Quota>>,
) -> Answer<Resource<DynOutputStream>> {
    let (Ok(stream), Some(quota)) = (&stream, quota) else {
        return answer(stream);
    };
    let table = state.filesystem(0).table;
    let inner = table.delete(Resource::<DynOutputStream>::new_own(stream.rep()))?;
    let limited: DynOutputStream = Box::new(Limited { inner, quota });
    Ok((Ok(table.push(limited)?),))
}

fn growth(bytes: &[u8], offset: u64) -> u64 {
    offset.saturating_add(bytes.len() as u64)
}

fn answer<T>(result: FsResult<T>) -> Answer<T> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

fn full<T>() -> Answer<T> {
    Ok((Err(ErrorCode::InsufficientSpace),))
}

/// A file's stream that stops when its volume is full.
struct Limited {
    inner: DynOutputStream,
    quota: Arc<Quota>,
}

impl OutputStream for Limited {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if self.quota.charge(bytes.len() as u64).is_err() {
            let full = std::io::Error::from(rustix::io::Errno::NOSPC);
            return Err(StreamError::LastOperationFailed(full.into()));
        }
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.inner.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.inner.check_write()
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Limited {
    async fn ready(&mut self) {
        self.inner.ready().await;
    }
}

//! The growing functions of `wasi:filesystem/types@0.2`.

use std::fs::File;
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

use super::{file_of, fits, growth, quota_of, remember, same_limit};
use crate::host_state::HostState;
use crate::volume::{Quota, quota};

type Cx<'a> = StoreContextMut<'a, HostState>;
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

pub(super) fn limit_writes(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    opening(instance)?;
    entries(instance)?;
    moving(instance)?;
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

/// Renaming and hard links: within one volume only.
fn moving(instance: &mut LinkerInstance<'_, HostState>) -> wasmtime::Result<()> {
    type Rename = (Resource<Descriptor>, String, Resource<Descriptor>, String);
    instance.func_wrap_async(
        "[method]descriptor.rename-at",
        |mut cx: Cx<'_>, (from, old, to, new): Rename| {
            Box::new(async move {
                let state = cx.data_mut();
                if !same_limit(state, &from, &to) {
                    return Ok((Err(ErrorCode::CrossDevice),));
                }
                answer(state.filesystem(0).rename_at(from, old, to, new).await)
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
    instance.func_wrap_async(
        "[method]descriptor.link-at",
        |mut cx: Cx<'_>, (from, flags, old, to, new): Link| {
            Box::new(async move {
                let state = cx.data_mut();
                if !same_limit(state, &from, &to) {
                    return Ok((Err(ErrorCode::CrossDevice),));
                }
                if !fits(quota_of(state, &to).as_deref(), quota::ENTRY) {
                    return full();
                }
                answer(state.filesystem(0).link_at(from, flags, old, to, new).await)
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
                let end = offset.saturating_add(bytes.len() as u64);
                let more = growth(file_of(state, &file).as_deref(), end);
                if !fits(quota_of(state, &file).as_deref(), more) {
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
                let more = growth(file_of(state, &file).as_deref(), size);
                if !fits(quota_of(state, &file).as_deref(), more) {
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
            let limit = quota_of(state, &file).zip(file_of(state, &file));
            let stream = state.filesystem(0).write_via_stream(file, offset);
            limited(state, stream, limit, Some(offset))
        },
    )?;
    instance.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut cx: Cx<'_>, (file,): (Resource<Descriptor>,)| {
            let state = cx.data_mut();
            let limit = quota_of(state, &file).zip(file_of(state, &file));
            let stream = state.filesystem(0).append_via_stream(file);
            limited(state, stream, limit, None)
        },
    )
}

fn limited(
    state: &mut HostState,
    stream: FsResult<Resource<DynOutputStream>>,
    limit: Option<(Arc<Quota>, Arc<File>)>,
    position: Option<u64>,
) -> Answer<Resource<DynOutputStream>> {
    let (Ok(stream), Some((quota, file))) = (&stream, limit) else {
        return answer(stream);
    };
    let table = state.filesystem(0).table;
    let inner = table.delete(Resource::<DynOutputStream>::new_own(stream.rep()))?;
    let limited: DynOutputStream = Box::new(Limited {
        inner,
        quota,
        file,
        position,
        paid: 0,
    });
    Ok((Ok(table.push(limited)?),))
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
    file: Arc<File>,
    /// Where the next bytes go; none = at the end.
    position: Option<u64>,
    /// How far the file was already charged for; it may not have grown that far yet, since writes go on behind us.
    paid: u64,
}

impl Limited {
    /// Bytes that the next `count` make the file grow by, beyond what was charged before.
    fn more(&self, count: u64) -> u64 {
        match self.position {
            None => count,
            Some(position) => {
                let end = position.saturating_add(count);
                growth(Some(&self.file), end).min(end.saturating_sub(self.paid))
            }
        }
    }
}

impl OutputStream for Limited {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let count = bytes.len() as u64;
        if self.quota.charge(self.more(count)).is_err() {
            let full = std::io::Error::from(rustix::io::Errno::NOSPC);
            return Err(StreamError::LastOperationFailed(full.into()));
        }
        if let Some(position) = &mut self.position {
            *position = position.saturating_add(count);
            self.paid = self.paid.max(*position);
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

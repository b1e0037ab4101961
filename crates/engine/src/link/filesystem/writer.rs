//! A guest's byte stream on its way into a file of a volume with a size limit.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::io::{ReadWriteFlags, pwritev2};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wasmtime::StoreContextMut;
use wasmtime::component::{Source, StreamConsumer, StreamResult};
use wasmtime_wasi::p3::bindings::filesystem::types::ErrorCode;

use super::growth;
use crate::host_state::HostState;
use crate::volume::Quota;

/// Bytes written by one call of the operating system at most.
const CHUNK: usize = 64 << 10;

/// Where in the file the next bytes go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// At this offset, and on from there.
    At(u64),
    /// At the end of the file, wherever that is by then.
    End,
}

/// Takes the stream; sends the outcome once.
pub(super) struct Writer {
    file: Arc<File>,
    place: Place,
    quota: Arc<Quota>,
    done: Option<oneshot::Sender<Result<(), ErrorCode>>>,
    /// The write under way on a blocking thread.
    writing: Option<JoinHandle<io::Result<usize>>>,
}

impl Writer {
    pub(super) fn new(
        file: Arc<File>,
        place: Place,
        quota: Arc<Quota>,
        done: oneshot::Sender<Result<(), ErrorCode>>,
    ) -> Self {
        Self {
            file,
            place,
            quota,
            done: Some(done),
            writing: None,
        }
    }

    fn finish(&mut self, result: Result<(), ErrorCode>) -> StreamResult {
        if let Some(done) = self.done.take() {
            let _ = done.send(result);
        }
        StreamResult::Dropped
    }

    fn start(&mut self, bytes: &[u8]) -> JoinHandle<io::Result<usize>> {
        let bytes = bytes
            .get(..bytes.len().min(CHUNK))
            .unwrap_or(bytes)
            .to_vec();
        let (file, place) = (Arc::clone(&self.file), self.place);
        tokio::task::spawn_blocking(move || match place {
            Place::At(offset) => file.write_at(&bytes, offset),
            Place::End => Ok(pwritev2(
                &*file,
                &[IoSlice::new(&bytes)],
                u64::MAX,
                ReadWriteFlags::APPEND,
            )?),
        })
    }
}

impl StreamConsumer<HostState> for Writer {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, HostState>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let mut source = source.as_direct(store);
        if self.writing.is_none() {
            if finish {
                return Poll::Ready(Ok(StreamResult::Cancelled));
            }
            let bytes = source.remaining();
            if bytes.is_empty() {
                return Poll::Ready(Ok(StreamResult::Completed));
            }
            let count = bytes.len().min(CHUNK) as u64;
            // Each write ends before the next begins, so the file's length is up to date.
            let more = match self.place {
                Place::At(offset) => growth(Some(&self.file), offset.saturating_add(count)),
                Place::End => count,
            };
            if self.quota.charge(more).is_err() {
                return Poll::Ready(Ok(self.finish(Err(ErrorCode::InsufficientSpace))));
            }
            let started = self.start(bytes);
            self.writing = Some(started);
        }
        let Some(writing) = self.writing.as_mut() else {
            return Poll::Ready(Ok(StreamResult::Completed));
        };
        let written = ready!(Pin::new(writing).poll(cx));
        self.writing = None;
        match written.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(count) => {
                source.mark_read(count);
                if let Place::At(offset) = &mut self.place {
                    *offset = offset.saturating_add(count as u64);
                }
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(error) => Poll::Ready(Ok(self.finish(Err(ErrorCode::from(error))))),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.finish(Ok(()));
    }
}

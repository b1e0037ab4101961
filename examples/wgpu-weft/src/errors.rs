//! What goes wrong on a device: error scopes, uncaptured errors, the loss of the device.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use crate::bindings::{GpuDeviceLostInfo, GpuDeviceLostReason, GpuError, GpuErrorKind};
use wgpu::custom::BoxDeviceLostCallback;
use wit_bindgen::{FutureReader, StreamReader, StreamResult};

/// Errors that are taken from the host in one go.
const BATCH: usize = 16;

/// A message of the host, as the source of wgpu's errors.
#[derive(Debug)]
pub(crate) struct Message(pub(crate) String);

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Message {}

pub(crate) fn error_of(error: &GpuError) -> wgpu::Error {
    let description = error.message();
    let source = Box::new(Message(description.clone()));
    match error.kind() {
        GpuErrorKind::ValidationError => wgpu::Error::Validation {
            source,
            description,
        },
        GpuErrorKind::OutOfMemoryError => wgpu::Error::OutOfMemory { source },
        GpuErrorKind::InternalError => wgpu::Error::Internal {
            source,
            description,
        },
    }
}

/// What this crate itself refuses, before the host hears of it.
pub(crate) fn validation(description: String) -> wgpu::Error {
    wgpu::Error::Validation {
        source: Box::new(Message(description.clone())),
        description,
    }
}

/// Where the errors of a device go that no scope takes, and the news of its loss.
#[derive(Default)]
pub(crate) struct Watch {
    errors: RefCell<Option<StreamReader<GpuError>>>,
    lost: RefCell<Option<FutureReader<GpuDeviceLostInfo>>>,
    handler: RefCell<Option<Arc<dyn wgpu::UncapturedErrorHandler>>>,
    on_loss: RefCell<Option<BoxDeviceLostCallback>>,
}

impl Watch {
    pub(crate) fn new(
        errors: StreamReader<GpuError>,
        lost: FutureReader<GpuDeviceLostInfo>,
    ) -> Self {
        Self {
            errors: RefCell::new(Some(errors)),
            lost: RefCell::new(Some(lost)),
            ..Self::default()
        }
    }

    pub(crate) fn set_handler(&self, handler: Arc<dyn wgpu::UncapturedErrorHandler>) {
        self.handler.replace(Some(handler));
    }

    pub(crate) fn set_on_loss(&self, callback: BoxDeviceLostCallback) {
        self.on_loss.replace(Some(callback));
    }

    /// Tells the handler about an error, or ends the program with it, as wgpu does everywhere.
    pub(crate) fn report(&self, error: wgpu::Error) {
        let handler = self.handler.borrow().clone();
        match handler {
            Some(handler) => handler(error),
            None => panic!("wgpu error: {error}"),
        }
    }

    /// Asks the host for news, without waiting for any.
    pub(crate) async fn look(&self) {
        let errors = self.errors.take();
        if let Some(mut errors) = errors {
            let mut news = Vec::new();
            loop {
                let mut read = Box::pin(errors.read(Vec::with_capacity(BATCH)));
                let (result, batch) = match soon(&mut read).await {
                    Some(read) => read,
                    None => read.as_mut().cancel(),
                };
                news.extend(batch);
                if !matches!(result, StreamResult::Complete(count) if count == BATCH) {
                    break;
                }
            }
            self.errors.replace(Some(errors));
            for error in news {
                self.report(error_of(&error));
            }
        }
        let lost = self.lost.take();
        if let Some(lost) = lost {
            let mut read = Box::pin(lost.into_future());
            let info = match soon(&mut read).await {
                Some(info) => Ok(info),
                None => read.as_mut().cancel(),
            };
            match info {
                Ok(info) => self.tell_loss(&info),
                Err(lost) => {
                    self.lost.replace(Some(lost));
                }
            }
        }
    }

    fn tell_loss(&self, info: &GpuDeviceLostInfo) {
        let reason = match info.reason() {
            GpuDeviceLostReason::Unknown => wgpu::DeviceLostReason::Unknown,
            GpuDeviceLostReason::Destroyed => wgpu::DeviceLostReason::Destroyed,
        };
        let callback = self.on_loss.take();
        if let Some(callback) = callback {
            callback(reason, info.message());
        }
    }
}

/// The value of a future that the host has ready, or has by the next time it is asked.
async fn soon<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut again = true;
    poll_fn(
        |context| match std::pin::Pin::new(&mut *future).poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if again => {
                again = false;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Ready(None),
        },
    )
    .await
}

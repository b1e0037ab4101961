//! The body of a request, on its way to the target: counted, limited in size, and not waited for without end.
//!
//! A client that breaks a limit, or whose body breaks off, is told by the one who answers the request, while the body
//! itself is with the target. The two share an [`Intake`]: the body notes there what it found, and wakes the answering
//! side.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::task::AtomicWaker;
use http::Response;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::faults;
use crate::target::{Body, BoxError, Fault};

/// What a client may do with the body of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    /// Bytes of the body, without framing.
    pub(crate) max_bytes: u64,
    /// How long the target waits for the next frame.
    pub(crate) idle: Duration,
}

/// Why the body of a request ends with an error that is not the connection's: the client broke a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestBodyError {
    /// It is longer than `Limits::max_request_body`.
    #[error("the body of the request is longer than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Nothing of it arrived for `Limits::body_idle_timeout`, while the target waited.
    #[error("nothing of the request's body arrived for {limit:?}")]
    Stalled {
        /// The limit.
        limit: Duration,
    },
}

/// Why the body of a request did not come to its end.
#[derive(Clone, Copy, Debug)]
enum Broken {
    /// The client broke a limit.
    Limit(RequestBodyError),
    /// The client left, or sent something that is no body.
    Off,
}

/// What is known of a request's body.
pub(crate) struct Intake {
    start: Instant,
    bytes: AtomicU64,
    broken: OnceLock<Broken>,
    answering: AtomicWaker,
    /// Microseconds after `start` at which the client last took some of the response.
    response_taken: AtomicU64,
}

impl BodyLimits {
    /// The body as the target gets it, and what is known of it: nothing for a request without a body. A body that is
    /// announced to be too long is refused here, before the target is called.
    pub(crate) fn admit<B>(&self, body: B) -> Result<(Body, Option<Arc<Intake>>), Fault>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin + Send + 'static,
    {
        if body.is_end_stream() {
            return Ok((none(), None));
        }
        if body.size_hint().lower() > self.max_bytes {
            return Err(faults::body_too_large(self.max_bytes));
        }
        let intake = Arc::new(Intake {
            start: Instant::now(),
            bytes: AtomicU64::new(0),
            broken: OnceLock::new(),
            answering: AtomicWaker::new(),
            response_taken: AtomicU64::new(0),
        });
        let body = RequestBody {
            body: Some(body),
            limits: *self,
            intake: Arc::clone(&intake),
            waiting: None,
            timer: None,
        };
        Ok((body.boxed_unsync(), Some(intake)))
    }
}

impl Intake {
    /// Bytes that the target took.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Waits for the target's answer as long as the body is sound. `call` is dropped with this future.
    pub(crate) async fn watch(
        &self,
        call: impl Future<Output = Result<Response<Body>, Fault>>,
    ) -> Result<Response<Body>, Fault> {
        let mut call = std::pin::pin!(call);
        std::future::poll_fn(|cx| {
            let answer = call.as_mut().poll(cx);
            // Asked last: what a target makes of a body that broke off is of no interest.
            match self.poll_broken(cx) {
                Poll::Ready(fault) => Poll::Ready(Err(fault)),
                Poll::Pending => answer,
            }
        })
        .await
    }

    /// Resolves when the body breaks off.
    pub(crate) fn poll_broken(&self, cx: &mut Context<'_>) -> Poll<Fault> {
        self.answering.register(cx.waker());
        let Some(broken) = self.broken.get() else {
            return Poll::Pending;
        };
        Poll::Ready(match *broken {
            Broken::Limit(RequestBodyError::TooLarge { limit }) => faults::body_too_large(limit),
            Broken::Limit(RequestBodyError::Stalled { limit }) => faults::body_stalled(limit),
            Broken::Off => faults::body_broken(),
        })
    }

    /// Notes that the client reads the response. An exchange of messages in which it is the client's turn to listen is
    /// not a stalled upload.
    pub(crate) fn response_moves(&self) {
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.response_taken.store(now, Ordering::Relaxed);
    }

    fn response_moved(&self) -> Instant {
        let after = Duration::from_micros(self.response_taken.load(Ordering::Relaxed));
        self.start.checked_add(after).unwrap_or(self.start)
    }

    fn break_off(&self, broken: Broken) {
        // The body ends with its first error, so there is no second one.
        let _ = self.broken.set(broken);
        self.answering.wake();
    }
}

pin_project! {
    /// A body on its way to the target.
    struct RequestBody<B> {
        // None after the end.
        body: Option<B>,
        limits: BodyLimits,
        intake: Arc<Intake>,
        // Since when the target has been waiting for the next frame.
        waiting: Option<Instant>,
        // Armed when the target waits for the first time. It is not moved with each frame, only looked at when it
        // fires.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<B> RequestBody<B> {
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        *this.body = None;
        this.timer.set(None);
    }

    fn fail(self: Pin<&mut Self>, error: RequestBodyError) -> BoxError {
        self.intake.break_off(Broken::Limit(error));
        self.end();
        error.into()
    }

    /// Resolves when the target has waited for too long.
    fn poll_patience(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let waiting = *this.waiting.get_or_insert_with(Instant::now);
        loop {
            let since = waiting.max(this.intake.response_moved());
            let Some(deadline) = since.checked_add(this.limits.idle) else {
                return Poll::Pending;
            };
            if this.timer.is_none() {
                this.timer.set(Some(sleep_until(deadline)));
            }
            let Some(mut timer) = this.timer.as_mut().as_pin_mut() else {
                return Poll::Pending;
            };
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= deadline {
                return Poll::Ready(());
            }
            timer.reset(deadline);
        }
    }
}

impl<B> http_body::Body for RequestBody<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(body) = self.as_mut().project().body else {
            return Poll::Ready(None);
        };
        let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else {
            ready!(self.as_mut().poll_patience(cx));
            let limit = self.limits.idle;
            return Poll::Ready(Some(Err(self.fail(RequestBodyError::Stalled { limit }))));
        };
        *self.as_mut().project().waiting = None;
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                self.intake.break_off(Broken::Off);
                self.end();
                return Poll::Ready(Some(Err(error.into())));
            }
            None => {
                self.end();
                return Poll::Ready(None);
            }
        };
        let more = frame.data_ref().map_or(0, Bytes::len);
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        let limit = self.limits.max_bytes;
        if self.intake.bytes().saturating_add(more) > limit {
            return Poll::Ready(Some(Err(self.fail(RequestBodyError::TooLarge { limit }))));
        }
        self.intake.bytes.fetch_add(more, Ordering::Relaxed);
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Some(body) => body.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}

/// No body. It takes no memory of its own.
fn none() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

#[cfg(test)]
mod tests;

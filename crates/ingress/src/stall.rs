//! HTTP/2 streams whose client does not read: each is cut alone, while the others of its connection go on.
//!
//! When a client keeps the window of a stream shut, HTTP/2 stops asking for the response's body, so the body cannot
//! notice. The task of the stream does: it sleeps with a frame in its hands. [`cut_when_stalled`] wraps that task. The
//! response's body tells it, through a value that lives in the task, when a frame was handed out and when the next one
//! is asked for. A target that has nothing to say for long is not a stalled client: then the body has been asked, and
//! no frame is in hand.
//!
//! A stream costs a few words for this, and a timer only once a frame has had to wait.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

tokio::task_local! {
    static STREAM: Stream;
}

/// What the body of a response tells the task that sends it.
#[derive(Default)]
struct Stream {
    /// How many frames have been handed out.
    frames: Cell<u64>,
    /// Whether the last one is still in hand, as far as the body knows.
    in_hand: Cell<bool>,
    /// Whether the stream is being cut.
    cut: Cell<bool>,
}

/// The connection has room: it asks for the next frame. Does nothing outside of a stream's task.
pub(crate) fn asked() {
    let _ = STREAM.try_with(|stream| stream.in_hand.set(false));
}

/// The connection was given a frame.
pub(crate) fn handed_out() {
    let _ = STREAM.try_with(|stream| {
        stream.frames.set(stream.frames.get().wrapping_add(1));
        stream.in_hand.set(true);
    });
}

/// Whether what is dropped now is dropped because its stream is cut.
pub(crate) fn is_cut() -> bool {
    STREAM.try_with(|stream| stream.cut.get()).unwrap_or(false)
}

/// Runs the task of a stream, and drops it when one frame of its response has waited for longer than `limit`.
pub(crate) fn cut_when_stalled<F>(stream: F, limit: Duration) -> impl Future<Output = ()>
where
    F: Future,
{
    let guarded = Guarded {
        stream: Some(stream),
        limit,
        waiting: None,
        timer: None,
    };
    STREAM.scope(Stream::default(), guarded)
}

pin_project! {
    struct Guarded<F> {
        #[pin]
        stream: Option<F>,
        limit: Duration,
        // The frame that waits, by its number, and since when.
        waiting: Option<(u64, Instant)>,
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F: Future> Future for Guarded<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(stream) = this.stream.as_mut().as_pin_mut() else {
            return Poll::Ready(());
        };
        if stream.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(frame) = in_hand() else {
            *this.waiting = None;
            return Poll::Pending;
        };
        let since = match *this.waiting {
            Some((known, since)) if known == frame => since,
            _ => Instant::now(),
        };
        *this.waiting = Some((frame, since));
        let Some(deadline) = since.checked_add(*this.limit) else {
            return Poll::Pending;
        };
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(deadline)));
        }
        loop {
            let Some(mut timer) = this.timer.as_mut().as_pin_mut() else {
                return Poll::Pending;
            };
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= deadline {
                let _ = STREAM.try_with(|stream| stream.cut.set(true));
                this.stream.set(None);
                return Poll::Ready(());
            }
            timer.reset(deadline);
        }
    }
}

/// The number of the frame that the connection has not been able to send.
fn in_hand() -> Option<u64> {
    STREAM
        .try_with(|stream| stream.in_hand.get().then(|| stream.frames.get()))
        .ok()
        .flatten()
}

#[cfg(test)]
mod tests;

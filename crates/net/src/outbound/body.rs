//! The body of a response, which fails when the other side is silent for too long.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use super::error::HttpError;

pin_project_lite::pin_project! {
    /// The body of a response.
    pub struct ResponseBody {
        #[pin]
        incoming: Incoming,
        #[pin]
        silence: Sleep,
        limit: Duration,
        // The time counts from when the reader began to wait: one that is slow itself is not punished for that.
        waiting: bool,
    }
}

impl ResponseBody {
    pub(super) fn new(incoming: Incoming, limit: Duration) -> Self {
        Self {
            incoming,
            silence: sleep(limit),
            limit,
            waiting: false,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let mut this = self.project();
        if let Poll::Ready(frame) = this.incoming.poll_frame(cx) {
            *this.waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(HttpError::Http)));
        }
        if !*this.waiting {
            *this.waiting = true;
            this.silence.as_mut().reset(Instant::now() + *this.limit);
        }
        ready!(this.silence.poll(cx));
        Poll::Ready(Some(Err(HttpError::BetweenBytes(*this.limit))))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

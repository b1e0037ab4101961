//! The body of a response on its way out of the engine: ends when the request's time is over, and tells the instance when
//! its reader leaves.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Sleep;

use super::BoxError;
use crate::admission::Permit;
use crate::answer::Answer;
use crate::fault::{self, Circumstances, Fault, FaultKind};
use crate::presence::Patron;
use crate::traces::run::Run;
use crate::usage::Tally;

/// The body of a response, which tells the instance when its reader leaves.
pub(super) struct Watched {
    pub(super) answer: Arc<Answer>,
    pub(super) patron: Patron,
    pub(super) _permit: Permit,
    /// Goes off when the request has taken as long as it may.
    pub(super) alarm: Pin<Box<Sleep>>,
    pub(super) limit: Duration,
    pub(super) tally: Arc<Tally>,
    /// The span of the guest's work.
    pub(super) run: Option<Arc<Run>>,
}

impl Watched {
    fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        if self.alarm.as_mut().poll(cx).is_ready() && !self.answer.is_end_stream() {
            let detail = fault::timed_out(self.limit, &Circumstances::default());
            let late = Arc::new(Fault::new(FaultKind::Timeout, detail));
            self.answer.end_with(&late);
        }
        self.answer.poll_frame(cx)
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        let frame = self.poll_answer(cx);
        if let Poll::Ready(Some(Err(error))) = &frame
            && let Some(fault) = error.downcast_ref::<Fault>()
        {
            self.tally.failed(fault.cause);
            if let Some(run) = &self.run {
                run.fails(fault);
            }
            // Nobody reads on: what is left of the instance has nobody to work for.
            return frame;
        }
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || self.answer.is_end_stream() {
            // Read to its end: what the guest does afterwards is not cut short.
            self.patron.delivered();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.answer.size_hint()
    }
}

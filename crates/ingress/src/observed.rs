//! The body of a response under observation: its bytes are counted, its panics contained, its end noted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Version};
use http_body::{Body as _, Frame, SizeHint};

use crate::faults;
use crate::record::{Record, panic_text};
use crate::stall;
use crate::target::{Body, BoxError, Fault};

/// HTTP/2 is handed at most this much at once. It keeps what it was handed until the client takes it, also when the
/// client has opened the window for one byte only, and it does so for a finished response as well, when nobody watches
/// the stream any more.
const PIECE: usize = 16 * 1024;

/// A response's body, and the record of its request.
pub(crate) struct Observed {
    /// `None` once there is nothing more to poll.
    body: Option<Body>,
    /// What is left of a frame that was too large to be handed out at once.
    rest: Bytes,
    /// The length, if it is known before the end.
    length: Option<u64>,
    record: Record,
}

impl Observed {
    /// Follows a body whose head has these headers.
    pub(crate) fn new(record: Record, headers: &HeaderMap, body: Option<Body>) -> Self {
        let announced = headers.get(CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
        let known = body.as_ref().and_then(|body| body.size_hint().exact());
        let mut observed = Self {
            length: announced.or(known),
            rest: Bytes::new(),
            body,
            record,
        };
        observed.note_end();
        observed
    }

    /// The connection drops a body as soon as it knows that nothing follows, without asking it once more; so the end
    /// has to be recognised from the outside.
    fn note_end(&mut self) {
        if self.is_end_stream() || self.length == Some(self.record.response_bytes()) {
            self.record.ended();
        }
    }

    fn hand_out(&mut self, mut data: Bytes) -> Frame<Bytes> {
        if self.record.protocol() == Version::HTTP_2 && data.len() > PIECE {
            self.rest = data.split_off(PIECE);
        }
        self.record.sent(data.len());
        if let Some(upload) = self.record.upload() {
            upload.response_moves();
        }
        stall::handed_out();
        self.note_end();
        Frame::data(data)
    }

    /// Ends the response abnormally.
    fn break_off(&mut self, fault: &Fault) -> BoxError {
        self.body = None;
        self.rest = Bytes::new();
        self.record.failed(fault);
        self.record.ended();
        fault.detail.clone().into()
    }

    /// What the log makes of an error in the target's body.
    fn explained(&self, error: &BoxError) -> Fault {
        let known = self.record.lease();
        let known = known.and_then(|lease| lease.target.explain(error));
        Fault {
            detail: format!("the response's body failed: {error}"),
            ..known.unwrap_or_else(|| faults::broken_response(String::new()))
        }
    }

    fn poll_target(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        let span = self.record.span();
        let _entered = span.enter();
        // Nothing of ours is shared with the body across the unwind.
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx)));
        let frame = match polled {
            Ok(polled) => ready!(polled),
            Err(panic) => {
                let text = panic_text(panic.as_ref());
                let fault = faults::panicked(format!("the response's body panicked: {text}"));
                return Poll::Ready(Some(Err(fault)));
            }
        };
        Poll::Ready(frame.map(|frame| frame.map_err(|error| self.explained(&error))))
    }
}

impl http_body::Body for Observed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        stall::asked();
        let frame = if this.rest.is_empty() {
            this.poll_target(cx)
        } else {
            Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.rest)))))
        };
        // Asked last: what a target makes of an upload that broke off must not look like a whole response.
        if let Some(Poll::Ready(fault)) = this.record.upload().map(|upload| upload.poll_broken(cx))
        {
            return Poll::Ready(Some(Err(this.break_off(&fault))));
        }
        match ready!(frame) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => Poll::Ready(Some(Ok(this.hand_out(data)))),
                Err(trailers) => {
                    this.note_end();
                    Poll::Ready(Some(Ok(trailers)))
                }
            },
            Some(Err(fault)) => Poll::Ready(Some(Err(this.break_off(&fault)))),
            None => {
                this.body = None;
                this.note_end();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
            && self
                .body
                .as_ref()
                .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let Some(body) = &self.body else {
            return SizeHint::with_exact(len(&self.rest));
        };
        let (hint, rest) = (body.size_hint(), len(&self.rest));
        let mut all = SizeHint::new();
        all.set_lower(hint.lower().saturating_add(rest));
        if let Some(upper) = hint.upper() {
            all.set_upper(upper.saturating_add(rest));
        }
        all
    }
}

fn len(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

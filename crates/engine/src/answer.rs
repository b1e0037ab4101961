//! The body of a response, between the instance that writes it and whoever reads it.
//!
//! wasmtime ends a body when its instance is dropped, whatever the reason. A reader must not take the part of a body
//! that a trap left for the whole of it; so just before a failed instance is dropped, each of its bodies is looked at:
//! one that the guest has ended by then is whole, and any other ends with the fault.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::WasiBody;

use crate::fault::Fault;
use crate::workload::BoxError;

/// Frames that are taken out of a body to see whether it has ended. wasmtime buffers fewer.
const LOOK_AHEAD: usize = 16;

/// One body. Shared by its reader and its instance.
#[derive(Default)]
pub(crate) struct Answer(Mutex<State>);

#[derive(Default)]
struct State {
    /// Nothing until the head of the response has arrived.
    body: Option<WasiBody>,
    /// Frames that were taken out ahead of the reader.
    ahead: VecDeque<Frame<Bytes>>,
    end: End,
    reader: Option<Waker>,
}

#[derive(Default)]
enum End {
    /// As the body says.
    #[default]
    Open,
    /// The instance failed while it wrote.
    Cut(Arc<Fault>),
    /// There is nothing behind `ahead`.
    Reached,
}

impl Answer {
    /// The head of the response has arrived, and this body with it.
    pub(crate) fn arrived(&self, body: WasiBody) {
        self.state().body = Some(body);
    }

    /// The instance has failed and is about to be dropped. `writing` decides if the head is still on its way here: then
    /// nothing can be looked at.
    pub(crate) fn cut(&self, fault: &Arc<Fault>, writing: bool) {
        let mut state = self.state();
        let whole = if state.body.is_some() {
            state.look_ahead()
        } else {
            !writing
        };
        if !whole {
            state.end = End::Cut(Arc::clone(fault));
        }
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }

    /// The answer ends here, with this fault, whatever the guest still writes.
    pub(crate) fn end_with(&self, fault: &Arc<Fault>) {
        let mut state = self.state();
        if !matches!(state.end, End::Reached) {
            state.body = None;
            state.end = End::Cut(Arc::clone(fault));
        }
    }

    pub(crate) fn poll_frame(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut state = self.state();
        if let Some(frame) = state.ahead.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        if matches!(state.end, End::Reached) {
            return Poll::Ready(None);
        }
        let frame = state.poll_body(cx);
        match (&frame, &state.end) {
            (Poll::Ready(None) | Poll::Pending, End::Cut(fault)) => {
                let fault = Fault::clone(fault);
                state.end = End::Reached;
                return Poll::Ready(Some(Err(fault.into())));
            }
            (Poll::Pending, _) => state.reader = Some(cx.waker().clone()),
            (Poll::Ready(None), _) => state.end = End::Reached,
            (Poll::Ready(Some(_)), _) => {}
        }
        frame.map(|frame| frame.map(|frame| frame.map_err(|error| format!("{error:?}").into())))
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        let state = self.state();
        state.ahead.is_empty()
            && match state.end {
                End::Open => state.body.as_ref().is_some_and(Body::is_end_stream),
                End::Cut(_) => false,
                End::Reached => true,
            }
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        let state = self.state();
        match (&state.end, &state.body) {
            (End::Open, Some(body)) => body.size_hint(),
            _ => SizeHint::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, wasmtime_wasi_http::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Pending,
        }
    }

    /// Whether the guest has ended the body.
    fn look_ahead(&mut self) -> bool {
        if matches!(self.end, End::Reached) {
            return true;
        }
        // The reader is woken afterwards and polls again with its own waker.
        let mut nobody = Context::from_waker(Waker::noop());
        while self.ahead.len() < LOOK_AHEAD {
            match self.poll_body(&mut nobody) {
                Poll::Ready(Some(Ok(frame))) => self.ahead.push_back(frame),
                Poll::Ready(None) => {
                    self.end = End::Reached;
                    return true;
                }
                Poll::Ready(Some(Err(_))) | Poll::Pending => return false,
            }
        }
        false
    }
}

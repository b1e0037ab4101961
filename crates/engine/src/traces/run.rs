//! The span of a guest's work on one request. The instance knows when the work was over, and who answers the client knows
//! what became of it: the span is sent when neither of them has anything more to say.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use weft_telemetry::{Span, Trace};

use crate::fault::Fault;

/// One request's work in an instance. There is none for a request whose trace is not recorded.
#[derive(Default)]
pub(crate) struct Run(Mutex<State>);

#[derive(Default)]
struct State {
    /// Nothing until an instance has taken the request.
    span: Option<Span>,
    over: Option<Instant>,
    fault: Option<(&'static str, &'static str)>,
}

impl Run {
    /// Of a request with this trace.
    pub(crate) fn of(trace: Option<&Trace>) -> Option<Arc<Self>> {
        trace
            .filter(|trace| trace.is_sampled())
            .map(|_| Arc::default())
    }

    /// An instance has taken the request.
    pub(crate) fn begins(&self, span: Option<Span>) {
        self.state().span = span;
    }

    /// The guest's function is not worked on any more.
    pub(crate) fn over(&self) {
        self.state().over = Some(Instant::now());
    }

    /// Why there is no answer, or not the whole of it. The last word counts: it is the client's.
    pub(crate) fn fails(&self, fault: &Fault) {
        self.state().fault = Some((fault.cause, fault.kind.reason()));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let state = std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner));
        let Some(mut span) = state.span else { return };
        if let Some((cause, reason)) = state.fault {
            span.set("error.type", cause);
            span.fail(reason);
        }
        if let Some(over) = state.over {
            span.end_at(over);
        }
    }
}

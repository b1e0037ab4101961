//! The trace of one life of a service: a span for its start, which names the life before it, and the place that the
//! guest's own spans are below.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use weft_telemetry::Trace;
use weft_telemetry::context::SpanContext;
use weft_telemetry::span::SpanKind;
use weft_telemetry::value::Value;

use super::End;
use crate::traces::{Place, Reporting};

/// What is remembered of the lives of a service.
#[derive(Default)]
pub(super) struct Lives(Mutex<Before>);

#[derive(Default)]
struct Before {
    lives: u64,
    /// Where the last one was in its trace, and how it ended.
    last: Option<(SpanContext, String)>,
}

/// A life that begins.
pub(super) struct Birth {
    trace: Trace,
    before: u64,
    last: Option<(SpanContext, String)>,
    /// The start is over.
    told: AtomicBool,
}

impl Lives {
    /// A life begins. None if telemetry is off.
    pub(super) fn begin(&self, reporting: Option<&Reporting>) -> Option<Birth> {
        let reporting = reporting?;
        let trace = Trace::start(&reporting.telemetry);
        trace.answered_by(&reporting.resource);
        let mut before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let birth = Birth {
            trace,
            before: before.lives,
            last: before.last.take(),
            told: AtomicBool::new(false),
        };
        before.lives = before.lives.saturating_add(1);
        Some(birth)
    }

    /// A life is over.
    pub(super) fn end(&self, birth: Option<Birth>, end: &End) {
        let Some(birth) = birth else { return };
        birth.is((!end.is_success()).then(|| end.to_string()));
        let mut before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        before.last = Some((birth.trace.context().clone(), end.to_string()));
    }
}

impl Birth {
    /// What the life is for.
    pub(super) fn place(&self) -> Place {
        Place {
            parent: self.trace.context().clone(),
            trace: self.trace.clone(),
        }
    }

    /// The instance is there, or there will be none. Only the first call does anything.
    pub(super) fn is(&self, failed: Option<String>) {
        if self.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut attributes: Vec<(&'static str, Value<'static>)> =
            vec![("weft.service.restarts", self.before.into())];
        let mut links = Vec::new();
        if let Some((place, end)) = &self.last {
            attributes.push(("weft.service.last_end", end.clone().into()));
            links.push(place.clone());
        }
        let name = match self.before {
            0 => "weft.service.start",
            _ => "weft.service.restart",
        };
        self.trace
            .end_linked(name, SpanKind::Internal, attributes, failed, links);
    }
}

//! How a trace goes from one process to the next: the headers `traceparent`, `tracestate` and `baggage`.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::context::{SpanContext, TraceState};

/// The header that names trace and span.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header with what other systems have to say.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// The header with what the application passes along.
pub const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Bytes of baggage that are passed on, as W3C says.
const BAGGAGE_BYTES: usize = 8192;
/// Entries of baggage that are passed on, as W3C says.
const BAGGAGE_ENTRIES: usize = 64;

/// What is passed on. Both, where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Propagators {
    /// `traceparent` and `tracestate`.
    pub trace_context: bool,
    /// `baggage`.
    pub baggage: bool,
}

/// What came with a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// The span that called.
    pub parent: Option<SpanContext>,
    /// What the application passes along.
    pub baggage: Baggage,
}

/// Baggage, passed on as it came: not ours to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baggage(Option<Box<HeaderValue>>);

impl Default for Propagators {
    fn default() -> Self {
        Self {
            trace_context: true,
            baggage: true,
        }
    }
}

impl Propagators {
    /// What the headers of a request carry. What is not sound is as good as absent.
    pub fn extract(&self, headers: &HeaderMap) -> Carried {
        let mut carried = Carried::default();
        if self.trace_context
            && let Some(parent) = only(headers, &TRACEPARENT)
            && let Ok(parent) = parent.to_str()
        {
            carried.parent = SpanContext::parse(parent, state(headers));
        }
        if self.baggage {
            carried.baggage = Baggage::of(headers);
        }
        carried
    }

    /// Adds what is passed on to the headers of a request that goes out: a `traceparent` of its own, which somebody else
    /// has set, is left alone with its state, and so is baggage.
    pub fn inject(&self, context: &SpanContext, baggage: &Baggage, headers: &mut HeaderMap) {
        if self.trace_context
            && !headers.contains_key(&TRACEPARENT)
            && let Ok(parent) = HeaderValue::try_from(context.traceparent())
        {
            headers.insert(TRACEPARENT, parent);
            match context.state.header() {
                Some(state) => headers.insert(TRACESTATE, state.clone()),
                None => headers.remove(TRACESTATE),
            };
        }
        if self.baggage
            && let Some(baggage) = &baggage.0
            && !headers.contains_key(&BAGGAGE)
        {
            headers.insert(BAGGAGE, HeaderValue::clone(baggage));
        }
    }
}

impl Baggage {
    /// Several headers are one list. One that is too long or not sound is left out as a whole.
    fn of(headers: &HeaderMap) -> Self {
        let Some(first) = headers.get(&BAGGAGE) else {
            return Self(None);
        };
        let mut all = headers.get_all(&BAGGAGE).iter();
        let value = match all.nth(1) {
            None => first.clone(),
            Some(_) => {
                let texts = headers
                    .get_all(&BAGGAGE)
                    .iter()
                    .filter_map(|v| v.to_str().ok());
                let joined = texts.take(BAGGAGE_ENTRIES).collect::<Vec<_>>().join(",");
                match HeaderValue::try_from(joined) {
                    Ok(value) => value,
                    Err(_) => return Self(None),
                }
            }
        };
        let sound = value.len() <= BAGGAGE_BYTES && value.to_str().is_ok_and(is_sound);
        Self(sound.then(|| Box::new(value)))
    }

    /// As it is written; empty if there is none.
    pub fn as_str(&self) -> &str {
        let value = self.0.as_ref().and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }
}

/// Entries are `key=value`, with properties after a semicolon that are none of our business.
fn is_sound(text: &str) -> bool {
    let mut entries = 0_usize;
    text.split(',').all(|entry| {
        entries = entries.saturating_add(1);
        let member = entry.split(';').next().unwrap_or_default();
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        entries <= BAGGAGE_ENTRIES
            && member.split_once('=').is_some_and(|(key, _)| {
                let key = key.trim();
                !key.is_empty() && key.bytes().all(is_token)
            })
    })
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let first = headers.get(name)?;
    headers
        .get_all(name)
        .iter()
        .nth(1)
        .is_none()
        .then_some(first)
}

/// Several headers are one list.
fn state(headers: &HeaderMap) -> TraceState {
    match only(headers, &TRACESTATE) {
        Some(one) => TraceState::of(one),
        None => {
            let all = headers.get_all(&TRACESTATE).iter();
            let texts: Vec<_> = all.filter_map(|value| value.to_str().ok()).collect();
            if texts.is_empty() {
                return TraceState::default();
            }
            HeaderValue::try_from(texts.join(","))
                .map_or_else(|_| TraceState::default(), |all| TraceState::of(&all))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(of: &[(&HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in of {
            let value = HeaderValue::from_str(value).expect("it is a header's value");
            headers.append((*name).clone(), value);
        }
        headers
    }

    #[test]
    fn what_comes_in_goes_out_under_another_span() {
        let came = headers(&[
            (&TRACEPARENT, PARENT),
            (&TRACESTATE, "rojo=1"),
            (&BAGGAGE, "user=alice;secret=no, plan = pro"),
        ]);
        let all = Propagators::default();
        let carried = all.extract(&came);
        let parent = carried.parent.expect("it has one");
        let child = parent.child();
        let mut goes = HeaderMap::new();
        all.inject(&child, &carried.baggage, &mut goes);
        assert_eq!(goes.get(&TRACEPARENT).expect("set"), &child.traceparent());
        assert_eq!(goes.get(&TRACESTATE).expect("set"), "rojo=1");
        assert_eq!(
            goes.get(&BAGGAGE).expect("set"),
            "user=alice;secret=no, plan = pro"
        );
    }

    #[test]
    fn what_a_guest_has_set_is_left_as_it_is() {
        let all = Propagators::default();
        let carried = all.extract(&headers(&[
            (&TRACEPARENT, PARENT),
            (&TRACESTATE, "rojo=1"),
            (&BAGGAGE, "a=1"),
        ]));
        let own = PARENT.replace("4bf9", "aaaa");
        let mut goes = headers(&[(&TRACEPARENT, &own), (&BAGGAGE, "b=2")]);
        all.inject(
            &carried.parent.expect("it has one"),
            &carried.baggage,
            &mut goes,
        );
        assert_eq!(goes.get(&TRACEPARENT).expect("set"), &own);
        assert_eq!(goes.get(&TRACESTATE), None);
        assert_eq!(goes.get(&BAGGAGE).expect("set"), "b=2");
    }

    #[test]
    fn only_what_is_asked_for_is_passed_on() {
        let came = headers(&[(&TRACEPARENT, PARENT), (&BAGGAGE, "a=1")]);
        for (trace_context, baggage) in [(true, false), (false, true), (false, false)] {
            let some = Propagators {
                trace_context,
                baggage,
            };
            let carried = some.extract(&came);
            assert_eq!(carried.parent.is_some(), trace_context);
            assert_eq!(!carried.baggage.as_str().is_empty(), baggage);
            let all = Propagators::default().extract(&came);
            let mut goes = HeaderMap::new();
            some.inject(&all.parent.expect("it has one"), &all.baggage, &mut goes);
            assert_eq!(goes.contains_key(&TRACEPARENT), trace_context);
            assert_eq!(goes.contains_key(&BAGGAGE), baggage);
        }
    }

    #[test]
    fn two_parents_are_none_and_two_lists_are_one() {
        let came = headers(&[(&TRACEPARENT, PARENT), (&TRACEPARENT, PARENT)]);
        assert_eq!(Propagators::default().extract(&came).parent, None);
        let came = headers(&[
            (&TRACEPARENT, PARENT),
            (&TRACESTATE, "a=1"),
            (&TRACESTATE, "b=2"),
            (&BAGGAGE, "c=3"),
            (&BAGGAGE, "d=4"),
        ]);
        let carried = Propagators::default().extract(&came);
        assert_eq!(carried.parent.expect("one").state.as_str(), "a=1,b=2");
        assert_eq!(carried.baggage.as_str(), "c=3,d=4");
    }

    #[test]
    fn baggage_that_is_not_sound_or_too_much_is_left_out() {
        let many = vec!["k=v"; BAGGAGE_ENTRIES + 1].join(",");
        let long = format!("k={}", "v".repeat(BAGGAGE_BYTES));
        for wrong in ["", "novalue", "=v", "a b=c", many.as_str(), long.as_str()] {
            let carried = Propagators::default().extract(&headers(&[(&BAGGAGE, wrong)]));
            assert_eq!(carried.baggage.as_str(), "", "{wrong:.40}");
        }
    }
}

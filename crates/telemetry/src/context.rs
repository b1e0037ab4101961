//! Where in a trace something is: the `traceparent` and `tracestate` of W3C Trace Context, read strictly and within bounds.

use std::sync::Arc;

use http::HeaderValue;

use crate::id::{SpanId, TraceId, hexadecimal};

/// Members of a `tracestate`, at most, as the standard says.
const STATE_MEMBERS: usize = 32;
/// Bytes of a `tracestate` that are passed on: the standard asks for at least 512.
const STATE_BYTES: usize = 512;

/// The place of a span in a trace, as it goes from one process to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanContext {
    /// The trace.
    pub trace: TraceId,
    /// The span.
    pub span: SpanId,
    /// Whether the trace is recorded.
    pub sampled: bool,
    /// Whether it came from another process.
    pub remote: bool,
    /// What other systems have to say about the trace.
    pub state: TraceState,
}

/// A `tracestate`: passed on as it came. Few traces have one, and every span has a copy: so it is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceState(Option<Arc<HeaderValue>>);

impl SpanContext {
    /// The place that a `traceparent` describes, if it is one. Of versions after 00 the part that 00 has is read.
    pub fn parse(traceparent: &str, state: TraceState) -> Option<Self> {
        let (version, rest) = traceparent.split_once('-')?;
        let version = hexadecimal(version, 2).filter(|version| *version != "ff")?;
        let mut fields = rest.splitn(4, '-');
        let trace = TraceId::parse(fields.next()?)?;
        let span = SpanId::parse(fields.next()?)?;
        let flags = u8::from_str_radix(hexadecimal(fields.next()?, 2)?, 16).ok()?;
        if version == "00" && fields.next().is_some() {
            return None;
        }
        Some(Self {
            trace,
            span,
            sampled: flags & 1 == 1,
            remote: true,
            state,
        })
    }

    /// The `traceparent` that describes it.
    pub fn traceparent(&self) -> String {
        let flags = u8::from(self.sampled);
        format!("00-{}-{}-{flags:02x}", self.trace, self.span)
    }

    /// A new place below this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            span: SpanId::random(),
            remote: false,
            ..self.clone()
        }
    }
}

impl TraceState {
    /// The state of a header's value; none if it is not sound or too long: a part of it would be worse than nothing.
    pub fn of(value: &HeaderValue) -> Self {
        let sound =
            value.len() <= STATE_BYTES && !value.is_empty() && value.to_str().is_ok_and(is_sound);
        Self(sound.then(|| Arc::new(value.clone())))
    }

    /// The state with these members.
    pub fn of_members<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut text = String::new();
        for (key, value) in members {
            if text.len() > STATE_BYTES {
                return Self(None);
            }
            if !text.is_empty() {
                text.push(',');
            }
            text.extend([key, "=", value]);
        }
        HeaderValue::try_from(text).map_or(Self(None), |value| Self::of(&value))
    }

    /// As it is written; empty if there is none.
    pub fn as_str(&self) -> &str {
        let value = self.0.as_ref().and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// The header's value, if there is any.
    pub fn header(&self) -> Option<&HeaderValue> {
        self.0.as_deref()
    }

    /// Keys and values, in their order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let members = self.as_str().split(',');
        members.filter_map(|member| member.trim().split_once('='))
    }
}

fn is_sound(text: &str) -> bool {
    let members = || {
        text.split(',')
            .map(|member| member.trim_matches([' ', '\t']))
            .filter(|member| !member.is_empty())
    };
    let sound = members().all(|member| {
        member
            .split_once('=')
            .is_some_and(|(key, value)| is_key(key) && is_value(value))
    });
    sound && members().count() <= STATE_MEMBERS
}

fn is_key(key: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    let first = key.bytes().next();
    key.len() <= 256
        && key.bytes().all(allowed)
        && first.is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
}

fn is_value(value: &str) -> bool {
    let allowed = |byte: u8| (0x20..=0x7e).contains(&byte) && byte != b'=' && byte != b',';
    (1..=256).contains(&value.len()) && value.bytes().all(allowed) && !value.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn parse(text: &str) -> Option<SpanContext> {
        SpanContext::parse(text, TraceState::default())
    }

    #[test]
    fn a_traceparent_is_read_and_written_back() {
        let context = parse(PARENT).expect("it is one");
        assert_eq!(
            context.trace.to_string(),
            "4bf92f3577b34da6a3ce929d0e0e4736"
        );
        assert_eq!(context.span.to_string(), "00f067aa0ba902b7");
        assert!(context.sampled && context.remote);
        assert_eq!(context.traceparent(), PARENT);
    }

    #[test]
    fn only_the_last_flag_says_that_a_trace_is_recorded() {
        for (flags, sampled) in [("00", false), ("02", false), ("03", true), ("ff", true)] {
            let text = format!("{}{flags}", PARENT.strip_suffix("01").expect("it ends so"));
            assert_eq!(parse(&text).expect("it is one").sampled, sampled, "{flags}");
        }
    }

    #[test]
    fn a_later_version_may_have_more_and_this_one_may_not() {
        assert!(parse(&PARENT.replacen("00", "cc", 1)).is_some());
        assert!(parse(&format!("{}-what-comes", PARENT.replacen("00", "cc", 1))).is_some());
        assert!(parse(&format!("{PARENT}-what-comes")).is_none());
        assert!(parse(&PARENT.replacen("00", "ff", 1)).is_none());
    }

    #[test]
    fn what_is_no_traceparent_is_not_read() {
        for wrong in [
            "",
            "00",
            "00-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_child_is_in_the_same_trace_and_not_from_elsewhere() {
        let parent = parse(PARENT).expect("it is one");
        let child = parent.child();
        assert_eq!(child.trace, parent.trace);
        assert_ne!(child.span, parent.span);
        assert!(child.sampled && !child.remote);
    }

    #[test]
    fn a_sound_tracestate_is_passed_on_as_it_came() {
        let state = TraceState::of(&HeaderValue::from_static("rojo=00f067, congo=t61,"));
        assert_eq!(state.as_str(), "rojo=00f067, congo=t61,");
        let members: Vec<_> = state.members().collect();
        assert_eq!(members, [("rojo", "00f067"), ("congo", "t61")]);
        let again = TraceState::of_members(members);
        assert_eq!(again.as_str(), "rojo=00f067,congo=t61");
    }

    #[test]
    fn a_tracestate_that_is_not_sound_is_left_out() {
        let many = (0..33)
            .map(|n| format!("k{n}=v"))
            .collect::<Vec<_>>()
            .join(",");
        let long = format!("a={}", "v".repeat(STATE_BYTES));
        for wrong in [
            "a",
            "A=1",
            "=1",
            "a=",
            "a=b=c",
            many.as_str(),
            long.as_str(),
        ] {
            let value = HeaderValue::from_str(wrong).expect("it is a header");
            assert_eq!(TraceState::of(&value), TraceState::default(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_reading_fail(text in "\\PC{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(&text);
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let _ = TraceState::of(&value);
            }
        }

        #[test]
        fn each_context_survives_being_written(trace in 1_u128.., span in 1_u64.., sampled: bool) {
            let context = SpanContext {
                trace: TraceId::from_bytes(trace.to_be_bytes()).expect("it is not zero"),
                span: SpanId::from_bytes(span.to_be_bytes()).expect("it is not zero"),
                sampled,
                remote: true,
                state: TraceState::default(),
            };
            prop_assert_eq!(parse(&context.traceparent()), Some(context));
        }
    }
}

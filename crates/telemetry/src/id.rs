//! Ids of traces and spans: random, never zero.

use std::cell::RefCell;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// The id of a trace: sixteen bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(u128);

/// The id of a span: eight bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(u64);

impl TraceId {
    /// A new id.
    pub fn random() -> Self {
        loop {
            let id = (u128::from(next()) << 64) | u128::from(next());
            if id != 0 {
                return Self(id);
            }
        }
    }

    /// The id that these bytes are, unless they are all zero.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        Some(u128::from_be_bytes(bytes))
            .filter(|id| *id != 0)
            .map(Self)
    }

    /// The id that is written so: 32 lower-case hexadecimal digits, not all zero.
    pub fn parse(text: &str) -> Option<Self> {
        hexadecimal(text, 32)
            .and_then(|text| u128::from_str_radix(text, 16).ok())
            .filter(|id| *id != 0)
            .map(Self)
    }

    /// Its bytes, in network order.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The part that is random in every id, and that samplers decide by: the last 56 bits.
    pub(crate) fn randomness(self) -> u64 {
        u64::try_from(self.0 & ((1 << 56) - 1)).unwrap_or_default()
    }
}

impl SpanId {
    /// A new id.
    pub fn random() -> Self {
        loop {
            let id = next();
            if id != 0 {
                return Self(id);
            }
        }
    }

    /// The id that these bytes are, unless they are all zero.
    pub fn from_bytes(bytes: [u8; 8]) -> Option<Self> {
        Some(u64::from_be_bytes(bytes))
            .filter(|id| *id != 0)
            .map(Self)
    }

    /// The id that is written so: 16 lower-case hexadecimal digits, not all zero.
    pub fn parse(text: &str) -> Option<Self> {
        hexadecimal(text, 16)
            .and_then(|text| u64::from_str_radix(text, 16).ok())
            .filter(|id| *id != 0)
            .map(Self)
    }

    /// Its bytes, in network order.
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// The text, if it is so many lower-case hexadecimal digits: `from_str_radix` takes signs and capitals too.
pub(crate) fn hexadecimal(text: &str, digits: usize) -> Option<&str> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == digits && text.bytes().all(digit)).then_some(text)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Xoshiro256++ by Blackman and Vigna. Its 256 bits of state are what keeps the ids of many hosts apart: a generator with
/// 64 bits would repeat a trace after some billions.
struct Generator([u64; 4]);

thread_local! {
    static GENERATOR: RefCell<Generator> = RefCell::new(Generator::seeded());
}

impl Generator {
    /// The standard library's hash keys are the randomness at hand; ids are not secrets.
    fn seeded() -> Self {
        Self(std::array::from_fn(|index| {
            RandomState::new().hash_one((index, std::thread::current().id(), std::process::id()))
        }))
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }
}

fn next() -> u64 {
    GENERATOR.with_borrow_mut(Generator::next)
}

/// A number between 0 and 1, for waits that are not to be the same everywhere.
pub(crate) fn fraction() -> f64 {
    // 32 bits are exact in an `f64`.
    f64::from(u32::try_from(next() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_written_and_read_back() {
        let (trace, span) = (TraceId::random(), SpanId::random());
        assert_eq!(TraceId::parse(&trace.to_string()), Some(trace));
        assert_eq!(SpanId::parse(&span.to_string()), Some(span));
        assert_eq!(TraceId::from_bytes(trace.to_bytes()), Some(trace));
        assert_eq!(SpanId::from_bytes(span.to_bytes()), Some(span));
    }

    #[test]
    fn what_is_no_id_is_not_read() {
        for wrong in [
            "",
            "0000000000000000",
            "00f067aa0ba902B7",
            "+0f067aa0ba902b7",
            "00f067aa0ba902b",
            "00f067aa0ba902b7a",
            "00f067aa0ba902bé",
        ] {
            assert_eq!(SpanId::parse(wrong), None, "{wrong}");
        }
        assert_eq!(TraceId::parse(&"0".repeat(32)), None);
        assert_eq!(TraceId::from_bytes([0; 16]), None);
    }

    #[test]
    fn ids_of_several_threads_do_not_repeat() {
        let ids: BTreeSet<TraceId> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..10_000).map(|_| TraceId::random()).collect::<Vec<_>>()))
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().expect("it does not panic"))
                .collect()
        });
        assert_eq!(ids.len(), 40_000);
    }

    #[test]
    fn each_bit_of_an_id_is_set_about_half_of_the_time() {
        let mut set = [0_u32; 128];
        for _ in 0..10_000 {
            let id = TraceId::random().0;
            for (bit, count) in set.iter_mut().enumerate() {
                *count += u32::from(id >> bit & 1 == 1);
            }
        }
        assert!(
            set.iter().all(|count| (4_500..5_500).contains(count)),
            "{set:?}"
        );
    }
}

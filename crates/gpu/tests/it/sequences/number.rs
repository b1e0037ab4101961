//! What the calls are given: mostly small and fitting, often at a boundary, sometimes anything.

use arbitrary::{Arbitrary, Result, Unstructured};

/// Where mistakes are made.
const BOUNDARIES: [u64; 20] = [
    0,
    1,
    2,
    3,
    5,
    7,
    255,
    257,
    1 << 16,
    (1 << 20) + 1,
    1 << 28,
    i32::MAX as u64,
    u32::MAX as u64 - 3,
    u32::MAX as u64,
    1 << 32,
    1 << 40,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 3,
    u64::MAX,
];

/// A size, an offset or a count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) u64);

impl Number {
    /// As a number of 32 bits; what is above them is cut off.
    #[expect(clippy::cast_possible_truncation, reason = "any number will do")]
    pub(crate) fn short(self) -> u32 {
        if self.0 > u64::from(u32::MAX) + 1 {
            u32::MAX - (self.0 as u32 & 3)
        } else {
            self.0 as u32
        }
    }
}

impl<'a> Arbitrary<'a> for Number {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let kind = u8::arbitrary(u)?;
        Ok(Self(match kind {
            0..=79 => u64::from(kind % 8) * 4,
            80..=139 => u64::from(kind % 4 + 1) * 256,
            140..=179 => 0,
            180..=240 => *u.choose(&BOUNDARIES)?,
            _ => u64::arbitrary(u)?,
        }))
    }
}

/// A number with a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Float(pub(crate) f32);

impl<'a> Arbitrary<'a> for Float {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let kind = u8::arbitrary(u)?;
        Ok(Self(match kind {
            0..=159 => [0.0, 1.0, 8.0, 0.5][usize::from(kind % 4)],
            160..=229 => *u.choose(&[
                f32::NAN,
                f32::INFINITY,
                f32::NEG_INFINITY,
                -0.0,
                -1.0,
                f32::MAX,
                f32::MIN_POSITIVE,
                f32::EPSILON,
            ])?,
            _ => f32::from_bits(u32::arbitrary(u)?),
        }))
    }
}

/// One of a list, which begins with what fits most calls.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(crate) struct Choice(u8);

impl Choice {
    /// Every second time the first.
    pub(crate) fn of<T: Clone>(self, list: &[T]) -> T {
        let at = if self.0 < 128 {
            0
        } else {
            usize::from(self.0) % list.len()
        };
        list[at].clone()
    }
}

/// Which of the handles that are alive.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(crate) struct Slot(pub(crate) u8);

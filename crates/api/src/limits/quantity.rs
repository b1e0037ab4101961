//! Amounts as Kubernetes writes them: `256Mi`, `500m`, `0.5`, `1e3`. Exact, in whole numbers.

/// More significant digits are refused. With them and the largest unit, every intermediate result fits into 128 bits.
const DIGITS_MAX: usize = 20;
/// Longer texts are refused unread: zeros add nothing.
const TEXT_MAX: usize = 64;

/// A number: `mantissa * 10^ten * 2^two`, with a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    negative: bool,
    mantissa: u128,
    ten: i32,
    two: u32,
}

impl Quantity {
    /// Reads `[+-]digits[.digits]`, then a unit (`n u m k M G T P E`, `Ki Mi Gi Ti Pi Ei`) or an exponent (`e3`,
    /// `E-3`), with nothing before, between or behind.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let (negative, unsigned) = sign(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, unit) = unsigned.split_at_checked(end.unwrap_or(unsigned.len()))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches('0');
        if significant.len() > DIGITS_MAX {
            return None;
        }
        let mantissa = if significant.is_empty() {
            0
        } else {
            significant.parse().ok()?
        };
        let (ten, two) = scale(unit)?;
        let ten = ten.saturating_sub(i32::try_from(fraction.len()).ok()?);
        Some(Self {
            negative,
            mantissa,
            ten,
            two,
        })
    }

    /// The number times `10^digits`, rounded up; nothing if it is negative or too large to tell.
    pub(crate) fn rounded_up(&self, digits: i32) -> Option<u128> {
        let (quotient, rest) = self.parts(digits)?;
        quotient.checked_add(u128::from(rest))
    }

    /// Whether the number times `10^digits` is whole.
    pub(crate) fn is_whole(&self, digits: i32) -> bool {
        self.parts(digits).is_some_and(|(_, rest)| !rest)
    }

    /// The number times `10^digits`, rounded down, and whether that left something out.
    fn parts(&self, digits: i32) -> Option<(u128, bool)> {
        if self.mantissa == 0 {
            return Some((0, false));
        }
        if self.negative {
            return None;
        }
        let base = self.mantissa.checked_mul(1_u128.checked_shl(self.two)?)?;
        let ten = self.ten.saturating_add(digits);
        let power = 10_u128.checked_pow(ten.unsigned_abs());
        if ten >= 0 {
            return base.checked_mul(power?).map(|value| (value, false));
        }
        // A power that does not fit is larger than any base: the number is a fraction.
        let Some(power) = power else {
            return Some((0, true));
        };
        Some((base.checked_div(power)?, base.checked_rem(power)? != 0))
    }
}

/// Whether the text begins with `-`, and the text without its sign.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// The powers of ten and of two that a unit or exponent stands for.
fn scale(unit: &str) -> Option<(i32, u32)> {
    let scale = match unit {
        "n" => (-9, 0),
        "u" => (-6, 0),
        "m" => (-3, 0),
        "" => (0, 0),
        "k" => (3, 0),
        "M" => (6, 0),
        "G" => (9, 0),
        "T" => (12, 0),
        "P" => (15, 0),
        "E" => (18, 0),
        "Ki" => (0, 10),
        "Mi" => (0, 20),
        "Gi" => (0, 30),
        "Ti" => (0, 40),
        "Pi" => (0, 50),
        "Ei" => (0, 60),
        _ => (exponent(unit.strip_prefix(['e', 'E'])?)?, 0),
    };
    Some(scale)
}

/// An exponent with its sign. One that is too large for the type is as good as the largest.
fn exponent(text: &str) -> Option<i32> {
    let (negative, digits) = sign(text);
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse::<i32>().unwrap_or(i32::MAX);
    Some(if negative {
        size.saturating_neg()
    } else {
        size
    })
}

#[cfg(test)]
mod tests;

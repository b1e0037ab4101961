//! Durations as people write them: `5s`, `500ms`, `1m 30s`.

use std::time::Duration;

use crate::document::problem::shown;

/// Units and their length in nanoseconds.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];
/// Longer names of the same units.
const LONG_UNITS: [(&str, &str); 10] = [
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("hour", "h"),
    ("hours", "h"),
];

/// Reads a duration: one or more numbers, each with a unit.
///
/// # Errors
/// What is wrong with the text, and what would be right.
pub fn parse(text: &str) -> Result<Duration, String> {
    total(text).map(Duration::from_nanos).ok_or_else(|| {
        let number = text.trim();
        if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = shown(number);
            return format!(
                "`{number}` is not a duration: it has no unit; write `{number}s` for seconds, or `{number}ms` for milliseconds"
            );
        }
        format!(
            "`{}` is not a duration; write a number and a unit, such as `5s` or `500ms`",
            shown(text)
        )
    })
}

/// The nanoseconds, or nothing if the text is malformed or too long a time.
fn total(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
        let after = after.trim_start();
        let end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let nanos = number.parse::<u64>().ok()?.checked_mul(unit_nanos(unit)?)?;
        total = total.checked_add(nanos)?;
        rest = after.trim_start();
    }
    Some(total)
}

fn unit_nanos(unit: &str) -> Option<u64> {
    let short = LONG_UNITS
        .iter()
        .find(|(long, _)| *long == unit)
        .map_or(unit, |(_, short)| *short);
    UNITS
        .iter()
        .find(|(name, _)| *name == short)
        .map(|(_, nanos)| *nanos)
}

#[cfg(test)]
mod tests;

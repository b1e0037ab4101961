//! The values of limits: from a text to a number with a unit, or to what is wrong and what would be right.

use std::time::Duration;

use super::quantity::Quantity;
use super::{CPU_MAX, MEMORY_MAX_MIB, MEMORY_MIN, MIB, PREFIX, REQUESTS_MAX, Refusal, TIME_MAX};
use crate::document::problem::shown;
use crate::duration;

const MEMORY_UNITS: &str = "units: `Ki`, `Mi`, `Gi`, `Ti` (powers of 1024), `k`, `M`, `G`, `T` (powers of 1000), \
                            each also with a `B`; none means bytes";

/// Bytes. A fraction of a byte is rounded up, as Kubernetes does it.
pub(super) fn memory(text: &str) -> Result<u64, Refusal> {
    let Some(quantity) = Quantity::parse(text.strip_suffix('B').unwrap_or(text)) else {
        let message = format!(
            "`{}` is not an amount of memory; write a number and a unit, such as `256Mi` or `1Gi`",
            shown(text)
        );
        return Err(Refusal::value(message).help(MEMORY_UNITS));
    };
    let possible = MEMORY_MIN..=u64::from(MEMORY_MAX_MIB) * MIB;
    let bytes = quantity
        .rounded_up(0)
        .and_then(|bytes| u64::try_from(bytes).ok());
    if let Some(bytes) = bytes.filter(|bytes| possible.contains(bytes)) {
        return Ok(bytes);
    }
    let refusal = out_of_range("memory", "from `64Ki` to `1Ti`", text);
    let bare = text.parse::<u64>().ok();
    Err(
        match bare.filter(|number| (1..MEMORY_MIN).contains(number)) {
            Some(number) => refusal.help(format!(
                "a number without a unit is bytes; did you mean `{number}Mi`?"
            )),
            None if text.ends_with('m') => refusal.help("`m` is a thousandth; write `M` or `Mi`"),
            None => refusal,
        },
    )
}

/// Thousandths of a core.
pub(super) fn cpu(text: &str) -> Result<u32, Refusal> {
    let Some(quantity) = Quantity::parse(text) else {
        return Err(Refusal::value(format!(
            "`{}` is not an amount of processor time; write cores, such as `2` or `0.5`, or thousandths, such as \
             `500m`",
            shown(text)
        )));
    };
    let possible = 1..=CPU_MAX;
    let milli = quantity
        .rounded_up(3)
        .and_then(|milli| u32::try_from(milli).ok());
    let Some(milli) = milli.filter(|milli| possible.contains(milli)) else {
        let refusal = out_of_range("cpu", "from `1m` to `1024` cores", text);
        let bare = text.parse::<u32>().ok();
        return Err(match bare.filter(|number| possible.contains(number)) {
            Some(number) => refusal.help(format!(
                "a number without a unit is cores; did you mean `{number}m`?"
            )),
            None => refusal,
        });
    };
    if !quantity.is_whole(3) {
        let message = format!("`{}` is finer than a thousandth of a core", shown(text));
        return Err(Refusal::value(message).help(format!("write `{milli}m`")));
    }
    Ok(milli)
}

/// A time from `min` on.
pub(super) fn time(name: &str, text: &str, min: &str) -> Result<Duration, Refusal> {
    let time = duration::parse(text).map_err(Refusal::value)?;
    let min_time = duration::parse(min).unwrap_or_default();
    if (min_time..=TIME_MAX).contains(&time) {
        return Ok(time);
    }
    Err(out_of_range(name, &format!("from `{min}` to `24h`"), text))
}

/// A number of requests from `min` on.
pub(super) fn count(name: &str, text: &str, min: u32) -> Result<u32, Refusal> {
    // `parse` alone would take a leading `+`.
    let digits = text.chars().all(|c| c.is_ascii_digit());
    let count = text.parse::<u32>().ok().filter(|_| digits);
    let possible = min..=REQUESTS_MAX;
    count
        .filter(|count| possible.contains(count))
        .ok_or_else(|| {
            out_of_range(
                name,
                &format!("a whole number from {min} to {REQUESTS_MAX}"),
                text,
            )
        })
}

fn out_of_range(name: &str, possible: &str, text: &str) -> Refusal {
    Refusal::value(format!(
        "`{PREFIX}{name}` must be {possible}, but is `{}`",
        shown(text)
    ))
    .help(format!(
        "write a value {}, or leave it out for the default",
        possible.trim_start_matches("a whole number ")
    ))
}

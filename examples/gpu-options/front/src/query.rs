//! What a query asks for.

use gpu_options_protocol::{Ask, Kind, Style};

/// The option, its defaults where nothing is said; or everything that is wrong.
pub(crate) fn price(query: &str) -> Result<Ask, Vec<String>> {
    let mut ask = Ask::default();
    let mut problems = Vec::new();
    for (name, value) in pairs(query) {
        if let Err(problem) = set(&mut ask, name, value) {
            problems.push(problem);
        }
    }
    if problems.is_empty() {
        problems = ask.problems();
    }
    if problems.is_empty() {
        Ok(ask)
    } else {
        Err(problems)
    }
}

fn set(ask: &mut Ask, name: &str, value: &str) -> Result<(), String> {
    match name {
        "kind" => {
            ask.kind = match value {
                "call" => Kind::Call,
                "put" => Kind::Put,
                _ => return Err(format!("kind is call or put, not `{value}`")),
            }
        }
        "style" => {
            ask.style = match value {
                "european" => Style::European,
                "asian" => Style::Asian,
                _ => return Err(format!("style is european or asian, not `{value}`")),
            }
        }
        "spot" => ask.spot = number(name, value)?,
        "strike" => ask.strike = number(name, value)?,
        "rate" => ask.rate = number(name, value)?,
        "dividend" => ask.dividend = number(name, value)?,
        "volatility" => ask.volatility = number(name, value)?,
        "years" => ask.years = number(name, value)?,
        "steps" => ask.steps = number(name, value)?,
        "paths" => ask.paths = number(name, value)?,
        "seed" => ask.seed = number(name, value)?,
        _ => {
            return Err(format!(
                "there is no parameter `{name}`: kind, style, spot, strike, rate, dividend, volatility, years, steps, paths, seed"
            ));
        }
    }
    Ok(())
}

/// Counter and key of the generator.
pub(crate) fn philox(query: &str) -> Result<([u32; 4], [u32; 2]), Vec<String>> {
    let (mut counter, mut key) = ([0; 4], [0; 2]);
    let mut problems = Vec::new();
    for (name, value) in pairs(query) {
        let taken = match name {
            "counter" => words(name, value).map(|words| counter = words),
            "key" => words(name, value).map(|words| key = words),
            _ => Err(format!("there is no parameter `{name}`: counter, key")),
        };
        problems.extend(taken.err());
    }
    if problems.is_empty() {
        Ok((counter, key))
    } else {
        Err(problems)
    }
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| {
            format!("{name} cannot be `{value}`: write a number (steps, paths and seed: a whole one, not below 0)")
        })
}

fn words<const N: usize>(name: &str, value: &str) -> Result<[u32; N], String> {
    let words: Result<Vec<u32>, _> = value.split(',').map(str::parse).collect();
    words
        .ok()
        .and_then(|words| words.try_into().ok())
        .ok_or_else(|| {
            format!("{name} is {N} numbers of 32 bits with commas between, not `{value}`")
        })
}

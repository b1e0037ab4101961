//! What several guests need: taking a request target apart, answers over `wasi:http` 0.2 and 0.3, files over 0.3.

pub mod answer;
pub mod answer_p3;
pub mod files_p3;

/// Splits a request target into its path and its raw query (empty when there is none).
pub fn split_target(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

/// The `index`-th part of a query whose parts are separated by `&`, percent-decoded; empty when it is missing.
pub fn part(query: &str, index: usize) -> String {
    decode(query.split('&').nth(index).unwrap_or_default())
}

/// The `index`-th part of a query as a number; 0 when it is missing or no number.
pub fn number(query: &str, index: usize) -> u64 {
    part(query, index).parse().unwrap_or_default()
}

/// Undoes percent-encoding, and takes `+` for a space. What is not valid stays as it is.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = text
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], escape) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// `name=value` lines in the order of the names.
pub fn lines(mut pairs: Vec<(String, String)>) -> String {
    pairs.sort();
    pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect()
}

//! What collectors say when they refuse: `google.rpc.Status` and what is in it.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::Message;

/// Characters of a collector's words that are shown.
const SHOWN: usize = 200;

/// With padding or without: gRPC allows both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

#[derive(Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// The words of a refusal by HTTP.
pub(super) fn text(body: &[u8]) -> String {
    let said = match Status::decode(body) {
        Ok(status) if !status.message.is_empty() => status.message,
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    shown(&said)
}

/// When to try again, if the details of a gRPC status say so.
pub(super) fn retry_delay(details: &str) -> Option<Duration> {
    let bytes = BASE64
        .decode(details)
        .ok()
        .filter(|bytes| !bytes.is_empty())?;
    let status = Status::decode(bytes.as_slice()).ok()?;
    let info = status
        .details
        .iter()
        .find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay?;
    Some(Duration::new(
        u64::try_from(delay.seconds).ok()?,
        u32::try_from(delay.nanos).ok()?.min(999_999_999),
    ))
}

/// The words of a refusal by gRPC, whose bytes may be written as in URLs.
pub(super) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    shown(&String::from_utf8_lossy(&bytes))
}

/// What a log line can show of a collector's words: no controls, and nothing that turns the direction of writing.
pub(super) fn shown(text: &str) -> String {
    let turns =
        |character: &char| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let printed = text
        .chars()
        .filter(|character| !character.is_control() && !turns(character));
    printed.take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_collector_are_short_and_on_one_line() {
        assert_eq!(unescape("no%20room%0a%e2%82%ac"), "no room€");
        assert_eq!(unescape("100%"), "100%");
        assert_eq!(text(&[b'x'; 1000]).len(), SHOWN);
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let info = RetryInfo {
            retry_delay: Some(Delay {
                seconds: 2,
                nanos: 500_000_000,
            }),
        };
        let status = Status {
            message: "later".to_owned(),
            details: vec![Any {
                type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
                value: info.encode_to_vec(),
            }],
        };
        let details = BASE64.encode(status.encode_to_vec());
        assert_eq!(retry_delay(&details), Some(Duration::from_millis(2500)));
        assert_eq!(
            retry_delay(details.trim_end_matches('=')),
            Some(Duration::from_millis(2500))
        );
        assert_eq!(retry_delay(""), None);
        assert_eq!(retry_delay("%%%"), None);
    }
}

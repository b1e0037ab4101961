//! What the component and the service say to each other: JSON, each message behind its length in four bytes (the least
//! first).

mod ask;
mod closed;

pub use ask::{Ask, Kind, Style};
pub use closed::closed_form;
use serde::{Deserialize, Serialize};

/// Where the service listens, on the loopback of its workload.
pub const PORT: u16 = 77;
/// Bytes of the longest message.
const LONGEST: usize = 16 << 10;

/// What the component asks for.
#[derive(Debug, Deserialize, Serialize)]
pub enum Request {
    /// The price of an option.
    Price(Ask),
    /// The numbers of the generator for a counter and a key.
    Philox { counter: [u32; 4], key: [u32; 2] },
    /// What computes.
    Adapter,
}

/// What the service answers.
#[derive(Debug, Deserialize, Serialize)]
pub enum Response {
    Quote(Quote),
    Numbers([u32; 4]),
    Adapter(String),
    /// Why not.
    Failed(String),
}

/// A mean over all paths.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Estimate {
    pub value: f64,
    /// The standard deviation of `value`.
    pub standard_error: f64,
}

/// A price in the money of the spot, and how it changes: with the spot, again with it, with the volatility, with time that
/// passes (in years), and with the rate.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Estimates<T> {
    pub price: T,
    pub delta: T,
    pub gamma: T,
    pub vega: T,
    pub theta: T,
    pub rho: T,
}

/// A priced option.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Quote {
    pub estimates: Estimates<Estimate>,
    pub paths: u64,
    /// From the first submission to the last result.
    pub seconds: f64,
}

/// A message with its length before it.
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message).map_err(|error| error.to_string())?;
    let length = bytes.len() - 4;
    if length > LONGEST {
        return Err(format!(
            "a message of {length} bytes is longer than {LONGEST}"
        ));
    }
    bytes[..4].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    Ok(bytes)
}

/// Takes the first message from what has come; none if it is not all there yet.
pub fn take<T: for<'de> Deserialize<'de>>(bytes: &mut Vec<u8>) -> Result<Option<T>, String> {
    let Some(length) = bytes.first_chunk() else {
        return Ok(None);
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(format!(
            "a message of {length} bytes is longer than {LONGEST}"
        ));
    }
    let Some(message) = bytes.get(4..4 + length) else {
        return Ok(None);
    };
    let message = serde_json::from_slice(message).map_err(|error| error.to_string())?;
    bytes.drain(..4 + length);
    Ok(Some(message))
}

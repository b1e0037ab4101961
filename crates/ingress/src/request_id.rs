//! The id that ties a client's response, the log line and the guest's own log together.

use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries the id, in both directions.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A client's id is taken over up to this length.
const MAX_LENGTH: usize = 128;

/// Where ids come from: one per server, so that two servers in one process share nothing.
#[derive(Debug)]
pub(crate) struct RequestIds {
    seed: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// A source of ids that no other source repeats, but by a chance of about one in 2^64 per pair of requests.
    pub(crate) fn new() -> Self {
        Self {
            // The standard library's hash keys are the randomness at hand; ids are not secrets.
            seed: RandomState::new().hash_one(0_u8),
            next: AtomicU64::new(0),
        }
    }

    /// The client's id if it is sane, else a new one.
    pub(crate) fn adopt(&self, headers: &HeaderMap) -> HeaderValue {
        match headers.get(&REQUEST_ID) {
            Some(id) if is_sane(id.as_bytes()) => id.clone(),
            _ => self.generate(),
        }
    }

    fn generate(&self) -> HeaderValue {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let id = scramble(self.seed.wrapping_add(count));
        let mut digits = [b'0'; 16];
        // The array has room for all digits of a u64.
        let _ = write!(digits.as_mut_slice(), "{id:016x}");
        // Shared from the start, since the request, the response and the log all get it: one allocation, not two.
        HeaderValue::from_maybe_shared(Bytes::from_owner(digits))
            .unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    }
}

/// An id goes to the log and to the guest, so it must be short and have no quotes, spaces or control characters.
fn is_sane(id: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(byte);
    (1..=MAX_LENGTH).contains(&id.len()) && id.iter().all(allowed)
}

/// The finaliser of splitmix64: a bijection, so different counts give different ids, which look unrelated.
fn scramble(count: u64) -> u64 {
    let mut mixed = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests;

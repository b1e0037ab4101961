//! How requests are counted and measured from outside: what is told at the start of each and at its end.

use std::time::Duration;

use http::{StatusCode, Version};
use weft_api::fault::Blame;

/// A request that is over, well or badly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome<'a> {
    /// The name of the target, `tenant/workload`; none if no route led to one.
    pub target: Option<&'a str>,
    /// The status that the client was sent, or would have been sent: 499 stands for a client that left before.
    pub status: StatusCode,
    /// What went wrong, the code of the problem document; none if nothing did.
    pub code: Option<&'static str>,
    /// Why it went wrong, in one word: `reason` of the problem document.
    pub cause: Option<&'static str>,
    /// Whose change would have avoided it.
    pub blame: Option<Blame>,
    /// From the last byte of the request's head to the last byte that was handed to the connection, or to the end
    /// that the request met before.
    pub latency: Duration,
    /// Bytes of the request's body that the target took, without framing.
    pub request_bytes: u64,
    /// Bytes of the response's body that were handed to the connection, without framing.
    pub response_bytes: u64,
    /// The version of HTTP.
    pub protocol: Version,
}

/// Counts requests. Both calls come exactly once for each request whose head could be parsed, the second one also if
/// the client leaves, the target panics or a drain cuts it.
///
/// They are made by the tasks that serve requests, so they must be quick, must not block and must not panic.
pub trait Observer: Send + Sync {
    /// A request begins. `target` is the name of what answers it; none if no route leads to one.
    fn request_started(&self, target: Option<&str>) {
        let _ = target;
    }

    /// A request is over.
    fn request_over(&self, outcome: &Outcome<'_>);
}

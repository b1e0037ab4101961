//! The numbers that bound what a peer can make this crate hold or wait for.

use std::time::Duration;

/// What one listener allows its peers. Plain data; `Default` is what a host uses unless it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once, at least 1. Further clients wait in the kernel's accept queue.
    pub max_connections: usize,
    /// Bytes of a request's head (request line and headers); more is answered with 431. HTTP/1 buffers up to this
    /// much, HTTP/2 announces it as the size of its header list. Never less than [`Limits::MIN_HEADER_BYTES`].
    pub max_header_bytes: usize,
    /// Requests that run at once on one HTTP/2 connection.
    pub max_streams: u32,
    /// Bytes of response that HTTP/2 buffers for one stream whose client reads slowly, before the target waits.
    pub max_stream_send_bytes: usize,
    /// Bytes of a request's body, without framing; more is answered with 413.
    pub max_request_body: u64,
    /// How long a client may pause in the midst of a request's body while the target waits for more and nothing of the
    /// response moves either; then the request is answered with 408, or cut if the response has begun. Streams in which
    /// both sides are silent for longer by design need a larger number.
    pub body_idle_timeout: Duration,
    /// How long a client may take nothing of a response before the response is cut. For one stream among others of an
    /// HTTP/2 connection, it counts as nothing if not one frame of 16 KiB could be sent in that time.
    pub write_stall_timeout: Duration,
    /// How long a connection may take to its first request, a request to the end of its head, and a kept-alive
    /// connection to its next request.
    pub header_read_timeout: Duration,
    /// How often an HTTP/2 peer is asked for a sign of life, and how long it may take to give one.
    pub ping_interval: Duration,
    /// How long requests in flight may go on after the stop signal before they are cut.
    pub drain_timeout: Duration,
}

impl Limits {
    /// The HTTP/1 reader works in pages of this size, so a smaller limit cannot be kept.
    pub const MIN_HEADER_BYTES: usize = 8 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_header_bytes: 64 * 1024,
            max_streams: 200,
            max_stream_send_bytes: 64 * 1024,
            max_request_body: 100 * 1024 * 1024,
            body_idle_timeout: Duration::from_secs(30),
            write_stall_timeout: Duration::from_secs(30),
            header_read_timeout: Duration::from_secs(30),
            ping_interval: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

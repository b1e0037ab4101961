//! The numbers that bound what a peer can make this crate hold or wait for.

use std::time::Duration;

/// What one listener allows its peers. Plain data; `Default` is what a host uses unless it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once, at least 1. Further clients wait in the kernel's accept queue.
    pub max_connections: usize,
    /// Connections open at once from one address, at least 1; a further one is closed at once. IPv6 addresses count by
    /// their /64, which is what one subscriber has. With the PROXY protocol it is the address that the header names;
    /// without it, a balancer in front is one address like any other, and this number has to leave room for it.
    pub max_connections_per_peer: usize,
    /// Bytes of a request's head (request line and headers); more is answered with 431. HTTP/1 buffers up to this
    /// much, HTTP/2 announces it as the size of its header list. Never less than [`Limits::MIN_HEADER_BYTES`].
    pub max_header_bytes: usize,
    /// Header lines of an HTTP/1 request; more is answered with 431. HTTP/2 counts 32 bytes for each header on top of
    /// its text, so that `max_header_bytes` bounds their number there.
    pub max_headers: usize,
    /// Requests that run at once on one HTTP/2 connection.
    pub max_streams: u32,
    /// Requests of one HTTP/2 connection that its client may reset before they were answered. Above this, and when
    /// they are more than half of all, the connection is cut: each of them made work that `max_streams` did not count
    /// any more.
    pub max_resets: u64,
    /// Bytes of response that HTTP/2 buffers for one stream whose client reads slowly, before the target waits.
    pub max_stream_send_bytes: usize,
    /// Bytes of request body that HTTP/2 takes on one stream before the target reads them. It bounds the speed of one
    /// upload to this much in each round trip.
    pub stream_window_bytes: u32,
    /// The same for all streams of one connection together: what a connection can make the host hold.
    pub connection_window_bytes: u32,
    /// Bytes of a request's body, without framing; more is answered with 413.
    pub max_request_body: u64,
    /// How long a connection may take to say where it comes from (PROXY protocol) and to agree on its keys (TLS),
    /// together.
    pub handshake_timeout: Duration,
    /// How long a client may pause in the midst of a request's body while the target waits for more and nothing of the
    /// response moves either; then the request is answered with 408, or cut if the response has begun. Streams in which
    /// both sides are silent for longer by design need a larger number.
    pub body_idle_timeout: Duration,
    /// How long a connection may take to its first request, and an HTTP/1 request to the end of its head.
    pub header_read_timeout: Duration,
    /// How long a connection is kept without a request.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of what is sent to it: not a single byte on a connection, which is then
    /// closed; for one stream among others of an HTTP/2 connection, not one frame of 16 KiB, and then that is cut.
    pub write_stall_timeout: Duration,
    /// How long the kernel waits on a silent connection before it asks whether the other end is still there. After
    /// [`Limits::TCP_PROBES`] questions in [`Limits::TCP_PROBE_INTERVAL`] without an answer it gives up.
    pub tcp_keepalive: Duration,
    /// How often an HTTP/2 peer is asked for a sign of life, and how long it may take to give one.
    pub ping_interval: Duration,
    /// How long requests in flight may go on after the stop signal before they are cut.
    pub drain_timeout: Duration,
}

impl Limits {
    /// The HTTP/1 reader works in pages of this size, so a smaller limit cannot be kept.
    pub const MIN_HEADER_BYTES: usize = 8 * 1024;

    /// How many questions of TCP keep-alive may go unanswered.
    pub const TCP_PROBES: u32 = 4;

    /// The time between two questions of TCP keep-alive.
    pub const TCP_PROBE_INTERVAL: Duration = Duration::from_secs(15);

    /// Streams of one HTTP/2 connection that were reset before the server looked at them. One more, and it is told to
    /// calm down and closed.
    pub const MAX_PENDING_RESETS: usize = 20;

    /// Streams of one HTTP/2 connection that the server itself had to reset because of what the client sent. One more,
    /// and the connection is closed. A client that starts more requests than it may before it has read how many these
    /// are must still fit.
    pub const MAX_PROVOKED_RESETS: usize = 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_connections_per_peer: 1_000,
            max_header_bytes: 64 * 1024,
            max_headers: 100,
            max_streams: 200,
            max_resets: 500,
            max_stream_send_bytes: 64 * 1024,
            stream_window_bytes: 256 * 1024,
            connection_window_bytes: 1024 * 1024,
            max_request_body: 100 * 1024 * 1024,
            handshake_timeout: Duration::from_secs(10),
            body_idle_timeout: Duration::from_secs(30),
            header_read_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            write_stall_timeout: Duration::from_secs(30),
            tcp_keepalive: Duration::from_secs(60),
            ping_interval: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

//! The numbers that bound what a forwarded connection can make this crate hold or wait for.

use std::time::Duration;

/// What one listener allows its peers. Plain data; `Default` is what a host uses unless it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForwardLimits {
    /// Connections of one listener at a time, at least 1. Further clients wait in the kernel's accept queue.
    pub max_connections: usize,
    /// Connections at a time to one target by its name, at least 1; a further one is turned away.
    pub max_connections_per_name: usize,
    /// Connections at a time from one address (IPv6: from one /64), at least 1; a further one is closed at once.
    pub max_connections_per_peer: usize,
    /// Bytes of the first message of TLS (the ClientHello) with what comes along with it.
    pub max_hello_bytes: usize,
    /// How long a client may take to that message, and to the end of the handshake where TLS ends here.
    pub handshake_timeout: Duration,
    /// How long a connection is held until its target takes it, such as a service that is being started again.
    pub connect_timeout: Duration,
    /// How long a connection may move nothing in either direction.
    pub idle_timeout: Duration,
    /// The same once the listener was asked to stop.
    pub quiet_timeout: Duration,
    /// How long the kernel waits on a silent connection before it asks whether the other end is still there.
    pub tcp_keepalive: Duration,
    /// How long connections that are busy may go on after the stop signal before they are reset.
    pub drain_timeout: Duration,
}

impl Default for ForwardLimits {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_connections_per_name: 1024,
            max_connections_per_peer: 1024,
            max_hello_bytes: 16 * 1024,
            handshake_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_hours(1),
            quiet_timeout: Duration::from_secs(1),
            tcp_keepalive: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

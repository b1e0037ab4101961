//! What can go wrong on the virtual network, in the words of `wasi:sockets`.

/// Why an operation failed. The names are the error codes of `wasi:sockets`, those of 0.2 and 0.3 together; both hosts
/// convert them one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Error {
    /// The role of the caller does not include this (EACCES).
    #[error(
        "access-denied: only the service of a workload may bind and listen on its virtual network; a component connects \
         to it, and binds UDP to port 0"
    )]
    AccessDenied,
    /// Another socket has the address, or every ephemeral port is taken (EADDRINUSE).
    #[error(
        "address-in-use: a socket of this workload has this address and port, or all ephemeral ports are taken"
    )]
    AddressInUse,
    /// The local address is none of this network, or the connection from it exists already (EADDRNOTAVAIL).
    #[error(
        "address-not-bindable: the virtual network has 127.0.0.0/8, ::1, 0.0.0.0 and :: only, and one connection for \
         each pair of addresses"
    )]
    AddressNotBindable,
    /// The network was closed under the socket (ECONNABORTED).
    #[error("connection-aborted: the virtual network of the workload was closed")]
    ConnectionAborted,
    /// A write to a connection that takes no more: this side or the peer closed it (EPIPE).
    #[error("connection-broken: this side of the connection was shut down, or the peer closed it")]
    ConnectionBroken,
    /// Nobody has the port (ECONNREFUSED).
    #[error(
        "connection-refused: no socket of this workload has this address and port; is the service listening?"
    )]
    ConnectionRefused,
    /// The peer dropped the connection with data unread, or the listener went away before it accepted (ECONNRESET).
    #[error("connection-reset: the peer gave up the connection before it had read everything")]
    ConnectionReset,
    /// More than fits into one datagram (EMSGSIZE).
    #[error("datagram-too-large: a datagram has at most 65507 bytes on IPv4 and 65527 on IPv6")]
    DatagramTooLarge,
    /// An argument that never works (EINVAL).
    #[error(
        "invalid-argument: the address is of the other family, not one to talk to, or a value that must not be zero is"
    )]
    InvalidArgument,
    /// Not in this state of the socket.
    #[error("invalid-state: the socket is not in a state in which this is possible")]
    InvalidState,
    /// The workload has as many sockets as it may (EMFILE).
    #[error("new-socket-limit: the workload has as many sockets on its virtual network as it may")]
    NewSocketLimit,
    /// There is no memory for one more socket: whoever is charged for the network has spent all of it (ENOMEM).
    #[error("out-of-memory: the tenant has used up its memory, and there is none for a socket")]
    OutOfMemory,
    /// The remote address is outside the virtual network (ENETUNREACH).
    #[error("remote-unreachable: the address is not one of the workload's virtual network")]
    RemoteUnreachable,
    /// The caller gave up a connect that waited for a place in the listener's queue (ETIMEDOUT).
    #[error("timeout: the listener did not accept in time")]
    Timeout,
    /// Nothing to give or to take now (EAGAIN). Only from functions that begin with `try_`.
    #[error("would-block: not now; wait until the socket is ready")]
    WouldBlock,
}

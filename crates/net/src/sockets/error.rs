//! What can go wrong with a socket, in the words of `wasi:sockets`: those of 0.2 and 0.3 together.

use std::io;

use rustix::io::Errno;
use wasmtime::component::ResourceTableError;

use crate::loopback;

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Error {
    #[error("access denied")]
    AccessDenied,
    #[error("the address is in use")]
    AddressInUse,
    #[error("the address cannot be bound")]
    AddressNotBindable,
    #[error("another operation on the socket is not finished")]
    ConcurrencyConflict,
    #[error("the connection was aborted")]
    ConnectionAborted,
    #[error("the connection takes no more")]
    ConnectionBroken,
    #[error("the connection was refused")]
    ConnectionRefused,
    #[error("the connection was reset")]
    ConnectionReset,
    #[error("the datagram is too large")]
    DatagramTooLarge,
    #[error("an argument is invalid")]
    InvalidArgument,
    #[error("not in this state of the socket")]
    InvalidState,
    #[error("there are as many sockets as there may be")]
    NewSocketLimit,
    #[error("the operation was not begun")]
    NotInProgress,
    #[error("not supported")]
    NotSupported,
    #[error("there is no memory for it")]
    OutOfMemory,
    #[error("the remote address is unreachable")]
    RemoteUnreachable,
    #[error("it took too long")]
    Timeout,
    #[error("unknown error")]
    Unknown,
    #[error("not now")]
    WouldBlock,
}

impl From<loopback::Error> for Error {
    fn from(error: loopback::Error) -> Self {
        use loopback::Error as Virtual;
        match error {
            Virtual::AccessDenied => Self::AccessDenied,
            Virtual::AddressInUse => Self::AddressInUse,
            Virtual::AddressNotBindable => Self::AddressNotBindable,
            Virtual::ConnectionAborted => Self::ConnectionAborted,
            Virtual::ConnectionBroken => Self::ConnectionBroken,
            Virtual::ConnectionRefused => Self::ConnectionRefused,
            Virtual::ConnectionReset => Self::ConnectionReset,
            Virtual::DatagramTooLarge => Self::DatagramTooLarge,
            Virtual::InvalidArgument => Self::InvalidArgument,
            Virtual::InvalidState => Self::InvalidState,
            Virtual::NewSocketLimit => Self::NewSocketLimit,
            Virtual::OutOfMemory => Self::OutOfMemory,
            Virtual::RemoteUnreachable => Self::RemoteUnreachable,
            Virtual::Timeout => Self::Timeout,
            Virtual::WouldBlock => Self::WouldBlock,
        }
    }
}

impl From<&io::Error> for Error {
    fn from(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            Some(errno) => errno.into(),
            None if error.kind() == io::ErrorKind::WouldBlock => Self::WouldBlock,
            None => Self::Unknown,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        match errno {
            // A firewall of the machine answers with EPERM.
            Errno::PERM | Errno::ACCESS => Self::AccessDenied,
            Errno::ADDRINUSE => Self::AddressInUse,
            Errno::ADDRNOTAVAIL => Self::AddressNotBindable,
            Errno::AGAIN | Errno::INTR => Self::WouldBlock,
            Errno::CONNABORTED => Self::ConnectionAborted,
            Errno::CONNREFUSED => Self::ConnectionRefused,
            Errno::CONNRESET => Self::ConnectionReset,
            Errno::DESTADDRREQ | Errno::ISCONN | Errno::NOTCONN => Self::InvalidState,
            Errno::HOSTDOWN | Errno::HOSTUNREACH | Errno::NETDOWN | Errno::NETUNREACH => {
                Self::RemoteUnreachable
            }
            Errno::INVAL => Self::InvalidArgument,
            Errno::MFILE | Errno::NFILE => Self::NewSocketLimit,
            Errno::MSGSIZE => Self::DatagramTooLarge,
            Errno::NOBUFS | Errno::NOMEM => Self::OutOfMemory,
            Errno::AFNOSUPPORT | Errno::NOPROTOOPT | Errno::OPNOTSUPP => Self::NotSupported,
            Errno::PIPE => Self::ConnectionBroken,
            Errno::TIMEDOUT => Self::Timeout,
            _ => Self::Unknown,
        }
    }
}

/// What a host function comes to if not to its result.
#[derive(Debug)]
pub enum Failure {
    /// An error code for the guest.
    Code(Code),
    /// The guest did what no guest may do; it ends.
    Trap(wasmtime::Error),
}

/// An error that each version has a code for; those of look-ups are codes of sockets in 0.2 alone.
#[derive(Clone, Copy, Debug)]
pub enum Code {
    Socket(Error),
    Lookup(super::p2::network::ErrorCode),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Code(Code::Socket(error))
    }
}

impl From<loopback::Error> for Failure {
    fn from(error: loopback::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }
}

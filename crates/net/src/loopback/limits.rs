//! What one virtual network may use up.

use super::Error;

/// Bounds of one network. All memory is allocated as it is used.
///
/// The most that a network holds is `sockets` times about half a KiB, plus `buffered`, plus 1 KiB for each end of a
/// connection: an end whose queue is empty may always receive one small piece, so that a connection moves even when
/// others have used up the memory. The ledger is asked for all of it beforehand, and may have less: then there are no more
/// sockets, writers wait, and datagrams are lost, as at these bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sockets that exist at a time, TCP and UDP, listeners included. A connection is two, one for each end, from the
    /// time it is made, accepted or not. Default 32,768.
    pub sockets: usize,
    /// Bytes of memory for data that was sent and not yet received. Default 32 MiB. When they are used up, writers
    /// wait and datagrams are lost.
    pub buffered: usize,
    /// Send and receive buffer of a TCP socket that asks for nothing else, in bytes. Default 64 KiB each.
    pub tcp_buffer: usize,
    /// Receive buffer of a UDP socket that asks for nothing else, in bytes; each datagram is counted with 256 bytes on
    /// top. Default 208 KiB, as on Linux.
    pub udp_buffer: usize,
    /// The largest buffer that a socket can ask for, in bytes. Default 1 MiB.
    pub largest_buffer: usize,
    /// The longest queue of connections that wait to be accepted. Default 4,096, as on Linux.
    pub backlog: usize,
}

/// What a socket is charged, in bytes, whatever it holds: its own state and what leads to it from a guest, the small piece
/// that its queue may always take, and a small piece that its writer may have handed over.
pub(super) const SOCKET: usize = 3 << 10;

/// The smallest buffer of a socket, in bytes; a smaller wish is rounded up.
pub const SMALLEST_BUFFER: usize = 1024;

/// What one network uses at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Sockets, as `Limits::sockets` counts them.
    pub sockets: usize,
    /// Bytes, as `Limits::buffered` counts them: memory taken for data, not the data alone.
    pub buffered: usize,
    /// Bytes that the ledger is charged for the network: for sockets and data, and some that are kept for more.
    pub charged: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sockets: 32_768,
            buffered: 32 << 20,
            tcp_buffer: 64 << 10,
            udp_buffer: 208 << 10,
            largest_buffer: 1 << 20,
            backlog: 4096,
        }
    }
}

impl Limits {
    /// The buffer that a socket gets when it asks for one.
    ///
    /// # Errors
    /// `InvalidArgument` for zero.
    pub(super) fn buffer(&self, wish: u64) -> Result<usize, Error> {
        if wish == 0 {
            return Err(Error::InvalidArgument);
        }
        let wish = usize::try_from(wish).unwrap_or(usize::MAX);
        Ok(wish.min(self.largest_buffer).max(SMALLEST_BUFFER))
    }

    /// The backlog that a listener gets when it asks for one.
    ///
    /// # Errors
    /// `InvalidArgument` for zero.
    pub(super) fn backlog(&self, wish: u64) -> Result<usize, Error> {
        if wish == 0 {
            return Err(Error::InvalidArgument);
        }
        let wish = usize::try_from(wish).unwrap_or(usize::MAX);
        Ok(wish.min(self.backlog).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_of_zero_is_refused_and_all_others_are_clamped() {
        let limits = Limits::default();
        assert_eq!(limits.buffer(0), Err(Error::InvalidArgument));
        assert_eq!(limits.buffer(1), Ok(SMALLEST_BUFFER));
        assert_eq!(limits.buffer(5000), Ok(5000));
        assert_eq!(limits.buffer(u64::MAX), Ok(1 << 20));
    }

    #[test]
    fn a_backlog_of_zero_is_refused_and_all_others_are_clamped() {
        let limits = Limits::default();
        assert_eq!(limits.backlog(0), Err(Error::InvalidArgument));
        assert_eq!(limits.backlog(1), Ok(1));
        assert_eq!(limits.backlog(u64::MAX), Ok(4096));
    }
}

//! Options of a TCP socket. Only the buffer sizes do anything here; the others are kept, so that programs read back what
//! they set, in the units and bounds of Linux.

use super::Error;
use super::limits::Limits;

/// Bounds of the times between keep-alive probes, in seconds: those of Linux.
const LONGEST: u64 = 32_767;
const NANOSECONDS: u64 = 1_000_000_000;
/// Linux takes no more probes than this.
const MOST_PROBES: u32 = 127;

/// Options of one TCP socket. An accepted socket has those that its listener had when the connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOptions {
    /// Whether the connection is to be probed when it is silent.
    pub keep_alive: bool,
    idle: u16,
    interval: u16,
    count: u8,
    hop_limit: u8,
    receive_buffer: u32,
    send_buffer: u32,
}

impl TcpOptions {
    /// What a new socket has: Linux's values for all but the buffers.
    pub(super) fn new(limits: &Limits) -> Self {
        let buffer = u32::try_from(limits.tcp_buffer).unwrap_or(u32::MAX);
        Self {
            keep_alive: false,
            idle: 7200,
            interval: 75,
            count: 9,
            hop_limit: 64,
            receive_buffer: buffer,
            send_buffer: buffer,
        }
    }

    /// Silence before the first probe, in nanoseconds.
    pub fn keep_alive_idle(&self) -> u64 {
        u64::from(self.idle) * NANOSECONDS
    }

    /// Time between two probes, in nanoseconds.
    pub fn keep_alive_interval(&self) -> u64 {
        u64::from(self.interval) * NANOSECONDS
    }

    /// Probes without an answer before the connection is given up.
    pub fn keep_alive_count(&self) -> u32 {
        u32::from(self.count)
    }

    /// Hops that a packet may take.
    pub fn hop_limit(&self) -> u8 {
        self.hop_limit
    }

    /// Bytes of the receive buffer.
    pub fn receive_buffer(&self) -> usize {
        usize::try_from(self.receive_buffer).unwrap_or(usize::MAX)
    }

    /// Bytes of the send buffer.
    pub fn send_buffer(&self) -> usize {
        usize::try_from(self.send_buffer).unwrap_or(usize::MAX)
    }

    /// Sets the silence before the first probe, in nanoseconds, rounded up to a second and clamped.
    ///
    /// # Errors
    /// `InvalidArgument` for zero, as for the three that follow.
    pub fn set_keep_alive_idle(&mut self, nanoseconds: u64) -> Result<(), Error> {
        self.idle = seconds(nanoseconds)?;
        Ok(())
    }

    /// Sets the time between two probes, in nanoseconds, rounded up to a second and clamped.
    pub fn set_keep_alive_interval(&mut self, nanoseconds: u64) -> Result<(), Error> {
        self.interval = seconds(nanoseconds)?;
        Ok(())
    }

    /// Sets the number of probes, clamped.
    pub fn set_keep_alive_count(&mut self, count: u32) -> Result<(), Error> {
        if count == 0 {
            return Err(Error::InvalidArgument);
        }
        self.count = u8::try_from(count.min(MOST_PROBES)).unwrap_or(u8::MAX);
        Ok(())
    }

    /// Sets the hops that a packet may take.
    pub fn set_hop_limit(&mut self, hops: u8) -> Result<(), Error> {
        if hops == 0 {
            return Err(Error::InvalidArgument);
        }
        self.hop_limit = hops;
        Ok(())
    }

    /// Takes over what the public setters change: buffers may have been set in the meantime.
    pub(super) fn take_all_but_buffers(&mut self, other: Self) {
        *self = Self {
            receive_buffer: self.receive_buffer,
            send_buffer: self.send_buffer,
            ..other
        };
    }

    pub(super) fn set_receive_buffer(&mut self, bytes: usize) {
        self.receive_buffer = u32::try_from(bytes).unwrap_or(u32::MAX);
    }

    pub(super) fn set_send_buffer(&mut self, bytes: usize) {
        self.send_buffer = u32::try_from(bytes).unwrap_or(u32::MAX);
    }
}

fn seconds(nanoseconds: u64) -> Result<u16, Error> {
    if nanoseconds == 0 {
        return Err(Error::InvalidArgument);
    }
    let seconds = nanoseconds.div_ceil(NANOSECONDS).min(LONGEST);
    Ok(u16::try_from(seconds).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_kept_in_the_units_and_bounds_of_linux() {
        let mut options = TcpOptions::new(&Limits::default());
        options.set_keep_alive_idle(1).unwrap();
        options.set_keep_alive_interval(u64::MAX).unwrap();
        options.set_keep_alive_count(1000).unwrap();
        options.set_hop_limit(255).unwrap();
        assert_eq!(options.keep_alive_idle(), NANOSECONDS);
        assert_eq!(options.keep_alive_interval(), LONGEST * NANOSECONDS);
        assert_eq!(options.keep_alive_count(), 127);
        assert_eq!(options.hop_limit(), 255);
    }

    #[test]
    fn zero_is_no_value_for_any_of_them() {
        let mut options = TcpOptions::new(&Limits::default());
        let before = options;
        assert_eq!(options.set_keep_alive_idle(0), Err(Error::InvalidArgument));
        assert_eq!(
            options.set_keep_alive_interval(0),
            Err(Error::InvalidArgument)
        );
        assert_eq!(options.set_keep_alive_count(0), Err(Error::InvalidArgument));
        assert_eq!(options.set_hop_limit(0), Err(Error::InvalidArgument));
        assert_eq!(options, before);
    }
}

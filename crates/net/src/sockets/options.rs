//! Options of sockets: those of a virtual one do what `loopback` says, those of a real one what the machine does. What was
//! set before it is known which it will be is set again on the real one.

use std::os::fd::AsFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt;

use super::error::Error;
use crate::loopback::{self, Family};

/// An option, with a value of at most 64 bits: 0 and 1 for a switch, nanoseconds for a time, bytes for a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Opt {
    KeepAlive,
    KeepAliveIdle,
    KeepAliveInterval,
    KeepAliveCount,
    HopLimit,
    ReceiveBuffer,
    SendBuffer,
}

const NANOSECONDS: u64 = 1_000_000_000;
/// Linux takes no longer time between probes, in seconds, and no more probes.
const LONGEST: u64 = 32_767;
const MOST_PROBES: u32 = 127;

/// What the guest has set.
#[derive(Clone, Debug, Default)]
pub(super) struct Wishes(Vec<(Opt, u64)>);

impl Wishes {
    /// Remembers the last value of each option.
    pub(super) fn note(&mut self, option: Opt, value: u64) {
        self.0.retain(|(other, _)| *other != option);
        self.0.push((option, value));
    }

    /// Sets them on a socket of the machine. Options are hints: one that the machine does not take is left out.
    pub(super) fn apply(&self, socket: impl AsFd, family: Family) {
        for (option, value) in &self.0 {
            let _ = set_real(socket.as_fd(), family, *option, *value);
        }
    }
}

/// An option of a virtual TCP socket.
pub(super) fn get_virtual(socket: &loopback::TcpSocket, option: Opt) -> Result<u64, Error> {
    let options = socket.options()?;
    let bytes = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
    Ok(match option {
        Opt::KeepAlive => u64::from(options.keep_alive),
        Opt::KeepAliveIdle => options.keep_alive_idle(),
        Opt::KeepAliveInterval => options.keep_alive_interval(),
        Opt::KeepAliveCount => options.keep_alive_count().into(),
        Opt::HopLimit => options.hop_limit().into(),
        Opt::ReceiveBuffer => bytes(options.receive_buffer()),
        Opt::SendBuffer => bytes(options.send_buffer()),
    })
}

/// Sets an option of a virtual TCP socket.
pub(super) fn set_virtual(
    socket: &loopback::TcpSocket,
    option: Opt,
    value: u64,
) -> Result<(), Error> {
    match option {
        Opt::ReceiveBuffer => socket.set_receive_buffer(value)?,
        Opt::SendBuffer => socket.set_send_buffer(value)?,
        _ => socket.set_options(|options| match option {
            Opt::KeepAlive => {
                options.keep_alive = value != 0;
                Ok(())
            }
            Opt::KeepAliveIdle => options.set_keep_alive_idle(value),
            Opt::KeepAliveInterval => options.set_keep_alive_interval(value),
            Opt::KeepAliveCount => options.set_keep_alive_count(saturated(value)),
            Opt::HopLimit => options.set_hop_limit(u8::try_from(value).unwrap_or(u8::MAX)),
            Opt::ReceiveBuffer | Opt::SendBuffer => Ok(()),
        })?,
    }
    Ok(())
}

/// An option of a socket of the machine, TCP or UDP.
pub(super) fn get_real(socket: impl AsFd, family: Family, option: Opt) -> Result<u64, Error> {
    let time = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    // Linux doubles what is set, for its own bookkeeping.
    let buffer = |bytes: usize| u64::try_from(bytes / 2).unwrap_or(u64::MAX);
    Ok(match option {
        Opt::KeepAlive => sockopt::socket_keepalive(socket)?.into(),
        Opt::KeepAliveIdle => time(sockopt::tcp_keepidle(socket)?),
        Opt::KeepAliveInterval => time(sockopt::tcp_keepintvl(socket)?),
        Opt::KeepAliveCount => sockopt::tcp_keepcnt(socket)?.into(),
        Opt::HopLimit => match family {
            Family::V4 => sockopt::ip_ttl(socket)?.into(),
            Family::V6 => sockopt::ipv6_unicast_hops(socket)?.into(),
        },
        Opt::ReceiveBuffer => buffer(sockopt::socket_recv_buffer_size(socket)?),
        Opt::SendBuffer => buffer(sockopt::socket_send_buffer_size(socket)?),
    })
}

/// Sets an option of a socket of the machine, TCP or UDP.
pub(super) fn set_real(
    socket: impl AsFd,
    family: Family,
    option: Opt,
    value: u64,
) -> Result<(), Error> {
    if value == 0 && option != Opt::KeepAlive {
        return Err(Error::InvalidArgument);
    }
    let seconds = Duration::from_secs(value.div_ceil(NANOSECONDS).min(LONGEST));
    // The machine clamps it further.
    let bytes = usize::try_from(value.min(i32::MAX as u64)).unwrap_or(usize::MAX);
    let outcome = match option {
        Opt::KeepAlive => sockopt::set_socket_keepalive(socket, value != 0),
        Opt::KeepAliveIdle => sockopt::set_tcp_keepidle(socket, seconds),
        Opt::KeepAliveInterval => sockopt::set_tcp_keepintvl(socket, seconds),
        Opt::KeepAliveCount => sockopt::set_tcp_keepcnt(socket, saturated(value).min(MOST_PROBES)),
        Opt::HopLimit => {
            let hops = u8::try_from(value).unwrap_or(u8::MAX);
            match family {
                Family::V4 => sockopt::set_ip_ttl(socket, hops.into()),
                Family::V6 => sockopt::set_ipv6_unicast_hops(socket, Some(hops)),
            }
        }
        Opt::ReceiveBuffer => sockopt::set_socket_recv_buffer_size(socket, bytes),
        Opt::SendBuffer => sockopt::set_socket_send_buffer_size(socket, bytes),
    };
    match outcome {
        // A size is a hint, also one that is too large.
        Err(Errno::NOBUFS) | Ok(()) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn saturated(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

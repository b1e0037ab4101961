//! Which addresses a guest can mean, and where they lead. Pure.

use std::net::{IpAddr, SocketAddr};

use super::error::Error;
use crate::firewall::ranges::HOST_LOOPBACK;
use crate::loopback::Family;

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To the virtual network.
    Virtual,
    /// Out, if the firewall lets it.
    Outside,
}

/// Where a remote address leads, if it is one that a socket of this family can talk to.
pub(super) fn way(family: Family, remote: SocketAddr) -> Result<Way, Error> {
    let ip = remote.ip();
    if !is_unicast_of(family, ip) || ip.is_unspecified() || remote.port() == 0 {
        return Err(Error::InvalidArgument);
    }
    if ip.is_loopback() && ip != HOST_LOOPBACK {
        Ok(Way::Virtual)
    } else {
        Ok(Way::Outside)
    }
}

/// Whether a local address may be asked for: whatever else is wrong with it says the virtual network.
pub(super) fn bindable(family: Family, local: SocketAddr) -> Result<(), Error> {
    if !is_unicast_of(family, local.ip()) {
        return Err(Error::InvalidArgument);
    }
    // Nobody could connect to it: for whoever connects, it is the machine's loopback.
    if local.ip() == HOST_LOOPBACK {
        return Err(Error::AddressNotBindable);
    }
    Ok(())
}

fn is_unicast_of(family: Family, ip: IpAddr) -> bool {
    match (family, ip) {
        (Family::V4, IpAddr::V4(ip)) => !ip.is_multicast() && !ip.is_broadcast(),
        (Family::V6, IpAddr::V6(ip)) => {
            // `::a.b.c.d` has been deprecated since 2006, and systems differ about it.
            let compatible = matches!(ip.segments(), [0, 0, 0, 0, 0, 0, _, _])
                && !ip.is_loopback()
                && !ip.is_unspecified();
            !ip.is_multicast() && ip.to_ipv4_mapped().is_none() && !compatible
        }
        (Family::V4 | Family::V6, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(family: Family, text: &str) -> Result<Way, Error> {
        way(family, text.parse().unwrap())
    }

    #[test]
    fn loopback_addresses_are_virtual_but_for_the_one_that_means_the_host() {
        for text in ["127.0.0.1:1", "127.9.8.7:65535", "127.255.255.253:1"] {
            assert_eq!(lead(Family::V4, text), Ok(Way::Virtual), "{text}");
        }
        assert_eq!(lead(Family::V6, "[::1]:1"), Ok(Way::Virtual));
        for text in ["127.255.255.254:1", "10.0.0.1:1", "1.1.1.1:53"] {
            assert_eq!(lead(Family::V4, text), Ok(Way::Outside), "{text}");
        }
        assert_eq!(lead(Family::V6, "[fd00::1]:1"), Ok(Way::Outside));
    }

    #[test]
    fn what_nobody_can_talk_to_is_invalid() {
        for text in [
            "0.0.0.0:1",
            "127.0.0.1:0",
            "224.0.0.1:1",
            "255.255.255.255:1",
            "[::1]:1",
        ] {
            assert_eq!(
                lead(Family::V4, text),
                Err(Error::InvalidArgument),
                "{text}"
            );
        }
        for text in [
            "[::]:1",
            "[::ffff:127.0.0.1]:1",
            "[::7f00:1]:1",
            "[ff02::1]:1",
            "1.1.1.1:1",
        ] {
            assert_eq!(
                lead(Family::V6, text),
                Err(Error::InvalidArgument),
                "{text}"
            );
        }
    }

    #[test]
    fn the_address_that_means_the_host_cannot_be_bound() {
        let address = "127.255.255.254:7".parse().unwrap();
        assert_eq!(
            bindable(Family::V4, address),
            Err(Error::AddressNotBindable)
        );
    }
}

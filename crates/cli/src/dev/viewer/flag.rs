//! `--viewer`: where the page is, or that there is none.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// At the usual address, or where there is room.
    Usual,
    /// There and nowhere else.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

impl Choice {
    /// The port to which programs report over HTTP if nobody tells them another one.
    pub(crate) const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4318);
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "on" => Ok(Self::Usual),
            text => crate::limits::address(text)
                .map(Self::At)
                .map_err(|why| format!("{why}; or `on` or `off`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_a_word_is_read() {
        assert_eq!("off".parse(), Ok(Choice::Off));
        assert_eq!("on".parse(), Ok(Choice::Usual));
        let addr = "127.0.0.1:9".parse().unwrap();
        assert_eq!("127.0.0.1:9".parse(), Ok(Choice::At(addr)));
        assert!("yes".parse::<Choice>().is_err());
    }
}

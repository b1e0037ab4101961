//! Why something was refused, and what would have allowed it. Pure.

use std::fmt;
use std::net::IpAddr;

/// What somebody may have meant who asks for a loopback address.
pub(crate) const HOST_LOOPBACK_HINT: &str = "; the loopback of the host is `host.weft.internal`, with the port in `allowedHostLoopbackPorts`";

/// Characters of what was asked that are kept for messages, where it could not be read.
const KEPT: usize = 200;

/// A refusal. `Display` is the sentence for the log; a guest gets the error code of its interface and nothing of this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Denial {
    /// What was asked for, as a URL without a path, or the text that could not be read, cut and escaped.
    pub asked: String,
    /// The address that was refused, where the name was allowed.
    pub address: Option<IpAddr>,
    /// Why.
    pub reason: Reason,
    /// What would have allowed it, if anything would.
    pub remedy: Remedy,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No entry of `allowedHosts` covers it.
    NotListed,
    /// No entry of `allowedIpNameLookups` covers the name.
    LookupNotListed,
    /// A private address, and no entry names it explicitly.
    Private(&'static str),
    /// A private address, and this host lets nobody reach one.
    PrivateNever(&'static str),
    /// An address that nothing allows.
    Special(&'static str),
    /// The loopback of the machine, which this host keeps to itself.
    HostLoopback,
    /// The loopback of the machine, and no entry has the port.
    HostLoopbackPort,
    /// A name that is answered inside the workload, never by DNS.
    Reserved,
    /// What was asked for cannot be read.
    Malformed(String),
}

impl Reason {
    /// A fixed word, for a label of a counter.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::NotListed => "not-listed",
            Self::LookupNotListed => "lookup-not-listed",
            Self::Private(_) => "private-range",
            Self::PrivateNever(_) => "private-range-never",
            Self::Special(_) => "special-range",
            Self::HostLoopback => "host-loopback",
            Self::HostLoopbackPort => "host-loopback-port",
            Self::Reserved => "reserved-name",
            Self::Malformed(_) => "malformed",
        }
    }
}

/// A list of the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum List {
    AllowedHosts,
    AllowedIpNameLookups,
    AllowedHostLoopbackPorts,
}

impl List {
    /// The field of the manifest.
    pub const fn field(self) -> &'static str {
        match self {
            Self::AllowedHosts => "allowedHosts",
            Self::AllowedIpNameLookups => "allowedIpNameLookups",
            Self::AllowedHostLoopbackPorts => "allowedHostLoopbackPorts",
        }
    }
}

/// A setting of the host that stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// [`super::policy::Settings::private_ranges`]
    PrivateRanges,
    /// [`super::policy::Settings::host_loopback`]
    HostLoopback,
}

/// What would have allowed it. With both parts empty, nothing would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remedy {
    /// The narrowest entry, and the list that it belongs to.
    pub entry: Option<(List, String)>,
    /// The setting of the host that has to change, also.
    pub setting: Option<Setting>,
}

impl Denial {
    /// A text that cannot be read as a destination.
    pub(super) fn malformed(asked: &str, why: String) -> Self {
        Self {
            asked: asked
                .chars()
                .take(KEPT)
                .flat_map(char::escape_debug)
                .collect(),
            address: None,
            reason: Reason::Malformed(why),
            remedy: Remedy::default(),
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` is denied: ", self.asked)?;
        if let Some(address) = self.address {
            write!(out, "{address} ")?;
        }
        match &self.reason {
            Reason::NotListed => out.write_str("no entry of `allowedHosts` covers it")?,
            Reason::LookupNotListed => {
                out.write_str("no entry of `allowedIpNameLookups` covers the name")?;
            }
            Reason::Private(range) => write!(
                out,
                "is a private address ({range}), and no entry names it explicitly"
            )?,
            Reason::PrivateNever(range) => write!(
                out,
                "is a private address ({range}), which this host lets nobody reach"
            )?,
            Reason::Special(range) => {
                write!(out, "is an address that nothing allows: {range}")?;
                if self.address.is_some_and(|address| address.is_loopback()) {
                    out.write_str(HOST_LOOPBACK_HINT)?;
                }
            }
            Reason::HostLoopback => {
                out.write_str("this host keeps the loopback of its machine to itself")?;
            }
            Reason::HostLoopbackPort => {
                out.write_str("it is the loopback of the machine, and no entry has this port")?;
            }
            Reason::Reserved => {
                out.write_str("the name is answered inside the workload, never by DNS")?;
                out.write_str(HOST_LOOPBACK_HINT)?;
            }
            Reason::Malformed(why) => out.write_str(why)?,
        }
        self.remedy.fmt(out)
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((list, entry)) = &self.entry {
            write!(out, "; `{}: [\"{entry}\"]` would allow it", list.field())?;
        }
        match self.setting {
            None => Ok(()),
            Some(Setting::PrivateRanges) => {
                out.write_str("; the host decides about private ranges (--private-ranges)")
            }
            Some(Setting::HostLoopback) => {
                out.write_str("; the host has to be started with --allow-host-loopback")
            }
        }
    }
}

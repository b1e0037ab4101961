//! The policy of one component: three lists of its manifest and what its host lets anybody do. Pure.
//!
//! An entry for a private address has to be *explicit*: an address, a block of addresses, or a name without a wildcard. Who
//! writes `postgres.db.svc.cluster.local:5432` has one destination in mind and knows who answers for it; who writes
//! `*` or `*.example.com` means the internet, and anybody who owns a name below could point it into the network of the
//! host. The price: whoever owns an exactly listed name can move it to a private address, on the listed port. An
//! operator who does not want that sets [`PrivateRanges::Never`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ask::Ask;
use super::denial::{Denial, HOST_LOOPBACK_HINT, List, Reason, Remedy, Setting};
use super::entry::{Entry, Pattern};
use super::host::{Host, Name};
use super::loopback_ports::LoopbackPort;
use super::ranges::{HOST_LOOPBACK, Kind, kind};

/// The policy of one component. The default reaches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    hosts: Vec<Entry>,
    lookups: Vec<Pattern>,
    loopback_ports: Vec<LoopbackPort>,
    settings: Settings,
}

/// The lists of a manifest, as written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lists<'a> {
    pub allowed_hosts: &'a [String],
    pub allowed_ip_name_lookups: &'a [String],
    pub allowed_host_loopback_ports: &'a [String],
}

/// What the operator of a host decides for all its workloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Who may reach private addresses.
    pub private_ranges: PrivateRanges,
    /// Whether `allowedHostLoopbackPorts` has an effect. Off by default.
    pub host_loopback: bool,
}

/// Who may reach private addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivateRanges {
    /// Nobody.
    Never,
    /// Workloads with an explicit entry.
    #[default]
    Explicit,
    /// Whoever may reach the name or `*`.
    Always,
}

/// An entry that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` cannot stand in `{}`: {why}", list.field())]
pub struct EntryError {
    pub list: List,
    /// The entry as written.
    pub entry: String,
    /// What is wrong with it.
    pub why: String,
}

/// How an allowed destination is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// At the loopback of the machine.
    HostLoopback,
    /// At an address that [`Policy::check`] allows.
    Network {
        /// An explicit entry covers it.
        explicit: bool,
    },
}

impl Policy {
    /// Reads the lists; all entries that cannot be understood are reported together.
    ///
    /// The settings are those of a host that says nothing; see [`Policy::under`].
    pub fn parse(lists: Lists<'_>) -> Result<Self, Vec<EntryError>> {
        use List::{AllowedHostLoopbackPorts, AllowedHosts, AllowedIpNameLookups};
        let mut errors = Vec::new();
        let policy = Self {
            hosts: read(AllowedHosts, lists.allowed_hosts, Entry::parse, &mut errors),
            lookups: read(
                AllowedIpNameLookups,
                lists.allowed_ip_name_lookups,
                lookup,
                &mut errors,
            ),
            loopback_ports: read(
                AllowedHostLoopbackPorts,
                lists.allowed_host_loopback_ports,
                LoopbackPort::parse,
                &mut errors,
            ),
            settings: Settings::default(),
        };
        if errors.is_empty() {
            Ok(policy)
        } else {
            Err(errors)
        }
    }

    /// The same lists on a host with these settings.
    pub fn under(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Whether every public address may be reached, for the line at the start that says so.
    pub fn allows_everything(&self) -> bool {
        self.hosts
            .iter()
            .any(|entry| matches!(entry.pattern(), Pattern::Any))
    }

    /// Entries of `allowedHosts` that can never have an effect, with the reason, for a warning.
    pub fn without_effect(&self) -> Vec<(String, String)> {
        let machine =
            |entry: &Entry| entry.has_port() && entry.host().is_some_and(|host| is_machine(&host));
        let why = |entry: &Entry| match entry.pattern() {
            _ if machine(entry) => None,
            Pattern::Addresses(block) => match kind(block.single()?) {
                Kind::Special(range) if is_loopback(block.single()?) => Some(format!(
                    "nothing allows this address: {range}{HOST_LOOPBACK_HINT}"
                )),
                Kind::Special(range) => Some(format!("nothing allows this address: {range}")),
                Kind::Private(_) | Kind::Public => None,
            },
            Pattern::Name(name) | Pattern::Below(name) if is_reserved(name) => Some(format!(
                "the name is answered inside the workload{HOST_LOOPBACK_HINT}"
            )),
            _ => None,
        };
        let entries = self.hosts.iter();
        entries
            .filter_map(|entry| Some((entry.to_string(), why(entry)?)))
            .collect()
    }

    /// Whether the host, the port and the scheme may be asked for, before any name is looked up.
    pub(super) fn admit(&self, ask: &Ask) -> Result<Way, Denial> {
        match &ask.host {
            Host::Address(HOST_LOOPBACK) => return self.host_loopback(ask),
            Host::Name(name) if is_host_loopback(name) => return self.host_loopback(ask),
            _ if self.means_machine(ask) => return self.host_loopback(ask),
            Host::Name(name) if is_reserved(name) => {
                return Err(denial(ask, None, Reason::Reserved));
            }
            Host::Address(address) => {
                // Said first, because no entry would help.
                if let Kind::Special(range) = kind(*address) {
                    return Err(denial(ask, Some(*address), Reason::Special(range)));
                }
            }
            Host::Name(_) => {}
        }
        let mut listed = self
            .hosts
            .iter()
            .filter(|entry| entry.covers(ask))
            .peekable();
        if listed.peek().is_none() {
            return Err(self.not_listed(ask));
        }
        let explicit = listed.any(Entry::is_explicit);
        if let Host::Address(address) = ask.host {
            self.check(ask, explicit, address)?;
        }
        Ok(Way::Network { explicit })
    }

    /// Whether `localhost` is the machine, as in projects of wasmCloud, where no service of the workload is meant: HTTP alone,
    /// and where the operator or an entry of `allowedHosts` with this host and port says so. Whether it may be reached is
    /// another question.
    pub(super) fn means_machine(&self, ask: &Ask) -> bool {
        let http = matches!(ask.scheme(), "http" | "https");
        let said =
            || self.settings.host_loopback || self.hosts.iter().any(|entry| entry.names(ask));
        http && is_machine(&ask.host) && said()
    }

    /// Whether an address may be dialled for what was asked and admitted.
    pub(super) fn check(&self, ask: &Ask, explicit: bool, address: IpAddr) -> Result<(), Denial> {
        let address = address.to_canonical();
        let reason = match kind(address) {
            Kind::Public => return Ok(()),
            Kind::Special(range) => Reason::Special(range),
            Kind::Private(range) => match self.settings.private_ranges {
                PrivateRanges::Always => return Ok(()),
                PrivateRanges::Never => Reason::PrivateNever(range),
                PrivateRanges::Explicit => {
                    let listed = || self.hosts.iter().any(|entry| entry.lists(ask, address));
                    if explicit || listed() {
                        return Ok(());
                    }
                    Reason::Private(range)
                }
            },
        };
        Err(denial(ask, Some(address), reason))
    }

    /// Whether a guest may look up the name itself.
    pub(super) fn admit_lookup(&self, host: &Host) -> Result<(), Denial> {
        let reason = match host {
            Host::Name(name) if is_reserved(name) => Reason::Reserved,
            // Nobody is asked about an address, so there is nothing to allow.
            Host::Address(_) => return Ok(()),
            Host::Name(name) => {
                let covers = |pattern: &Pattern| match pattern {
                    Pattern::Any => true,
                    Pattern::Name(own) => own == name,
                    Pattern::Below(suffix) => name.is_below(suffix),
                    Pattern::Addresses(_) => false,
                };
                if self.lookups.iter().any(covers) {
                    return Ok(());
                }
                Reason::LookupNotListed
            }
        };
        let entry = (reason == Reason::LookupNotListed)
            .then(|| (List::AllowedIpNameLookups, host.to_string()));
        Err(Denial {
            asked: host.to_string(),
            address: None,
            reason,
            remedy: Remedy {
                entry,
                setting: None,
            },
        })
    }

    /// Of a private address the operator may have said that no entry helps alone.
    fn not_listed(&self, ask: &Ask) -> Denial {
        let mut denial = denial(ask, None, Reason::NotListed);
        let never = self.settings.private_ranges == PrivateRanges::Never;
        if let Host::Address(address) = ask.host
            && never
            && matches!(kind(address), Kind::Private(_))
        {
            denial.remedy.setting = Some(Setting::PrivateRanges);
        }
        denial
    }

    fn host_loopback(&self, ask: &Ask) -> Result<Way, Denial> {
        let port = LoopbackPort {
            port: ask.port,
            protocol: ask.protocol(),
        };
        let named = || self.hosts.iter().any(|entry| entry.names(ask));
        let listed = self.loopback_ports.contains(&port) || named();
        let reason = match (self.settings.host_loopback, listed) {
            (true, true) => return Ok(Way::HostLoopback),
            (true, false) => Reason::HostLoopbackPort,
            (false, _) => Reason::HostLoopback,
        };
        let setting = (!self.settings.host_loopback).then_some(Setting::HostLoopback);
        let by_port = match &ask.host {
            Host::Name(name) => is_host_loopback(name),
            Host::Address(address) => *address == HOST_LOOPBACK,
        };
        let entry = (!listed).then(|| match by_port {
            true => (List::AllowedHostLoopbackPorts, port.to_string()),
            false => (List::AllowedHosts, ask.entry().to_string()),
        });
        Err(Denial {
            asked: ask.to_string(),
            address: None,
            reason,
            remedy: Remedy { entry, setting },
        })
    }
}

/// A refusal of what `allowedHosts` decides about.
fn denial(ask: &Ask, address: Option<IpAddr>, reason: Reason) -> Denial {
    let remedy = match &reason {
        Reason::NotListed | Reason::Private(_) => Remedy {
            entry: Some((List::AllowedHosts, ask.entry().to_string())),
            setting: None,
        },
        Reason::PrivateNever(_) => Remedy {
            entry: None,
            setting: Some(Setting::PrivateRanges),
        },
        _ => Remedy::default(),
    };
    Denial {
        asked: ask.to_string(),
        address,
        reason,
        remedy,
    }
}

/// Names of the loopback of the machine: ours, and the one of wasmCloud.
pub(super) fn is_host_loopback(name: &Name) -> bool {
    matches!(
        name.as_str(),
        "host.weft.internal" | "host.wasmcloud.internal"
    )
}

/// Whether a host is the loopback of the machine, or would be on any other host.
fn is_machine(host: &Host) -> bool {
    match host {
        Host::Name(name) => name.as_str() == "localhost" || is_host_loopback(name),
        Host::Address(address) => [
            Ipv4Addr::LOCALHOST.into(),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ]
        .contains(&address.to_canonical()),
    }
}

/// Names that are answered inside a workload and that no DNS server is ever asked for (RFC 6761 for `localhost`).
fn is_reserved(name: &Name) -> bool {
    let name = name.as_str();
    ["localhost", "weft.internal", "wasmcloud.internal"]
        .iter()
        .any(|zone| {
            name.strip_suffix(zone)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// An entry of `allowedIpNameLookups`: `*`, `*.suffix`, a name, or an address, which nobody has to be asked about.
fn lookup(text: &str) -> Result<Pattern, String> {
    match text.trim() {
        "*" => Ok(Pattern::Any),
        text if text.contains('/') => Err("it is not a name".to_owned()),
        text => Pattern::parse(text),
    }
}

fn read<T>(
    list: List,
    entries: &[String],
    one: impl Fn(&str) -> Result<T, String>,
    errors: &mut Vec<EntryError>,
) -> Vec<T> {
    let mut good = Vec::with_capacity(entries.len());
    for entry in entries {
        match one(entry) {
            Ok(value) => good.push(value),
            Err(why) => errors.push(EntryError {
                list,
                entry: entry.clone(),
                why,
            }),
        }
    }
    good
}

#[cfg(test)]
mod tests;

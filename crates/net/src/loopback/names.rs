//! Names that stand for the virtual network. Pure: no other name is resolved here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the virtual network knows of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// These addresses. The first is IPv4, where most services listen.
    Here(&'static [IpAddr]),
    /// A name of a zone that is the platform's own, and no such name: never to be asked of a resolver. The host answers
    /// `host.wasmcloud.internal` before it asks here.
    Nowhere,
    /// A name for a resolver.
    Elsewhere,
}

const HERE: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

/// The zones whose names are answered here or not at all.
const ZONES: [&str; 2] = ["weft.internal", "wasmcloud.internal"];

/// What a name means, in any case, with or without the dot at its end.
///
/// `localhost` and all names below it, `service.weft.internal`, and for wasmCloud's components
/// `service.wasmcloud.internal` and `<label>.svc.wasmcloud.internal` are the virtual network.
pub fn look_up(name: &str) -> Name {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if is_in(&name, "localhost") {
        return Name::Here(HERE);
    }
    if !ZONES.iter().any(|zone| is_in(&name, zone)) {
        return Name::Elsewhere;
    }
    let service = matches!(
        name.as_str(),
        "service.weft.internal" | "service.wasmcloud.internal"
    ) || name
        .strip_suffix(".svc.wasmcloud.internal")
        .is_some_and(|label| !label.is_empty() && !label.contains('.'));
    if service {
        Name::Here(HERE)
    } else {
        Name::Nowhere
    }
}

/// Whether a name is a zone or below it.
fn is_in(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_service_are_here() {
        for name in [
            "localhost",
            "LocalHost.",
            "db.localhost",
            "service.weft.internal",
            "SERVICE.WEFT.INTERNAL.",
            "service.wasmcloud.internal",
            "0.svc.wasmcloud.internal",
            "cache.svc.wasmcloud.internal",
        ] {
            assert_eq!(look_up(name), Name::Here(HERE), "{name}");
        }
    }

    #[test]
    fn other_names_of_the_platforms_zones_do_not_exist() {
        for name in [
            "weft.internal",
            "other.weft.internal",
            "a.service.weft.internal",
            "svc.wasmcloud.internal",
            ".svc.wasmcloud.internal",
            "a.b.svc.wasmcloud.internal",
            "host.wasmcloud.internal",
            "wasmcloud.internal.",
        ] {
            assert_eq!(look_up(name), Name::Nowhere, "{name}");
        }
    }

    #[test]
    fn everything_else_is_for_a_resolver() {
        for name in [
            "example.com",
            "notlocalhost",
            "localhost.example.com",
            "xweft.internal",
            "service.weft.internal.example.com",
            "localhost..",
            "",
            ".",
        ] {
            assert_eq!(look_up(name), Name::Elsewhere, "{name}");
        }
    }
}

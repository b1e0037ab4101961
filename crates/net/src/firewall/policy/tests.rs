//! What the lists and the settings decide together.

use std::net::IpAddr;

use proptest::prelude::{any, prop_assert, proptest};

use super::super::ask::{Ask, Protocol};
use super::super::denial::{Denial, List, Reason, Setting};
use super::super::host::Host;
use super::super::ranges::{HOST_LOOPBACK, Kind, kind};
use super::{Lists, Policy, PrivateRanges, Settings, Way};

const OPEN: Settings = Settings {
    private_ranges: PrivateRanges::Always,
    host_loopback: true,
};

fn policy(hosts: &[&str], settings: Settings) -> Policy {
    let hosts: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
    let lists = Lists {
        allowed_hosts: &hosts,
        ..Lists::default()
    };
    Policy::parse(lists).expect("good entries").under(settings)
}

/// Whether `name`, found at `address`, may be dialled at port 443.
fn reach(policy: &Policy, name: &str, address: &str) -> Result<(), Denial> {
    let ask = Ask::new("https", name, 443)?;
    let Way::Network { explicit } = policy.admit(&ask)? else {
        panic!("not the network");
    };
    policy.check(&ask, explicit, address.parse().expect("an address"))
}

#[test]
fn an_empty_policy_reaches_nothing() {
    let denial = reach(&Policy::default(), "example.com", "1.1.1.1").expect_err("denied");
    assert_eq!(denial.reason, Reason::NotListed);
    assert_eq!(
        denial.to_string(),
        "`https://example.com:443` is denied: no entry of `allowedHosts` covers it; \
         `allowedHosts: [\"https://example.com:443\"]` would allow it"
    );
}

#[test]
fn a_star_reaches_public_addresses_and_no_private_ones() {
    let star = policy(&["*"], Settings::default());
    assert!(reach(&star, "example.com", "1.1.1.1").is_ok());
    let denial = reach(&star, "example.com", "10.0.0.1").expect_err("denied");
    assert_eq!(denial.reason, Reason::Private("RFC 1918"));
    assert!(
        denial
            .to_string()
            .contains("`allowedHosts: [\"https://example.com:443\"]`")
    );
}

#[test]
fn a_wildcard_is_no_explicit_entry_and_a_name_is_one() {
    let below = policy(&["*.example.com"], Settings::default());
    assert!(reach(&below, "db.example.com", "10.0.0.1").is_err());
    let name = policy(&["*", "db.example.com"], Settings::default());
    assert!(reach(&name, "db.example.com", "10.0.0.1").is_ok());
    assert!(reach(&name, "other.example.com", "10.0.0.1").is_err());
}

#[test]
fn a_block_lets_names_lead_into_it_but_does_not_allow_names() {
    let with_star = policy(&["*", "10.1.0.0/16:443"], Settings::default());
    assert!(reach(&with_star, "db.example.com", "10.1.2.3").is_ok());
    assert!(reach(&with_star, "db.example.com", "10.2.2.3").is_err());
    let alone = policy(&["10.1.0.0/16:443"], Settings::default());
    assert!(reach(&alone, "db.example.com", "10.1.2.3").is_err());
}

#[test]
fn the_operator_can_open_and_close_private_ranges_for_all() {
    let star = policy(&["*"], OPEN);
    assert!(reach(&star, "example.com", "192.168.1.1").is_ok());
    let never = Settings {
        private_ranges: PrivateRanges::Never,
        ..OPEN
    };
    let denial = reach(
        &policy(&["db.test", "10.0.0.0/8"], never),
        "db.test",
        "10.0.0.1",
    )
    .expect_err("denied");
    assert_eq!(denial.reason, Reason::PrivateNever("RFC 1918"));
    assert_eq!(denial.remedy.setting, Some(Setting::PrivateRanges));
}

#[test]
fn an_unlisted_private_address_names_the_setting_that_is_in_the_way_also() {
    let never = Settings {
        private_ranges: PrivateRanges::Never,
        ..OPEN
    };
    let ask = Ask::new("tcp", "10.0.0.1", 5432).expect("a destination");
    let denial = policy(&[], never).admit(&ask).expect_err("denied");
    assert_eq!(denial.remedy.setting, Some(Setting::PrivateRanges));
    assert_eq!(
        denial.remedy.entry,
        Some((List::AllowedHosts, "tcp://10.0.0.1:5432".to_owned()))
    );
}

#[test]
fn entries_for_special_addresses_are_read_and_said_to_have_no_effect() {
    let policy = policy(
        &[
            "169.254.169.254",
            "localhost",
            "a.localhost:80",
            "1.1.1.1",
            "localhost:80",
        ],
        OPEN,
    );
    let inert: Vec<_> = policy
        .without_effect()
        .into_iter()
        .map(|(entry, _)| entry)
        .collect();
    assert_eq!(inert, ["169.254.169.254", "localhost", "a.localhost:80"]);
}

#[test]
fn names_of_the_workload_itself_are_never_asked_of_dns() {
    let machine = if OPEN.host_loopback {
        Reason::HostLoopbackPort
    } else {
        Reason::Reserved
    };
    for (name, reason) in [
        ("localhost", machine),
        ("a.localhost", Reason::Reserved),
        ("service.weft.internal", Reason::Reserved),
        ("3.svc.wasmcloud.internal", Reason::Reserved),
    ] {
        let lists = policy(&["*", "*.localhost", "localhost"], OPEN);
        let denial = reach(&lists, name, "1.1.1.1").expect_err("denied");
        assert_eq!(denial.reason, reason, "{name}");
    }
    assert!(reach(&policy(&["*"], OPEN), "notlocalhost", "1.1.1.1").is_ok());
}

/// A policy with these loopback ports, and what it says to TCP at the sentinel.
fn loopback(ports: &[&str], allowed: bool, ask: &Ask) -> Result<Way, Denial> {
    let ports: Vec<_> = ports.iter().map(|&port| port.to_owned()).collect();
    let all = ["*".to_owned()];
    let lists = Lists {
        allowed_hosts: &all,
        allowed_host_loopback_ports: &ports,
        ..Lists::default()
    };
    let settings = Settings {
        host_loopback: allowed,
        ..Settings::default()
    };
    Policy::parse(lists)
        .map(|policy| policy.under(settings))
        .expect("good entries")
        .admit(ask)
}

#[test]
fn the_loopback_of_the_host_needs_a_port_and_the_operator() {
    let by_name = Ask::new("http", "host.weft.internal", 5432).expect("a destination");
    let by_address =
        Ask::socket(Protocol::Tcp, (HOST_LOOPBACK, 5432).into()).expect("a destination");
    for ask in [by_name, by_address] {
        assert_eq!(loopback(&["5432"], true, &ask), Ok(Way::HostLoopback));
        let off = loopback(&["5432"], false, &ask).expect_err("denied");
        assert_eq!(
            (off.reason, off.remedy.setting),
            (Reason::HostLoopback, Some(Setting::HostLoopback))
        );
        let other = loopback(&["5433", "5432/udp"], true, &ask).expect_err("denied");
        assert_eq!(
            other.remedy.entry,
            Some((List::AllowedHostLoopbackPorts, "5432/tcp".to_owned()))
        );
    }
}

#[test]
fn an_entry_of_allowed_hosts_with_its_port_may_mean_the_machine() {
    let operator = Settings {
        host_loopback: true,
        ..Settings::default()
    };
    let machine = ["host.weft.internal", "localhost", "127.0.0.1", "::1"];
    for host in machine {
        let ask = Ask::new("http", host, 8001).expect("a destination");
        let entry = ask.entry().to_string();
        let plain = entry.trim_start_matches("http://").to_owned();
        for entry in [entry.as_str(), &plain] {
            let listed = policy(&[entry], operator);
            assert_eq!(listed.admit(&ask), Ok(Way::HostLoopback), "{entry}");
            let off = policy(&[entry], Settings::default()).admit(&ask);
            let setting = off
                .expect_err("the operator did not allow it")
                .remedy
                .setting;
            assert_eq!(setting, Some(Setting::HostLoopback));
        }
    }
    // A wildcard, an entry without a port and one of another port or scheme never mean it.
    for entry in [
        "*",
        "localhost",
        "127.0.0.0/8:8001",
        "localhost:8002",
        "https://localhost:8001",
    ] {
        for host in machine {
            let ask = Ask::new("http", host, 8001).expect("a destination");
            assert!(
                policy(&[entry], operator).admit(&ask).is_err(),
                "{entry} {host}"
            );
        }
    }
    // Sockets have a network of their own there.
    let socket = Ask::socket(Protocol::Tcp, ([127, 0, 0, 1], 8001).into()).expect("a destination");
    assert!(
        policy(&["127.0.0.1:8001", "localhost:8001"], operator)
            .admit(&socket)
            .is_err()
    );
}

#[test]
fn look_ups_have_a_list_of_their_own() {
    let lookups = ["*.example.com".to_owned(), "db.test".to_owned()];
    let lists = Lists {
        allowed_ip_name_lookups: &lookups,
        ..Lists::default()
    };
    let policy = Policy::parse(lists).expect("good entries").under(OPEN);
    let asks = |name: &str| policy.admit_lookup(&Host::parse(name).expect("a host"));
    assert!(asks("a.example.com").is_ok() && asks("DB.test.").is_ok() && asks("10.0.0.1").is_ok());
    let denial = asks("example.com").expect_err("denied");
    assert_eq!(
        denial.remedy.entry,
        Some((List::AllowedIpNameLookups, "example.com".to_owned()))
    );
    assert!(asks("localhost").is_err());
}

#[test]
fn entries_that_cannot_be_read_are_reported_together_with_their_list() {
    let bad = |text: &str| [text.to_owned()];
    let (hosts, lookups, ports) = (bad("a*b"), bad("10.0.0.0/8"), bad("80-90"));
    let lists = Lists {
        allowed_hosts: &hosts,
        allowed_ip_name_lookups: &lookups,
        allowed_host_loopback_ports: &ports,
    };
    let errors = Policy::parse(lists).expect_err("three bad entries");
    let text: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert!(text[0].starts_with("`a*b` cannot stand in `allowedHosts`"));
    assert!(text[1].starts_with("`10.0.0.0/8` cannot stand in `allowedIpNameLookups`"));
    assert!(text[2].starts_with("`80-90` cannot stand in `allowedHostLoopbackPorts`"));
}

proptest! {
    #[test]
    fn a_special_address_is_never_allowed_whatever_the_policy(address in any::<IpAddr>(), seed in 0usize..6, port in 1u16..) {
        let specials = ["127.0.0.1", "169.254.169.254", "::1", "fe80::1", "64:ff9b::a00:1", "fd00:ec2::254"];
        let special: IpAddr = specials[seed].parse().expect("an address");
        for address in [address, special] {
            let Kind::Special(_) = kind(address) else { continue };
            let exact = Host::from(address).bracketed();
            let all = policy(&["*", &exact, "0.0.0.0/0", "[::/0]", "name.test", "*.test"], OPEN);
            let named = Ask::new("tcp", "name.test", port).expect("a destination");
            prop_assert!(all.check(&named, true, address).is_err());
            let literal = Ask::socket(Protocol::Tcp, (address, port).into()).expect("a destination");
            prop_assert!(all.admit(&literal).is_err());
        }
    }

    #[test]
    fn the_entry_of_a_denial_allows_what_was_denied(address in any::<IpAddr>(), port in 1u16..) {
        let ask = Ask::socket(Protocol::Udp, (address, port).into()).expect("a destination");
        let denial = Policy::default().admit(&ask).expect_err("denied");
        if let Some((_, entry)) = denial.remedy.entry {
            prop_assert!(policy(&[&entry], Settings::default()).admit(&ask).is_ok());
        } else {
            prop_assert!(matches!(kind(address), Kind::Special(_)));
        }
    }
}

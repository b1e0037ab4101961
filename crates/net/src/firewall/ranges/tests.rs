//! Each range at its first and last address, and the addresses just outside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{Kind, kind};

fn of(text: &str) -> &'static str {
    match kind(text.parse().expect("an address")) {
        Kind::Public => "public",
        Kind::Private(_) => "private",
        Kind::Special(_) => "special",
    }
}

macro_rules! kinds {
    ($($name:ident: $kind:literal, [$($address:literal),+ $(,)?];)+) => {
        $(#[test] fn $name() { $(assert_eq!(of($address), $kind, $address);)+ })+
    };
}

kinds! {
    well_known_servers_are_public: "public", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1"];
    rfc_1918_is_private: "private", ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"];
    neighbours_of_rfc_1918_are_public: "public", ["9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"];
    the_range_of_carriers_is_private: "private", ["100.64.0.0", "100.127.255.255"];
    neighbours_of_the_range_of_carriers_are_public: "public", ["100.63.255.255", "100.128.0.0"];
    unique_local_addresses_are_private: "private", ["fc00::", "fd12:3456::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"];
    loopback_is_special: "special", ["127.0.0.0", "127.0.0.1", "127.255.255.254", "127.255.255.255", "::1"];
    this_network_is_special: "special", ["0.0.0.0", "0.255.255.255", "::"];
    link_local_is_special: "special", ["169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::", "febf::1"];
    metadata_services_are_special: "special", ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fd00:ec2::253", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"];
    neighbours_of_metadata_services_are_what_their_range_is: "private", ["100.100.100.199", "fd00:ec3::1", "fd20:ce:0:1::1"];
    multicast_and_broadcast_are_special: "special", ["224.0.0.0", "239.255.255.255", "255.255.255.255", "ff00::", "ff02::1"];
    reserved_ipv4_is_special: "special", ["240.0.0.0", "255.255.255.254"];
    documentation_is_special: "special", ["192.0.2.1", "198.51.100.255", "203.0.113.0", "2001:db8::1", "3fff::1", "3fff:fff::1"];
    benchmarks_and_protocols_are_special: "special", ["198.18.0.0", "198.19.255.255", "192.0.0.0", "192.0.0.255", "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1"];
    addresses_that_carry_ipv4_are_special: "special", ["64:ff9b::808:808", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:808:808::1", "2002:7f00:1::", "2001::1", "2001:0:808:808::1"];
    ipv4_compatible_and_translated_are_special: "special", ["::8.8.8.8", "::127.0.0.1", "::10.0.0.1", "::ffff:0:8.8.8.8"];
    other_ipv6_ranges_are_special: "special", ["fec0::1", "feff::1", "100::1", "100:0:0:1::1", "2001:10::1", "2001:20::1", "5f00::1", "4000::1", "e000::1", "2620:4f:8000::1"];
    a_mapped_address_is_what_is_inside_public: "public", ["::ffff:8.8.8.8"];
    a_mapped_address_is_what_is_inside_private: "private", ["::ffff:10.0.0.1", "::ffff:192.168.1.1"];
    a_mapped_address_is_what_is_inside_special: "special", ["::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0"];
}

proptest! {
    /// What the standard library knows to be no public address is none here.
    #[test]
    fn nothing_that_the_standard_library_knows_is_public(bits in any::<u32>()) {
        let v4 = Ipv4Addr::from_bits(bits);
        let known = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_broadcast()
            || v4.is_documentation() || v4.is_multicast() || v4.is_unspecified();
        prop_assert!(!known || kind(v4.into()) != Kind::Public);
        prop_assert!(!v4.is_private() || matches!(kind(v4.into()), Kind::Private(_)));
    }

    #[test]
    fn a_mapped_address_is_always_what_is_inside(bits in any::<u32>()) {
        let v4 = Ipv4Addr::from_bits(bits);
        prop_assert_eq!(kind(v4.into()), kind(v4.to_ipv6_mapped().into()));
    }

    #[test]
    fn only_global_unicast_addresses_of_ipv6_are_public(bits in any::<u128>()) {
        let v6 = Ipv6Addr::from_bits(bits);
        let public = kind(IpAddr::V6(v6)) == Kind::Public;
        prop_assert!(!public || v6.to_ipv4_mapped().is_some() || v6.segments()[0] & 0xe000 == 0x2000);
    }
}

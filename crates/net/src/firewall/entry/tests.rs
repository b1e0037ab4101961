//! What an entry means, and that it is written as it is read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use super::super::ask::Ask;
use super::Entry;

fn covers(entry: &str, url: &str) -> bool {
    let url: http::Uri = url.parse().expect("a URL");
    let ask = Ask::url(&url).expect("a destination");
    Entry::parse(entry).expect("an entry").covers(&ask)
}

fn why(entry: &str) -> String {
    Entry::parse(entry).expect_err("no entry")
}

#[test]
fn a_default_port_is_the_same_written_or_not() {
    for entry in [
        "example.com:443",
        "https://example.com",
        "https://example.com:443",
        "https://example.com:443/",
    ] {
        assert!(covers(entry, "https://example.com/"), "{entry}");
        assert!(covers(entry, "https://example.com:443/"), "{entry}");
        assert!(!covers(entry, "http://example.com/"), "{entry}");
    }
}

#[test]
fn a_written_port_is_the_only_one() {
    assert!(!covers(
        "https://example.com:443",
        "https://example.com:8443/"
    ));
    assert!(covers("example.com", "https://example.com:8443/"));
}

#[test]
fn a_wildcard_covers_names_below_and_no_address() {
    assert!(covers("*.example.com", "https://a.b.example.com/"));
    assert!(!covers("*.example.com", "https://example.com/"));
    assert!(!covers("*.com", "http://192.0.2.1/"));
}

#[test]
fn names_are_compared_after_idna() {
    assert!(covers("bücher.example", "http://xn--bcher-kva.example/"));
    assert!(covers("BÜCHER.example.", "http://xn--bcher-kva.example./"));
}

#[test]
fn a_block_covers_its_addresses_at_its_port() {
    assert!(covers("10.0.0.0/8:5432", "http://10.200.0.1:5432/"));
    assert!(!covers("10.0.0.0/8:5432", "http://10.200.0.1:5433/"));
    assert!(!covers("10.0.0.0/8:5432", "http://11.0.0.1:5432/"));
    assert!(covers("[fd00::/8]:80", "http://[fd12::1]/"));
}

#[test]
fn a_mapped_address_in_an_entry_is_its_ipv4_address() {
    assert!(covers("[::ffff:192.0.2.1]:80", "http://192.0.2.1/"));
    assert!(why("[::ffff:10.0.0.0/104]").contains("IPv4"));
}

#[test]
fn the_scheme_of_an_entry_is_not_for_plain_sockets() {
    let socket = Ask::new("tcp", "example.com", 443).expect("a destination");
    let covers = |entry: &str| Entry::parse(entry).expect("an entry").covers(&socket);
    assert!(!covers("https://example.com"));
    assert!(covers("example.com:443") && covers("tcp://example.com:443"));
}

macro_rules! refused {
    ($($name:ident: $entry:literal, $why:literal;)+) => {
        $(#[test] fn $name() { let why = why($entry); assert!(why.contains($why), "{why}"); })+
    };
}

refused! {
    an_empty_entry_is_refused: "", "empty";
    a_star_in_a_name_is_refused: "a*b.com", "`*` stands alone";
    a_star_without_a_dot_is_refused: "*example.com", "`*` stands alone";
    a_star_inside_is_refused: "a.*.com", "`*` stands alone";
    a_star_with_a_port_is_refused: "*:443", "`*` stands alone";
    two_stars_are_refused: "*.*.com", "`*` stands alone";
    a_path_is_refused: "https://example.com/path", "no path";
    a_query_is_refused: "https://example.com?a", "query";
    a_user_is_refused: "https://user@example.com", "user";
    a_port_too_large_is_refused: "example.com:65536", "1 to 65535";
    port_zero_is_refused: "example.com:0", "1 to 65535";
    a_port_with_a_sign_is_refused: "example.com:+443", "1 to 65535";
    an_empty_port_is_refused: "example.com:", "1 to 65535";
    an_ipv6_address_without_brackets_is_refused: "2001:db8::1", "brackets";
    an_open_bracket_is_refused: "[2001:db8::1", "not closed";
    text_behind_a_bracket_is_refused: "[2001:db8::1]x", "behind";
    an_odd_ipv4_address_is_refused: "0x7f.1", "usual form";
    a_scheme_with_a_space_is_refused: "ht tp://a", "scheme";
    bits_behind_the_prefix_are_refused: "10.0.0.1/8", "not zero";
    too_many_bits_are_refused: "10.0.0.0/33", "number of bits";
    a_sign_before_the_bits_is_refused: "10.0.0.0/+8", "number of bits";
    nothing_is_below_an_address: "*.10.0.0.1", "below an address";
    a_zone_is_refused: "[fe80::1%eth0]", "zone";
}

fn host() -> impl Strategy<Value = String> {
    let name = "[a-z][a-z0-9-]{0,8}(\\.[a-z]{1,6}){0,3}".prop_filter("a dash at the end", |name| {
        !name.contains("-.") && !name.ends_with('-') && !name.contains("--")
    });
    let v4 = (any::<u32>(), 0u8..=32).prop_map(|(bits, prefix)| {
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        format!("{}/{prefix}", Ipv4Addr::from_bits(bits & mask))
    });
    let v6 = (any::<u128>(), 0u8..=128).prop_map(|(bits, prefix)| {
        let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
        format!("[{}/{prefix}]", Ipv6Addr::from_bits(bits & mask | 1 << 127))
    });
    let v6 = v6.prop_filter("prefix 0 has no first bit", |text| !text.ends_with("/0]"));
    let address = any::<IpAddr>().prop_map(|address| match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    });
    prop_oneof![
        name.clone(),
        name.prop_map(|name| format!("*.{name}")),
        v4,
        v6,
        address
    ]
}

proptest! {
    #[test]
    fn an_entry_is_written_as_it_is_read(
        scheme in option::of(prop_oneof![Just("https"), Just("tcp"), "[a-z][a-z0-9+.-]{0,8}".prop_map(|s| &*s.leak())]),
        host in host(),
        port in option::of(1u16..),
    ) {
        let scheme = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let entry = Entry::parse(&format!("{scheme}{host}{port}")).expect("an entry");
        prop_assert_eq!(Entry::parse(&entry.to_string()), Ok(entry));
    }

    #[test]
    fn no_text_panics_the_reader(text in ".{0,40}") {
        if let Ok(entry) = Entry::parse(&text) {
            prop_assert_eq!(Entry::parse(&entry.to_string()), Ok(entry));
        }
    }

    #[test]
    fn the_narrowest_entry_covers_what_was_asked(address in any::<std::net::SocketAddr>()) {
        if let Ok(ask) = Ask::socket(super::super::ask::Protocol::Tcp, address) {
            let entry = Entry::parse(&ask.entry().to_string()).expect("an entry");
            prop_assert_eq!(entry.covers(&ask), true);
        }
    }
}

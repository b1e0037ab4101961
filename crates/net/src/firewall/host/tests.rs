//! What becomes the same host, and what is refused.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{Host, HostError, Name};

fn read(text: &str) -> String {
    Host::parse(text).expect("a host").to_string()
}

fn refused(text: &str) -> HostError {
    Host::parse(text).expect_err("no host")
}

#[test]
fn case_width_and_one_dot_at_the_end_make_no_difference() {
    for text in [
        "example.com",
        "EXAMPLE.Com",
        "example.com.",
        "ｅｘａｍｐｌｅ.com",
        "example。com",
    ] {
        assert_eq!(read(text), "example.com", "{text}");
    }
}

#[test]
fn an_internationalised_name_is_compared_in_its_ascii_form() {
    assert_eq!(read("bücher.example"), "xn--bcher-kva.example");
    assert_eq!(read("XN--BCHER-KVA.example"), "xn--bcher-kva.example");
}

#[test]
fn a_homograph_is_another_name() {
    // The first letter is Cyrillic.
    assert_ne!(read("аpple.com"), "apple.com");
}

#[test]
fn an_address_is_read_with_and_without_brackets() {
    assert_eq!(read("[2001:DB8::1]"), "2001:db8::1");
    assert_eq!(read("2001:db8:0::1"), "2001:db8::1");
    assert_eq!(read("192.0.2.10."), "192.0.2.10");
}

#[test]
fn a_mapped_address_is_its_ipv4_address() {
    assert_eq!(read("[::ffff:127.0.0.1]"), "127.0.0.1");
    assert_eq!(read("::ffff:7f00:1"), "127.0.0.1");
}

#[test]
fn an_unusual_form_of_an_ipv4_address_is_refused() {
    for text in [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.0x1",
        "1.2.3.4.5",
        "256.1.1.1",
        "a.b.1",
        "１２７.１",
        "0x",
        "example.0x7f",
    ] {
        assert_eq!(refused(text), HostError::OddIpv4, "{text}");
    }
}

#[test]
fn a_number_in_front_is_a_name_like_any_other() {
    assert_eq!(read("127.0.0.1.nip.io"), "127.0.0.1.nip.io");
    assert_eq!(read("0x7f.example"), "0x7f.example");
}

#[test]
fn empty_and_long_labels_are_refused() {
    let label = "a".repeat(64);
    for text in ["a..b", ".a", "a..", label.as_str()] {
        assert_eq!(refused(text), HostError::Length, "{text}");
    }
    let long = format!("{}.com", ["a".repeat(62).as_str(); 4].join("."));
    assert_eq!(refused(&long), HostError::Length);
    assert_eq!(refused(&"a.".repeat(600)), HostError::Length);
    assert_eq!(refused(""), HostError::Empty);
    assert_eq!(refused("."), HostError::Empty);
}

#[test]
fn characters_of_other_parts_of_a_url_are_refused() {
    for text in [
        "a b", "a@b", "a/b", "a?b", "a#b", "a%2eb", "a\\b", "a\0b", "a\nb", "a\tb", "<a>", "a|b",
        "a*b", "a,b", "a'b",
    ] {
        assert_eq!(refused(text), HostError::Character, "{text:?}");
    }
}

#[test]
fn a_zone_is_refused() {
    assert_eq!(refused("[fe80::1%eth0]"), HostError::Zone);
    assert_eq!(refused("fe80::1%25eth0"), HostError::Zone);
}

#[test]
fn broken_punycode_is_refused() {
    assert_eq!(refused("xn--a-.example"), HostError::Idna);
    assert_eq!(refused("xn--0000h.example"), HostError::Idna);
}

#[test]
fn below_means_at_least_one_label_more() {
    let suffix = Name::parse("example.com").expect("a name");
    let below = |text: &str| Name::parse(text).expect("a name").is_below(&suffix);
    assert!(below("a.example.com") && below("a.b.example.com"));
    assert!(!below("example.com") && !below("evilexample.com") && !below("example.com.evil"));
}

proptest! {
    #[test]
    fn no_text_panics_and_what_is_read_is_read_again_as_the_same(text in ".{0,60}") {
        if let Ok(host) = Host::parse(&text) {
            prop_assert_eq!(Host::parse(&host.bracketed()), Ok(host));
        }
    }

    #[test]
    fn a_name_has_no_letter_that_a_resolver_would_read_differently(text in "\\PC{1,30}\\.[a-zａ-ｚ]{1,5}") {
        if let Ok(Host::Name(name)) = Host::parse(&text) {
            let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
            prop_assert!(name.as_str().bytes().all(plain));
            prop_assert!(name.as_str().parse::<std::net::IpAddr>().is_err());
        }
    }

    #[test]
    fn every_number_alone_is_refused_or_an_address(number in any::<u64>()) {
        prop_assert!(Host::parse(&number.to_string()).is_err());
        let (hex, octal) = (format!("{number:#x}"), format!("0{number:o}"));
        prop_assert!(Host::parse(&hex).is_err() && Host::parse(&octal).is_err());
    }
}

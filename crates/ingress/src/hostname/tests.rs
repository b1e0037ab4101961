//! The one form of host names, and what is refused.

use super::{HostPattern, normalise, suffixes};

fn pattern(text: &str) -> HostPattern {
    text.parse().unwrap()
}

#[test]
fn names_are_brought_to_one_form() {
    for (written, form) in [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("10.0.0.1", "10.0.0.1"),
        ("[::1]", "[::1]"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("[2001:DB8::A]", "[2001:db8::a]"),
        ("*.Example.com.", "*.example.com"),
        ("*", "*"),
        ("my_service", "my_service"),
    ] {
        assert_eq!(pattern(written).to_string(), form, "for {written}");
    }
    assert_eq!(normalise("WWW.Example.com.").unwrap(), "www.example.com");
}

#[test]
fn a_text_that_is_no_host_name_is_refused_with_the_reason() {
    let long_label = format!("{}.com", "a".repeat(64));
    let long_name = ["abcdefg"; 40].join(".");
    for (text, why) in [
        ("", "it is empty"),
        (".", "it is empty"),
        ("*.", "it is empty"),
        ("a..b", "a dot needs a letter or digit on both sides"),
        (
            "a.*.b",
            "`*` stands alone or in front, as in `*.example.com`",
        ),
        (
            "*a.b",
            "`*` stands alone or in front, as in `*.example.com`",
        ),
        (
            "example.com:80",
            "it has a port; leave it out, routes do not look at ports",
        ),
        ("[::1", "an address in brackets must be IPv6"),
        ("[1.2.3.4]", "an address in brackets must be IPv6"),
        ("*.[::1]", "an address has no names below it"),
        (
            "bücher.example",
            "only ASCII letters, digits, `-` and `_` are allowed between the dots",
        ),
        (
            "a b",
            "only ASCII letters, digits, `-` and `_` are allowed between the dots",
        ),
        (
            &long_label,
            "the part between two dots has more than 63 characters",
        ),
        (&long_name, "it has more than 253 characters"),
    ] {
        let error = text.parse::<HostPattern>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{text}` is not a host name: {why}")
        );
    }
}

#[test]
fn suffixes_come_longest_first() {
    assert_eq!(suffixes("a.b.c").collect::<Vec<_>>(), ["b.c", "c"]);
    assert_eq!(suffixes("a").count(), 0);
    assert_eq!(suffixes("[::ffff:1.2.3.4]").count(), 0);
}

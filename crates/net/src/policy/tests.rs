//! What each form of entry covers, and what is refused.

use proptest::prelude::{prop_assert, proptest};

use super::{Destination, EgressPolicy};

/// The one place that calls the policy: `url` is `scheme://host:port`.
fn check(entries: &[&str], url: &str) -> bool {
    let (scheme, rest) = url.split_once("://").expect("a scheme");
    let (host, port) = rest.rsplit_once(':').expect("a port");
    let policy = EgressPolicy::parse(entries).expect("good entries");
    policy.allows(&Destination {
        scheme,
        host,
        port: port.parse().expect("a port"),
    })
}

fn refusal(entry: &str) -> String {
    let errors = EgressPolicy::parse(&[entry]).expect_err("a bad entry");
    errors[0].to_string()
}

#[test]
fn an_empty_list_reaches_nothing() {
    assert!(!check(&[], "https://example.com:443"));
}

#[test]
fn a_star_reaches_everything() {
    assert!(check(&["*"], "http://anything.test:8080"));
}

#[test]
fn a_host_without_a_port_covers_every_port_and_scheme() {
    assert!(check(&["example.com"], "http://example.com:8080"));
    assert!(check(&["example.com"], "https://example.com:443"));
    assert!(!check(&["example.com"], "https://www.example.com:443"));
}

#[test]
fn a_port_covers_the_default_port_of_a_url_that_leaves_it_out() {
    assert!(check(&["example.com:443"], "https://example.com:443"));
    assert!(!check(&["example.com:443"], "http://example.com:80"));
}

#[test]
fn a_wildcard_needs_at_least_one_more_label() {
    assert!(check(&["*.example.com"], "https://a.b.example.com:443"));
    assert!(!check(&["*.example.com"], "https://example.com:443"));
    assert!(!check(&["*.example.com"], "https://evilexample.com:443"));
}

#[test]
fn a_scheme_is_compared_when_it_is_written() {
    assert!(check(&["https://example.com/"], "https://example.com:443"));
    assert!(!check(&["https://example.com"], "http://example.com:80"));
}

#[test]
fn case_and_a_trailing_dot_make_no_difference() {
    assert!(check(&["Example.COM"], "https://EXAMPLE.com.:443"));
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    let policy = EgressPolicy::parse(&["[::1]:8080"]).expect("a good entry");
    assert!(policy.allows(&Destination {
        scheme: "http",
        host: "::1",
        port: 8080
    }));
    assert!(refusal("::1").contains("brackets"));
}

#[test]
fn entries_that_cannot_be_understood_are_all_reported_with_the_reason() {
    let errors = EgressPolicy::parse(&[
        "a*b.com",
        "https://example.com/path",
        "example.com:99999",
        "ok.test",
    ])
    .expect_err("three bad entries");
    let whys: Vec<_> = errors.iter().map(|error| error.why).collect();
    assert_eq!(
        whys,
        [
            "`*` stands alone or in front of a dot, as in `*.example.com`",
            "it has a path, a query or a user; only scheme, host and port are compared",
            "the port is not a number from 1 to 65535",
        ]
    );
}

#[test]
fn the_suggested_entry_allows_what_was_denied() {
    let denied = Destination {
        scheme: "https",
        host: "api.example.com",
        port: 8443,
    };
    let policy = EgressPolicy::parse(&[denied.entry()]).expect("a good entry");
    assert!(policy.allows(&denied));
}

proptest! {
    #[test]
    fn no_text_panics_the_parser(entry in ".{0,40}") {
        let _ = EgressPolicy::parse(&[entry]);
    }

    #[test]
    fn a_listed_host_is_allowed_and_its_sibling_is_not(name in "[a-z]{1,8}", suffix in "[a-z]{1,8}\\.[a-z]{2,3}") {
        let host = format!("{name}.{suffix}");
        let policy = EgressPolicy::parse(&[&host]).expect("a good entry");
        let sibling = format!("x{host}");
        let allowed = policy.allows(&Destination { scheme: "https", host: &host, port: 443 });
        let sibling_allowed = policy.allows(&Destination { scheme: "https", host: &sibling, port: 443 });
        prop_assert!(allowed);
        prop_assert!(!sibling_allowed);
    }
}

//! Interface names: reading, printing, and which export serves which import.

use super::*;

fn name(text: &str) -> InterfaceName {
    text.parse().unwrap()
}

fn refusal(text: &str) -> String {
    text.parse::<InterfaceName>()
        .expect_err("the name is refused")
        .to_string()
}

#[test]
fn a_name_reads_into_its_parts_and_prints_back() {
    let parsed = name("wasi:http/incoming-handler@0.2.6");
    assert_eq!(parsed.namespace, "wasi");
    assert_eq!(parsed.package, "http");
    assert_eq!(parsed.interface, "incoming-handler");
    assert_eq!(parsed.version, Some(semver::Version::new(0, 2, 6)));
    assert_eq!(parsed.package().to_string(), "wasi:http");
    for text in [
        "wasi:http/types@0.3.0-rc-2025-09-16",
        "demo:counter/count",
        "a1:HTTP-2/x-1b@1.0.0+build",
    ] {
        assert_eq!(name(text).to_string(), text);
    }
}

#[test]
fn a_refusal_names_the_part_that_is_wrong() {
    assert_eq!(
        refusal("http"),
        "interface `http` has no namespace: write `namespace:package/interface@version`"
    );
    assert_eq!(
        refusal("wasi:http@0.2.0"),
        "interface `wasi:http@0.2.0` names no interface of the package: write `namespace:package/interface@version`"
    );
    assert_eq!(
        refusal("wasi:h_p/x"),
        "interface `wasi:h_p/x`: `h_p` is not an identifier (words of letters and digits, joined by `-`)"
    );
    assert_eq!(
        refusal("wasi:http/x@0.2"),
        "interface `wasi:http/x@0.2`: `0.2` is not a semantic version"
    );
    for text in [
        "", ":", "a:/b", "a:b/", ":b/c", "a:b/c/d", "a:b/-c", "a:b/c-", "1a:b/c", "a:b/cD",
        "a:b/c@",
    ] {
        assert!(text.parse::<InterfaceName>().is_err(), "{text}");
    }
}

#[test]
fn an_older_or_newer_point_version_serves_an_import() {
    assert!(name("wasi:http/types@0.2.0").satisfies(&name("wasi:http/types@0.2.6")));
    assert!(name("wasi:http/types@0.2.6").satisfies(&name("wasi:http/types@0.2.0")));
    assert!(name("a:b/c@1.9.0").satisfies(&name("a:b/c@1.0.3")));
}

#[test]
fn another_track_does_not_serve_an_import() {
    for (export, import) in [
        ("a:b/c@0.2.0", "a:b/c@0.3.0"),
        ("a:b/c@1.0.0", "a:b/c@2.0.0"),
        ("a:b/c@0.0.1", "a:b/c@0.0.2"),
        ("a:b/c@0.2.0-draft", "a:b/c@0.2.0"),
        ("a:b/c@0.2.0-draft", "a:b/c@0.2.0-draft2"),
        ("a:b/c", "a:b/c@0.2.0"),
        ("a:b/c@0.2.0", "a:b/c"),
    ] {
        assert!(
            !name(export).satisfies(&name(import)),
            "{export} must not serve {import}"
        );
    }
}

#[test]
fn another_name_does_not_serve_an_import() {
    for other in ["x:b/c@1.0.0", "a:x/c@1.0.0", "a:b/x@1.0.0"] {
        assert!(!name(other).satisfies(&name("a:b/c@1.0.0")), "{other}");
    }
    assert!(name("a:b/c").satisfies(&name("a:b/c")));
}

#[test]
fn the_track_is_what_compatible_versions_share() {
    for (text, expected) in [
        ("a:b/c@0.2.6", Some("0.2")),
        ("a:b/c@1.4.2", Some("1")),
        ("a:b/c@12.0.0+build", Some("12")),
        ("a:b/c@0.0.3", Some("0.0.3")),
        ("a:b/c@0.2.0-draft", Some("0.2.0-draft")),
        ("a:b/c", None),
    ] {
        assert_eq!(name(text).track().as_deref(), expected, "{text}");
    }
}

#[test]
fn names_sort_by_package_then_interface_then_version() {
    let mut names = [
        name("wasi:io/poll@0.2.10"),
        name("wasi:http/types@0.2.0"),
        name("wasi:io/poll@0.2.9"),
    ];
    names.sort();
    let sorted: Vec<_> = names.iter().map(ToString::to_string).collect();
    assert_eq!(
        sorted,
        [
            "wasi:http/types@0.2.0",
            "wasi:io/poll@0.2.9",
            "wasi:io/poll@0.2.10"
        ]
    );
}

//! A typing error is told from a name that is merely not known here.

use super::*;

#[test]
fn a_name_close_to_a_known_one_was_meant_to_be_that() {
    assert_eq!(meant_package("wasi", "htp"), Some("http"));
    assert_eq!(meant_package("wasi", "keyvalues"), Some("keyvalue"));
    assert_eq!(meant_package("wasmcloud", "mesaging"), Some("messaging"));
    assert_eq!(
        meant_interface("wasi", "http", "incoming-handlr"),
        Some("incoming-handler")
    );
    assert_eq!(
        meant_interface("wasi", "logging", "loging"),
        Some("logging")
    );
    for (key, meant) in [
        ("hots", "host"),
        ("Host", "host"),
        ("host_aliases", "host-aliases"),
        ("paths", "path"),
    ] {
        assert_eq!(meant_http_key(key), Some(meant), "{key}");
    }
}

#[test]
fn known_names_are_meant_as_they_are() {
    for known in PACKAGES {
        assert_eq!(meant_package(known.namespace, known.package), None);
        for interface in known.interfaces {
            assert_eq!(
                meant_interface(known.namespace, known.package, interface),
                None
            );
            assert!(is_known_interface(
                known.namespace,
                known.package,
                interface
            ));
        }
    }
    for key in HTTP_KEYS {
        assert_eq!(meant_http_key(key), None);
    }
}

#[test]
fn names_that_are_like_no_known_one_are_left_alone() {
    for (namespace, package) in [
        ("wasi", "usb"),
        ("wasi", "sql"),
        ("acme", "htp"),
        ("wasmcloud", "cron"),
        ("wasi", "url"),
    ] {
        assert_eq!(
            meant_package(namespace, package),
            None,
            "{namespace}:{package}"
        );
    }
    assert_eq!(meant_interface("wasi", "http", "middleware"), None);
    assert_eq!(meant_interface("wasi", "keyvalue", "stor"), None);
    assert_eq!(meant_interface("acme", "http", "incoming-handlr"), None);
    for key in ["realm", "port", "max_in_flight", "", "REGION"] {
        assert_eq!(meant_http_key(key), None, "{key}");
    }
}

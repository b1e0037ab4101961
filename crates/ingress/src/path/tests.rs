//! What a path prefix is, what it matches, and what it costs to find out.

use proptest::prelude::*;

use super::{PathPrefix, prefixes};

fn matches(prefix: &str, path: &str) -> bool {
    let prefix: PathPrefix = prefix.parse().unwrap();
    prefix.is_root() || prefixes(path, prefix.len()).any(|part| part == prefix.0)
}

#[test]
fn a_prefix_matches_whole_segments() {
    for (prefix, path, expected) in [
        ("/", "/", true),
        ("/", "/anything/at/all", true),
        ("/api", "/api", true),
        ("/api", "/api/", true),
        ("/api", "/api/x", true),
        ("/api", "/api//x", true),
        ("/api", "/apix", false),
        ("/api", "/ap", false),
        ("/api", "/x/api", false),
        ("/api/v1", "/api/v1/x", true),
        ("/api/v1", "/api/v10", false),
        ("/api/v1", "/api", false),
        ("/api", "*", false),
        ("/", "*", true),
    ] {
        assert_eq!(matches(prefix, path), expected, "{prefix} and {path}");
    }
}

#[test]
fn nothing_is_decoded_or_resolved() {
    for (path, expected) in [
        ("/api/../admin", true),
        ("/x/../api", false),
        ("/./api", false),
        ("//api", false),
        ("/%61pi", false),
        ("/api%2fx", false),
        ("/API", false),
        ("/api;v=1", false),
    ] {
        assert_eq!(matches("/api", path), expected, "{path}");
    }
    assert!(matches("/%61pi", "/%61pi/x"));
}

#[test]
fn prefixes_are_brought_to_one_form() {
    for (written, form) in [
        ("/", "/"),
        ("/api", "/api"),
        ("/api/", "/api"),
        ("/a/b~c/%20/", "/a/b~c/%20"),
    ] {
        let prefix: PathPrefix = written.parse().unwrap();
        assert_eq!(prefix.to_string(), form, "for {written}");
    }
    assert_eq!(PathPrefix::default().as_str(), "/");
}

#[test]
fn a_text_that_is_no_prefix_is_refused_with_the_reason() {
    let long = format!("/{}", "a".repeat(256));
    for (text, why) in [
        ("", "it begins with a slash, as in `/api`"),
        ("api", "it begins with a slash, as in `/api`"),
        ("*", "it begins with a slash, as in `/api`"),
        (
            "/api?x",
            "routes look at the path alone; leave out everything from `?` or `#`",
        ),
        (
            "/a b",
            "only visible ASCII characters are allowed; write others as clients send them, as in `%C3%BC`",
        ),
        (
            "/ü",
            "only visible ASCII characters are allowed; write others as clients send them, as in `%C3%BC`",
        ),
        ("//", "a part between two slashes is empty, `.` or `..`"),
        ("/a//b", "a part between two slashes is empty, `.` or `..`"),
        (
            "/a/../b",
            "a part between two slashes is empty, `.` or `..`",
        ),
        ("/.", "a part between two slashes is empty, `.` or `..`"),
        (&long, "it has more than 256 bytes"),
    ] {
        let error = text.parse::<PathPrefix>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{text}` is not a path prefix: {why}")
        );
    }
}

#[test]
fn a_path_of_many_segments_costs_no_more_than_the_longest_route() {
    let hostile = "/".repeat(64 * 1024);
    assert!(prefixes(&hostile, 4).count() <= 4);
    assert_eq!(prefixes(&hostile, 0).count(), 0);
}

proptest! {
    #[test]
    fn a_look_up_finds_what_comparing_segments_finds(prefix in "(/[ab]{1,2}){1,3}", path in "/[ab/]{0,12}") {
        let wanted: Vec<_> = prefix.split('/').collect();
        let given: Vec<_> = path.split('/').collect();
        prop_assert_eq!(matches(&prefix, &path), given.starts_with(&wanted));
    }

    #[test]
    fn no_path_breaks_the_look_up(path in "\\PC{0,40}", longest in 0_usize..50) {
        for prefix in prefixes(&path, longest) {
            prop_assert!(path.starts_with(prefix) && prefix.len() <= longest);
        }
    }
}

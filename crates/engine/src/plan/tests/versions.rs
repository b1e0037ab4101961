//! Which version of an export serves which version of an import.

use super::shapes::{Draft, HANDLER, links};

fn linked(import: &str, export: &str) -> bool {
    let draft = Draft::new()
        .component("front", &[import], &[HANDLER])
        .component("back", &[], &[export]);
    match draft.plan() {
        Ok(valid) => {
            assert_eq!(
                links(&valid),
                [format!("front <- back: {import} = {export}")]
            );
            true
        }
        Err(refused) => {
            let text = refused.to_string();
            assert!(text.contains("`front`") && text.contains(import), "{text}");
            assert!(text.contains("`back`") && text.contains(export), "{text}");
            assert!(text.contains("the versions are not compatible"), "{text}");
            false
        }
    }
}

#[test]
fn newer_and_older_point_versions_are_compatible() {
    for (import, export) in [
        ("a:b/c@1.0.0", "a:b/c@1.0.0"),
        ("a:b/c@1.0.0", "a:b/c@1.9.3"),
        ("a:b/c@1.9.3", "a:b/c@1.0.0"),
        ("a:b/c@0.2.0", "a:b/c@0.2.11"),
        ("a:b/c@0.2.11", "a:b/c@0.2.0"),
        ("a:b/c@0.0.3", "a:b/c@0.0.3"),
        ("a:b/c", "a:b/c"),
    ] {
        assert!(linked(import, export), "{import} by {export}");
    }
}

#[test]
fn other_lines_are_not_compatible() {
    for (import, export) in [
        ("a:b/c@1.0.0", "a:b/c@2.0.0"),
        ("a:b/c@0.1.0", "a:b/c@0.2.0"),
        ("a:b/c@0.0.3", "a:b/c@0.0.4"),
        ("a:b/c@1.0.0", "a:b/c@0.9.0"),
        ("a:b/c", "a:b/c@1.0.0"),
        ("a:b/c@1.0.0", "a:b/c"),
    ] {
        assert!(!linked(import, export), "{import} by {export}");
    }
}

#[test]
fn a_pre_release_is_compatible_only_with_itself() {
    assert!(linked("a:b/c@0.2.0-rc.1", "a:b/c@0.2.0-rc.1"));
    for (import, export) in [
        ("a:b/c@0.2.0-rc.1", "a:b/c@0.2.0-rc.2"),
        ("a:b/c@0.2.0-rc.1", "a:b/c@0.2.0"),
        ("a:b/c@0.2.0", "a:b/c@0.2.0-rc.1"),
        ("a:b/c@1.0.0", "a:b/c@1.1.0-beta"),
    ] {
        assert!(!linked(import, export), "{import} by {export}");
    }
}

#[test]
fn a_handler_of_any_point_version_serves() {
    for export in [
        "wasi:http/incoming-handler@0.2.0",
        "wasi:http/incoming-handler@0.2.99",
        "wasi:http/handler@0.3.0",
        "wasi:http/handler@0.3.7",
    ] {
        Draft::new().component("front", &[], &[export]).valid();
    }
}

#[test]
fn the_host_serves_any_point_version_of_its_lines() {
    for import in [
        "wasi:io/streams@0.2.0",
        "wasi:io/streams@0.2.99",
        "wasi:clocks/system-clock@0.3.4",
        "wasi:config/store@0.2.0-rc.1",
    ] {
        Draft::new()
            .component("front", &[import], &[HANDLER])
            .valid();
    }
    for import in [
        "wasi:io/streams@0.3.0",
        "wasi:config/store@0.2.0-draft",
        "wasi:io/streams@1.0.0",
    ] {
        let draft = Draft::new().component("front", &[import], &[HANDLER]);
        assert!(
            draft.refused().contains("the host serves wasi:"),
            "{import}"
        );
    }
}

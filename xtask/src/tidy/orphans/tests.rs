//! Files that belong to a target, and files that do not.
use super::*;

fn orphans(roots: &[&str], files: &[(&str, &str)]) -> Vec<String> {
    let mut repository = Repository::of(files);
    let target =
        |path: &&str| format!(r#"{{"name":"x","kind":["lib"],"src_path":"/repo/{path}"}}"#);
    let targets: Vec<String> = roots.iter().map(target).collect();
    let targets = targets.join(",");
    let package = format!(
        r#"{{"id":"a","name":"a","manifest_path":"","dependencies":[],"targets":[{targets}]}}"#
    );
    repository.host = serde_json::from_str(&format!(
        r#"{{"packages":[{package}],"workspace_members":["a"]}}"#
    ))
    .unwrap();
    check(&repository)
        .into_iter()
        .map(|finding| finding.place)
        .collect()
}

#[test]
fn a_file_that_no_mod_declares_is_found() {
    let files = [
        (
            "crates/a/src/lib.rs",
            "mod b;\n// mod lost;\nconst S: &str = \"mod lost;\";",
        ),
        ("crates/a/src/b.rs", "#[cfg(test)]\nmod tests;"),
        ("crates/a/src/b/tests.rs", ""),
        ("crates/a/src/b/lost.rs", ""),
        ("crates/a/src/lost.rs", ""),
    ];
    assert_eq!(
        orphans(&["crates/a/src/lib.rs"], &files),
        ["crates/a/src/b/lost.rs", "crates/a/src/lost.rs"]
    );
}

#[test]
fn both_layouts_of_modules_and_modules_inside_modules_are_followed() {
    let files = [
        (
            "crates/a/src/lib.rs",
            "pub(crate) mod c { fn f() { if x {} } mod d; } mod e;",
        ),
        ("crates/a/src/c/d.rs", ""),
        ("crates/a/src/e/mod.rs", "mod f;"),
        ("crates/a/src/e/f.rs", ""),
    ];
    assert!(orphans(&["crates/a/src/lib.rs"], &files).is_empty());
}

#[test]
fn a_path_attribute_is_followed_from_the_folder_of_its_file() {
    let files = [
        (
            "guests/http/one.rs",
            "#[path = \"../shared/answer.rs\"]\nmod answer;\nmod two;",
        ),
        ("guests/shared/answer.rs", ""),
        ("guests/http/answer.rs", ""),
        ("guests/http/two.rs", ""),
    ];
    assert_eq!(
        orphans(&["guests/http/one.rs"], &files),
        ["guests/http/answer.rs"]
    );
}

#[test]
fn words_that_end_or_begin_like_mod_declare_nothing() {
    let files = [
        ("crates/a/src/lib.rs", "use a::mod_b; let xmod c; module d;"),
        ("crates/a/src/c.rs", ""),
    ];
    assert_eq!(
        orphans(&["crates/a/src/lib.rs"], &files),
        ["crates/a/src/c.rs"]
    );
}

//! What holds sources and what does not.

use std::fs;

use tempfile::TempDir;

use super::Ignored;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (file, text) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn outputs_and_leftovers_are_never_sources() {
    let folder = folder(&[]);
    let mut ignored = Ignored::new(folder.path(), Vec::new());
    let mut covers = |path: &str| ignored.covers(&folder.path().join(path), false);
    for path in [
        "target/a.rs",
        "deep/er/target/release/a.rs",
        "web/node_modules/a/index.js",
        ".git/index",
        ".wash/cache/a",
        "out.wasm",
        "src/a.rs~",
        "src/.#a.rs",
        "src/#a.rs#",
        "src/.a.rs.swp",
        "src/4913",
        "dev.log",
    ] {
        assert!(covers(path), "{path}");
    }
    for path in [
        "src/a.rs",
        ".cargo/config.toml",
        "target.rs",
        "distance/a",
        "Cargo.lock",
        ".gitignore",
        "wit/a.wit",
    ] {
        assert!(!covers(path), "{path}");
    }
}

#[test]
fn what_git_ignores_is_ignored_and_the_nearest_rule_wins() {
    let folder = folder(&[
        (".git/HEAD", ""),
        (".gitignore", "*.gen\n/only-here\n"),
        ("project/.gitignore", "!keep.gen\nlocal/\n"),
    ]);
    let root = folder.path().join("project");
    let mut ignored = Ignored::new(&root, Vec::new());
    let mut covers = |path: &str| ignored.covers(&root.join(path), false);
    assert!(
        covers("src/a.gen"),
        "a rule of the repository above the project"
    );
    assert!(!covers("src/keep.gen"), "an exception in the project");
    assert!(covers("local/deep/a.rs"));
    assert!(!covers("only-here"), "a rule for another folder");
}

#[test]
fn rules_are_read_again_when_told() {
    let folder = folder(&[(".gitignore", "")]);
    let file = folder.path().join("a.gen");
    let mut ignored = Ignored::new(folder.path(), Vec::new());
    assert!(!ignored.covers(&file, false));
    fs::write(folder.path().join(".gitignore"), "*.gen\n").unwrap();
    ignored.read_again(folder.path());
    assert!(ignored.covers(&file, false));
}

#[test]
fn folders_that_are_left_out_hold_no_sources() {
    let folder = folder(&[]);
    let mut ignored = Ignored::new(folder.path(), vec![folder.path().join("data")]);
    assert!(ignored.covers(&folder.path().join("data/a/b"), false));
    assert!(!ignored.covers(&folder.path().join("database"), false));
    ignored.leave_out(Vec::new());
    assert!(!ignored.covers(&folder.path().join("data/a/b"), false));
}

#[test]
fn what_is_outside_the_project_holds_no_sources() {
    let folder = folder(&[]);
    let mut ignored = Ignored::new(&folder.path().join("project"), Vec::new());
    assert!(ignored.covers(&folder.path().join("other/a.rs"), false));
}

//! Where components are looked for, and what is said when there is none or more than one.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Stamp, locate, wanted};
use crate::dev::project::Opened;

fn open(folder: &TempDir, project_file: &str, files: &[&str]) -> Opened {
    fs::write(folder.path().join("weft.yaml"), project_file).unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    Opened::find(folder.path()).unwrap()
}

fn located(project_file: &str, files: &[&str]) -> Result<String, String> {
    let folder = TempDir::new().unwrap();
    let opened = open(&folder, project_file, files);
    match locate(&opened) {
        Ok(path) => Ok(opened.shown(&path).to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_path_for_development_comes_before_that_of_the_build() {
    let both = "build: {component_path: a.wasm}\ndev: {component_path: b.wasm}\n";
    assert_eq!(
        located(both, &["a.wasm", "b.wasm"]),
        Ok("b.wasm".to_owned())
    );
    let one = "build: {component_path: a.wasm}\n";
    assert_eq!(located(one, &["a.wasm", "b.wasm"]), Ok("a.wasm".to_owned()));
}

#[test]
fn a_path_that_names_nothing_blames_the_key_and_the_command() {
    let text = "build: {command: make it, component_path: a.wasm}\n";
    let error = located(text, &["target/wasm32-wasip2/release/b.wasm"]).unwrap_err();
    assert_eq!(
        error,
        "there is no component at `a.wasm`: `build.component_path` names it, so `make it` should have made it; \
         correct one of the two"
    );
}

#[test]
fn a_release_comes_before_a_debug_build() {
    let files = [
        "target/wasm32-wasip2/debug/a.wasm",
        "target/wasm32-wasip2/release/a.wasm",
    ];
    assert_eq!(
        located("", &files),
        Ok("target/wasm32-wasip2/release/a.wasm".to_owned())
    );
    assert_eq!(
        located("", &files[..1]),
        Ok("target/wasm32-wasip2/debug/a.wasm".to_owned())
    );
}

#[test]
fn several_components_are_listed() {
    let error = located("", &["dist/b.wasm", "dist/a.wasm"]).unwrap_err();
    assert_eq!(
        error,
        "there are several components; name one with `build.component_path`:\n  - dist/a.wasm\n  - dist/b.wasm"
    );
}

#[test]
fn nothing_at_all_says_how_to_make_one() {
    let error = located("", &["a.txt"]).unwrap_err();
    assert!(
        error.contains("`build.command`") && error.contains("`build.component_path`"),
        "{error}"
    );
}

#[test]
fn without_a_path_the_build_is_asked_for_the_folder_name() {
    let folder = TempDir::with_prefix("hello").unwrap();
    let opened = open(&folder, "", &[]);
    let name = opened.folder.file_name().unwrap().to_str().unwrap();
    assert_eq!(wanted(&opened), opened.folder.join(format!("{name}.wasm")));
    fs::write(wanted(&opened), "").unwrap();
    assert_eq!(locate(&opened).unwrap(), wanted(&opened));
}

#[test]
fn a_stamp_tells_whether_a_file_was_written() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.wasm");
    assert_eq!(Stamp::of(&file), None);
    fs::write(&file, "one").unwrap();
    let before = Stamp::of(&file);
    assert_eq!(Stamp::of(Path::new(&file)), before);
    fs::write(&file, "another").unwrap();
    assert_ne!(Stamp::of(&file), before);
}

//! Finding project files in real folders.

use std::fs;

use super::*;

fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".wash")).unwrap();
    for file in files {
        fs::write(folder.path().join(file), "").unwrap();
    }
    folder
}

#[test]
fn a_folder_without_a_project_file_has_none() {
    assert_eq!(
        find(folder(&["config.yaml", ".wash/other.yaml"]).path()),
        None
    );
    assert_eq!(find(&folder(&[]).path().join("missing")), None);
}

#[test]
fn each_place_is_found_with_its_format() {
    for (place, format) in [
        ("weft.yaml", Format::Yaml),
        (".wash/config.yaml", Format::Yaml),
        (".wash/config.yml", Format::Yaml),
        (".wash/config.json", Format::Json),
        (".wash/config.toml", Format::Toml),
    ] {
        let folder = folder(&[place]);
        let found = find(folder.path()).unwrap();
        assert_eq!(found.file, folder.path().join(place));
        assert_eq!(
            (found.folder.as_path(), found.format),
            (folder.path(), format)
        );
        assert!(found.shadowed.is_empty());
    }
}

#[test]
fn the_own_name_comes_first_and_the_others_are_told() {
    let folder = folder(&[".wash/config.toml", ".wash/config.yaml", "weft.yaml"]);
    let found = find(folder.path()).unwrap();
    assert_eq!(found.file, folder.path().join("weft.yaml"));
    let shadowed =
        [".wash/config.yaml", ".wash/config.toml"].map(|place| folder.path().join(place));
    assert_eq!(found.shadowed, shadowed);
}

#[test]
fn a_folder_of_that_name_is_no_file() {
    let folder = folder(&[]);
    fs::create_dir(folder.path().join("weft.yaml")).unwrap();
    assert_eq!(find(folder.path()), None);
}

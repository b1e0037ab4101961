//! Which files are different from before.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::Tree;

struct Files {
    folder: TempDir,
    tree: Tree,
}

impl Files {
    fn new(files: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let tree = Tree::new(folder.path(), Vec::new());
        let mut files_of = Self { folder, tree };
        for file in files {
            files_of.write(file, "1");
        }
        files_of.look_at("");
        files_of
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), text).unwrap();
    }

    fn look_at(&mut self, path: &str) -> Vec<String> {
        let root = self.folder.path().to_owned();
        let path = if path.is_empty() {
            root.clone()
        } else {
            root.join(path)
        };
        let different = self.tree.look_at(&path, &mut |_: &Path| {});
        different
            .iter()
            .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
            .collect()
    }
}

#[test]
fn a_file_is_different_once_when_its_content_is() {
    let mut files = Files::new(&["a", "b"]);
    files.write("a", "1");
    assert!(files.look_at("a").is_empty(), "the same again");
    files.write("a", "2");
    assert_eq!(files.look_at("a"), ["a"]);
    assert!(files.look_at("a").is_empty());
}

#[test]
fn new_and_removed_files_are_different() {
    let mut files = Files::new(&["a"]);
    files.write("new/deep/b", "1");
    assert_eq!(files.look_at("new"), ["new/deep/b"]);
    fs::remove_file(files.path("a")).unwrap();
    assert_eq!(files.look_at("a"), ["a"]);
}

#[test]
fn a_folder_that_was_moved_away_takes_its_files_along() {
    let mut files = Files::new(&["src/a", "src/deep/b", "srcs"]);
    fs::rename(files.path("src"), files.path("target")).unwrap();
    assert_eq!(files.look_at("src"), ["src/a", "src/deep/b"]);
}

#[test]
fn looking_at_everything_finds_what_was_missed() {
    let mut files = Files::new(&["a", "src/b", "src/c"]);
    files.write("src/b", "2");
    fs::remove_file(files.path("src/c")).unwrap();
    files.write("d", "1");
    assert_eq!(files.look_at(""), ["d", "src/b", "src/c"]);
}

#[test]
fn every_folder_is_reported_before_its_files_are_read_but_not_ignored_ones() {
    let mut files = Files::new(&["src/deep/a", "target/b", ".git/c"]);
    let mut found = Vec::new();
    let root = files.folder.path().to_owned();
    files
        .tree
        .look_at(&root, &mut |folder: &Path| found.push(folder.to_owned()));
    assert_eq!(
        found,
        [root.clone(), root.join("src"), root.join("src/deep")]
    );
}

#[test]
fn a_saved_gitignore_counts_from_then_on() {
    let mut files = Files::new(&["a"]);
    assert!(files.tree.holds(&files.path("a.gen")));
    files.write(".gitignore", "*.gen\n");
    assert_eq!(files.look_at(".gitignore"), [".gitignore"]);
    let path = files.path("a.gen");
    assert!(!files.tree.holds(&path));
}

#[test]
fn links_to_folders_are_not_followed() {
    let mut files = Files::new(&["src/a"]);
    std::os::unix::fs::symlink("..", files.path("src/up")).unwrap();
    assert!(files.look_at("").is_empty());
}

#[test]
fn a_large_file_is_told_apart_by_its_size() {
    let mut files = Files::new(&[]);
    files.write("large", &"x".repeat(2 << 20));
    assert_eq!(files.look_at("large"), ["large"]);
    files.write("large", &"x".repeat(3 << 20));
    assert_eq!(files.look_at("large"), ["large"]);
}

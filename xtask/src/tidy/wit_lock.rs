//! The vendored WIT packages are what `wit/lock.toml` says: a digest per file, so that no edit slips in unseen.

use super::Finding;
use super::repository::Repository;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const LOCK: &str = "wit/lock.toml";
const TO_DO: &str = "undo the edit, or if it is meant, run `cargo xtask tidy --lock-wit` and say why in wit/README.md";
const HEADER: &str = "# The BLAKE3 digest of every vendored WIT file. `cargo xtask tidy --lock-wit` writes it anew.\n";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    files: BTreeMap<String, String>,
}

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let actual = digests(repository);
    let Some(file) = repository.files.get(LOCK) else {
        let to_do = "run `cargo xtask tidy --lock-wit`";
        return if actual.is_empty() {
            Vec::new()
        } else {
            vec![Finding::in_file(LOCK, "the file is missing", to_do)]
        };
    };
    let locked: BTreeMap<String, String> = match toml::from_str::<Lock>(&file.text) {
        Ok(lock) => lock.files,
        Err(error) => return vec![Finding::in_file(LOCK, error.message(), TO_DO)],
    };
    let mut findings = Vec::new();
    for (name, digest) in &actual {
        let what = match locked.get(name) {
            Some(known) if known == digest => continue,
            Some(_) => "the file is not the one that the lock names",
            None => "the file is not in the lock",
        };
        findings.push(Finding::in_file(&format!("wit/{name}"), what, TO_DO));
    }
    let gone = locked.keys().filter(|name| !actual.contains_key(*name));
    findings.extend(
        gone.map(|name| Finding::in_file(LOCK, format!("wit/{name} does not exist"), TO_DO)),
    );
    findings
}

/// Writes the lock for the files as they are.
pub(super) fn write(root: &Path) -> Result<()> {
    let lock = Lock {
        files: digests(&Repository::open(root)?),
    };
    let text = format!("{HEADER}{}", toml::to_string(&lock)?);
    fs::write(root.join(LOCK), text).with_context(|| format!("cannot write {LOCK}"))
}

/// The digests of all WIT files, by path below `wit/`.
fn digests(repository: &Repository) -> BTreeMap<String, String> {
    let files = repository
        .under("wit/")
        .filter(|(path, _)| path.ends_with(".wit"));
    let digest = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    files
        .map(|(path, file)| {
            (
                path.trim_start_matches("wit/").to_owned(),
                digest(&file.bytes),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&Repository::of(files))
            .iter()
            .map(Finding::to_string)
            .collect()
    }

    fn lock(names: &[(&str, &str)]) -> String {
        let files = names.iter().map(|(name, text)| {
            (
                (*name).to_owned(),
                blake3::hash(text.as_bytes()).to_hex().to_string(),
            )
        });
        toml::to_string(&Lock {
            files: files.collect(),
        })
        .unwrap()
    }

    #[test]
    fn files_like_their_lock_are_tidy() {
        let lock = lock(&[("a/a.wit", "package a;")]);
        assert!(
            found(&[
                ("wit/a/a.wit", "package a;"),
                (LOCK, &lock),
                ("wit/README.md", "")
            ])
            .is_empty()
        );
        assert!(
            found(&[]).is_empty(),
            "a repository without WIT needs no lock"
        );
    }

    #[test]
    fn an_edited_a_new_and_a_deleted_file_are_found() {
        let lock = lock(&[("a.wit", "one"), ("gone.wit", "")]);
        let found = found(&[("wit/a.wit", "two"), ("wit/new.wit", ""), (LOCK, &lock)]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(
            found[0].starts_with("wit/a.wit: the file is not the one that the lock names"),
            "{found:?}"
        );
        assert!(
            found[1].starts_with("wit/new.wit: the file is not in the lock"),
            "{found:?}"
        );
        assert!(
            found[2].starts_with("wit/lock.toml: wit/gone.wit does not exist"),
            "{found:?}"
        );
    }

    #[test]
    fn a_missing_or_broken_lock_is_found() {
        assert!(found(&[("wit/a.wit", "")])[0].starts_with("wit/lock.toml: the file is missing"));
        assert_eq!(found(&[("wit/a.wit", ""), (LOCK, "files = 3")]).len(), 1);
    }
}

//! The repository as the checks see it: every file of ours, lexed if it is Rust, and what cargo says.

use super::lex::{Lexed, lex};
use crate::metadata::{self, Metadata};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Folders that hold nothing of ours, by name.
const FOREIGN: [&str; 5] = ["target", "node_modules", "dist", ".git", "book"];

/// Everything that checks read.
#[derive(Default)]
pub(crate) struct Repository {
    /// By path from the root, with `/`.
    pub(crate) files: BTreeMap<String, File>,
    /// The root workspace with its whole graph.
    pub(crate) host: Metadata,
    /// The packages of `guests/`, of each Rust example and of what benchmarks compare with.
    pub(crate) others: Vec<Metadata>,
    /// The root as cargo writes it in front of paths.
    pub(crate) root: String,
}

/// One file. Files that are not text have an empty text.
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: String,
    pub(crate) lexed: Lexed,
}

impl Repository {
    /// Reads the repository in `root`.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let mut repository = Self {
            root: root.display().to_string(),
            ..Self::default()
        };
        repository.read_folder(root, "")?;
        repository.host = metadata::graph(root)?;
        let manifests = repository.files.keys().filter(|path| {
            let folder = path.strip_suffix("/Cargo.toml").unwrap_or_default();
            folder == "guests"
                || ["examples/", "xtask/peers/"].iter().any(|parent| {
                    folder
                        .strip_prefix(parent)
                        .is_some_and(|name| !name.contains('/'))
                })
        });
        let others: Result<Vec<Metadata>> = manifests
            .map(|path| {
                metadata::packages(
                    root.join(path)
                        .parent()
                        .context("a manifest lies in a folder")?,
                )
            })
            .collect();
        repository.others = others?;
        Ok(repository)
    }

    /// Rust sources with their paths.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &File)> {
        self.under("").filter(|(path, _)| path.ends_with(".rs"))
    }

    /// All files whose paths start with `prefix`.
    pub(crate) fn under<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a File)> {
        let files = self
            .files
            .iter()
            .filter(move |(path, _)| path.starts_with(prefix));
        files.map(|(path, file)| (path.as_str(), file))
    }

    /// Rust sources that cargo runs as tests or benchmarks of the host.
    pub(crate) fn host_tests(&self) -> impl Iterator<Item = (&str, &File)> {
        self.rust().filter(|(path, _)| {
            let mut parts = path.split('/');
            let first = parts.next();
            first == Some("tests")
                || first == Some("crates") && parts.any(|part| part == "tests" || part == "benches")
        })
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, path: &str, bytes: Vec<u8>) {
        let text = String::from_utf8(bytes.clone()).unwrap_or_default(); // pictures have no text to check
        let lexed = if path.ends_with(".rs") {
            lex(&text)
        } else {
            Lexed::default()
        };
        self.files
            .insert(path.to_owned(), File { bytes, text, lexed });
    }

    /// A repository with these files alone.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut repository = Self {
            root: "/repo".to_owned(),
            ..Self::default()
        };
        files
            .iter()
            .for_each(|(path, text)| repository.add(path, text.as_bytes().to_vec()));
        repository
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for entry in
            fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
        {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            if kind.is_dir() && !FOREIGN.contains(&name.as_str()) {
                self.read_folder(&entry.path(), &format!("{prefix}{name}/"))?;
            } else if kind.is_file() {
                let bytes = fs::read(entry.path())
                    .with_context(|| format!("cannot read {prefix}{name}"))?;
                self.add(&format!("{prefix}{name}"), bytes);
            }
        }
        Ok(())
    }
}

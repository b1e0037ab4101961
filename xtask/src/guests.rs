//! `cargo xtask guests`: compiles the test guests and the examples and lays the components where tests and the demo
//! look for them: `target/guests/<guest>.wasm` and `target/guests/examples/<component>.wasm`.

mod rust;
mod typescript;

use crate::setup::{self, GuestCompiler};
use crate::step::Steps;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    setup: setup::Args,
    /// Build one folder only: the name of an example, or `guests`
    #[arg(long, value_name = "FOLDER")]
    only: Option<String>,
}

/// Sets up what is missing, then builds the components.
pub(crate) fn run(steps: &mut Steps, args: &Args) -> Result<()> {
    let Some(only) = &args.only else {
        let compiler = setup::run(steps, &args.setup)?;
        return build(steps, &compiler, args.setup.only_rust);
    };
    let Some(source) = sources()
        .into_iter()
        .find(|source| workspace::name(&source.folder) == *only)
    else {
        let names: Vec<String> = sources()
            .iter()
            .map(|source| workspace::name(&source.folder))
            .collect();
        bail!(
            "there is no folder of guests `{only}`; there are: {}",
            names.join(", ")
        );
    };
    let mut setup = args.setup;
    setup.only_rust |= source.language == Language::Rust;
    let compiler = setup::run(steps, &setup)?;
    source.build(steps, &compiler)
}

/// Builds all components; those that have not changed keep their files untouched.
pub(crate) fn build(steps: &mut Steps, compiler: &GuestCompiler, only_rust: bool) -> Result<()> {
    steps.run("components", "", |steps| {
        let wanted = sources()
            .into_iter()
            .filter(|source| !only_rust || source.language == Language::Rust);
        wanted
            .into_iter()
            .try_for_each(|source| source.build(steps, compiler))
    })
}

#[derive(PartialEq, Eq)]
enum Language {
    Rust,
    TypeScript,
}

/// A folder with the sources of one or more components.
struct Source {
    language: Language,
    folder: PathBuf,
    /// Where its components go.
    finished: PathBuf,
}

impl Source {
    fn of(folder: PathBuf, finished: PathBuf) -> Option<Self> {
        let language = match () {
            () if folder.join("Cargo.toml").is_file() => Language::Rust,
            () if folder.join("package.json").is_file() => Language::TypeScript,
            () => return None,
        };
        Some(Self {
            language,
            folder,
            finished,
        })
    }

    fn build(&self, steps: &mut Steps, compiler: &GuestCompiler) -> Result<()> {
        match self.language {
            Language::Rust => rust::build(steps, compiler, &self.folder, &self.finished),
            Language::TypeScript => typescript::build(steps, &self.folder, &self.finished),
        }
    }
}

/// The test guests, then the examples.
fn sources() -> Vec<Source> {
    let guests = Source::of(workspace::root().join("guests"), workspace::components());
    let finished = workspace::components().join("examples");
    // One without a manifest is a library that others are built with.
    let examples = workspace::examples()
        .into_iter()
        .filter(|folder| folder.join("manifest.yaml").is_file())
        .filter_map(|folder| Source::of(folder, finished.clone()));
    guests.into_iter().chain(examples).collect()
}

/// Copies `from` to `to` unless they are the same; a reader of `to` sees the old file or the new one, whole.
fn copy_if_different(from: &Path, to: &Path) -> Result<bool> {
    let new = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(to).is_ok_and(|old| old == new) {
        return Ok(false);
    }
    let folder = to.parent().context("a component needs a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let partial = to.with_extension(format!("{}.partial", std::process::id()));
    fs::write(&partial, new)?;
    fs::rename(&partial, to).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unchanged_component_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (
            folder.path().join("a.wasm"),
            folder.path().join("out/a.wasm"),
        );
        fs::write(&from, "one").unwrap();
        assert!(copy_if_different(&from, &to).unwrap());
        assert!(!copy_if_different(&from, &to).unwrap());
        fs::write(&from, "two").unwrap();
        assert!(copy_if_different(&from, &to).unwrap());
        assert_eq!(fs::read_to_string(&to).unwrap(), "two");
        assert_eq!(
            fs::read_dir(to.parent().unwrap()).unwrap().count(),
            1,
            "no partial file is left"
        );
    }
}

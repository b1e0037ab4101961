//! Rust guests: one call of cargo for a workspace; cargo tells which files came out.

use super::copy_if_different;
use crate::metadata;
use crate::setup::{GuestCompiler, with_c_compiler};
use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Builds the cargo workspace or package in `source` and lays its components in `finished`.
pub(crate) fn build(
    steps: &mut Steps,
    compiler: &GuestCompiler,
    source: &Path,
    finished: &Path,
) -> Result<()> {
    let name = workspace::name(source);
    let advice = "the compiler's messages are above; guests are built with the release profile for wasm32-wasip2";
    steps.run(&format!("{name} (Rust)"), advice, |steps| {
        let mut components = Vec::new();
        let examples: &[&[&str]] = if has_examples(source)? {
            &[&["--examples"]]
        } else {
            &[]
        };
        for targets in [&[][..]].iter().chain(examples) {
            let messages = compile(compiler, source, targets)?;
            components.extend(self::components(&messages, source)?);
        }
        if components.is_empty() {
            bail!(
                "{} makes no component: a guest is a binary or a cdylib",
                source.display()
            );
        }
        let mut changed = 0;
        for (component, file) in &components {
            changed += usize::from(copy_if_different(
                file,
                &finished.join(format!("{component}.wasm")),
            )?);
        }
        steps.say(format_args!(
            "components: {}, of them new or changed: {changed}",
            components.len()
        ));
        Ok(())
    })
}

/// Whether a package in `source` has examples; cargo warns when it is asked for them and there are none.
fn has_examples(source: &Path) -> Result<bool> {
    let packages = metadata::packages(source)?.packages;
    let targets = packages.iter().flat_map(|package| &package.targets);
    Ok(targets
        .flat_map(|target| &target.kind)
        .any(|kind| kind == "example"))
}

/// Compiles the default targets, or those that `targets` selects; answers cargo's messages.
fn compile(compiler: &GuestCompiler, source: &Path, targets: &[&str]) -> Result<String> {
    let mut cargo = Sh::clean_cargo(source).args([
        "build",
        "--release",
        "--target",
        "wasm32-wasip2",
        "--workspace",
    ]);
    cargo = cargo
        .args(["--message-format", "json-render-diagnostics"])
        .args(targets);
    if std::env::var_os("CI").is_some() {
        cargo = cargo.arg("--locked");
    }
    let cargo = with_c_compiler(cargo);
    compiler
        .apply(cargo.env("CARGO_TARGET_DIR", workspace::root().join("target/wasm")))?
        .read_loud()
}

/// The part of cargo's messages that tells of finished files.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Name and file of every component that cargo made from a package under `source`.
fn components(messages: &str, source: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        let message: Message =
            serde_json::from_str(line).with_context(|| format!("cargo said: {line}"))?;
        let Some(target) = message
            .target
            .filter(|_| message.reason == "compiler-artifact")
        else {
            continue;
        };
        if !message.manifest_path.starts_with(source) {
            continue;
        }
        let Some(file) = message
            .filenames
            .into_iter()
            .find(|file| file.extension().is_some_and(|end| end == "wasm"))
        else {
            continue;
        };
        match target.kind.first().map(String::as_str) {
            Some("bin" | "example") => found.push((target.name, file)),
            // Cargo gives a library's name with underscores; people know it by the package's name.
            Some("cdylib" | "lib") => found.push((package_name(&message.manifest_path)?, file)),
            _ => {}
        }
    }
    Ok(found)
}

fn package_name(manifest: &Path) -> Result<String> {
    let text = fs::read_to_string(manifest)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    let manifest = text
        .parse::<toml::Table>()
        .with_context(|| format!("{} is not TOML", manifest.display()))?;
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(toml::Value::as_str);
    name.map(str::to_owned).context("a package without a name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(manifest: &Path, kind: &str, name: &str, file: &str) -> String {
        let manifest = manifest.display();
        format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"{manifest}","target":{{"name":"{name}","kind":["{kind}"]}},"filenames":["/t/{file}"]}}"#
        )
    }

    #[test]
    fn binaries_cdylibs_and_examples_of_the_workspace_are_components_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        fs::write(&manifest, "[package]\nname = \"counter-store\"\n").unwrap();
        let foreign = Path::new("/registry/x/Cargo.toml");
        let messages = [
            artifact(&manifest, "bin", "cli_echo", "cli_echo.wasm"),
            artifact(
                &manifest,
                "example",
                "http_kitchen",
                "examples/http_kitchen.wasm",
            ),
            artifact(&manifest, "cdylib", "counter_store", "counter_store.wasm"),
            artifact(&manifest, "lib", "shared", "libshared.rlib"),
            artifact(foreign, "cdylib", "foreign", "foreign.wasm"),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let found = components(&messages.join("\n"), folder.path()).unwrap();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["cli_echo", "http_kitchen", "counter-store"]);
    }

    #[test]
    fn a_message_that_is_not_cargos_is_an_error_that_shows_it() {
        let error = components("{\"reason\": 7}", Path::new("/g"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("cargo said: {\"reason\": 7}"), "{error}");
    }
}

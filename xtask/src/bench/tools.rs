//! What benchmarks compare with and press with: two programs from the registry, built once into target/tools.

use super::shown;
use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// A program that `cargo install` gets.
pub(crate) struct Tool {
    package: &'static str,
    program: &'static str,
    pub(crate) version: &'static str,
    /// Features instead of the default ones; none = those. What is measured needs no more, and without the rest it
    /// builds in a fraction of the time.
    features: &'static [&'static str],
}

/// The peer, of the version that weft is built with. Left out are most other commands, other WASI interfaces and
/// debugging; nothing of that is on the way of a request. (`serve` does not compile without `run`.)
pub(crate) const WASMTIME: Tool = Tool {
    package: "wasmtime-cli",
    program: "wasmtime",
    version: "48.0.8",
    features: &[
        "run",
        "serve",
        "cranelift",
        "parallel-compilation",
        "pooling-allocator",
        "component-model-async",
        "addr2line",
        "demangle",
    ],
};

/// The load generator. (It does not compile without TLS.)
pub(crate) const OHA: Tool = Tool {
    package: "oha",
    program: "oha",
    version: "1.16.0",
    features: &[],
};

impl Tool {
    /// The program, which is installed if it is not there in this version.
    pub(crate) fn prepare(&self, steps: &mut Steps) -> Result<PathBuf> {
        let release = Release::of_workspace()?;
        let program = release.tools().join("bin").join(self.program);
        if self.is_there(&program) {
            return Ok(program);
        }
        let title = format!("install {}, once", self.title());
        let advice =
            "cargo's messages are above; it needs the registry that cargo is configured for";
        steps.run(&title, advice, |steps| {
            steps.say(format_args!(
                "compiling it takes minutes; later runs find it in {}",
                shown(&program)
            ));
            self.install(&release)
        })?;
        if self.is_there(&program) {
            Ok(program)
        } else {
            bail!(
                "{} is not {} {}",
                shown(&program),
                self.program,
                self.version
            )
        }
    }

    /// Name and version, for people.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.package, self.version)
    }

    fn is_there(&self, program: &PathBuf) -> bool {
        Sh::new(program)
            .arg("--version")
            .read()
            .is_ok_and(|said| said.split_whitespace().nth(1) == Some(self.version))
    }

    fn install(&self, release: &Release) -> Result<()> {
        let root = workspace::root();
        let cargo = Sh::clean_cargo(&root)
            .args(["install", self.package, "--version", self.version])
            .args(["--locked", "--force"])
            .args((!self.features.is_empty()).then_some("--no-default-features"))
            .args(["--features", &self.features.join(",")])
            .arg("--root")
            .arg(release.tools());
        cargo
            .env("CARGO_TARGET_DIR", root.join("target/tools-build"))
            .env("CARGO_PROFILE_RELEASE_LTO", &release.lto)
            .env(
                "CARGO_PROFILE_RELEASE_CODEGEN_UNITS",
                &release.codegen_units,
            )
            .run()
    }
}

/// How weft's release is optimised. Tools are built the same way, so that no difference comes from there.
struct Release {
    lto: String,
    codegen_units: String,
}

impl Release {
    fn of_workspace() -> Result<Self> {
        let file = workspace::root().join("Cargo.toml");
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", shown(&file)))?;
        Self::read(&text)
            .context("Cargo.toml has no `[profile.release]` with lto and codegen-units")
    }

    /// Where tools are that were built this way: others are not taken for them.
    fn tools(&self) -> PathBuf {
        let built = format!("lto-{}-units-{}", self.lto, self.codegen_units);
        workspace::root().join("target/tools").join(built)
    }

    fn read(manifest: &str) -> Option<Self> {
        let manifest: toml::Table = manifest.parse().ok()?;
        let release = manifest.get("profile")?.get("release")?;
        Some(Self {
            lto: release.get("lto")?.as_str()?.to_owned(),
            codegen_units: release.get("codegen-units")?.as_integer()?.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_built_as_the_release_is() {
        let manifest = "[profile.release]\nlto = \"thin\"\ncodegen-units = 4\n";
        let release = Release::read(manifest).unwrap();
        assert_eq!(
            (release.lto, release.codegen_units),
            ("thin".into(), "4".into())
        );
        assert!(Release::read("[profile.dev]\n").is_none());
        Release::of_workspace().unwrap();
    }

    #[test]
    fn the_peer_has_the_version_that_weft_is_built_with() {
        let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock")).unwrap();
        let pinned = format!("name = \"wasmtime\"\nversion = \"{}\"\n", WASMTIME.version);
        assert!(
            lock.contains(&pinned),
            "WASMTIME in tools.rs is of another version"
        );
    }

    #[test]
    fn a_program_of_another_version_is_not_taken() {
        let tool = Tool {
            program: "echo",
            version: "0.0.0",
            ..OHA
        };
        assert!(!tool.is_there(&PathBuf::from("echo")));
        assert!(!tool.is_there(&PathBuf::from("/nowhere/echo")));
    }
}

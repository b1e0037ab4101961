//! The compiler for guests (`wasm32-wasip2`): the toolchain's own target, else rustup's download of it, else a
//! private compiler from Debian's archive for machines that reach package mirrors but not rustup's servers.

use super::debian_prefix;
use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::{Context, Result, anyhow};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The target that every guest is compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// A download of 25 MB that is slower than this is given up for the next way.
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// How guests are compiled on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GuestCompiler {
    /// The pinned toolchain has the target.
    Toolchain,
    /// Another rustc, with the linkers of the pinned toolchain.
    Private { rustc: PathBuf, linkers: PathBuf },
}

impl GuestCompiler {
    /// Makes `cargo` build guests with this compiler.
    pub(crate) fn apply(&self, cargo: Sh) -> Result<Sh> {
        let Self::Private { rustc, linkers } = self else {
            return Ok(cargo);
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [linkers.clone(), linkers.join("gcc-ld")]
            .into_iter()
            .chain(std::env::split_paths(&path));
        let path: OsString =
            std::env::join_paths(folders).context("a folder in PATH has a colon in its name")?;
        let linker = linkers.join("wasm-component-ld");
        Ok(cargo
            .env("RUSTC", rustc)
            .env("CARGO_TARGET_WASM32_WASIP2_LINKER", linker)
            .env("PATH", path))
    }
}

/// Finds or gets the compiler.
pub(crate) fn prepare(steps: &mut Steps, private: bool) -> Result<GuestCompiler> {
    let advice = "where rustup has network: `rustup target add wasm32-wasip2` in this folder; without rustup: \
                  your distribution's Rust (1.95 or newer) with its standard library for wasm32-wasip2";
    steps.run("compiler for wasm32-wasip2", advice, |steps| {
        let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?.trim());
        if !private && has_target(&sysroot) {
            steps.say(format_args!(
                "the toolchain in {} has it",
                sysroot.display()
            ));
            return Ok(GuestCompiler::Toolchain);
        }
        if let Some(rustc) = debian_prefix::existing()? {
            steps.say(format_args!(
                "using the private compiler {}",
                rustc.display()
            ));
            return private_compiler(&sysroot, rustc);
        }
        if !private && add_with_rustup(steps) && has_target(&sysroot) {
            return Ok(GuestCompiler::Toolchain);
        }
        let rustc = debian_prefix::make(steps)?;
        private_compiler(&sysroot, rustc)
    })
}

/// Whether the standard library for guests lies in `sysroot`.
fn has_target(sysroot: &Path) -> bool {
    let Ok(entries) = sysroot
        .join("lib/rustlib")
        .join(TARGET)
        .join("lib")
        .read_dir()
    else {
        return false;
    };
    entries.flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

fn add_with_rustup(steps: &Steps) -> bool {
    let rustup = Sh::new("rustup")
        .args(["target", "add", TARGET])
        .dir(&workspace::root());
    match rustup
        .env("RUSTUP_MAX_RETRIES", "0")
        .run_within(RUSTUP_LIMIT)
    {
        Ok(()) => true,
        Err(error) => {
            steps.say(format_args!("{error:#}; trying another way"));
            false
        }
    }
}

fn private_compiler(sysroot: &Path, rustc: PathBuf) -> Result<GuestCompiler> {
    let linkers = sysroot.join("lib/rustlib").join(host()?).join("bin");
    let linker = linkers.join("wasm-component-ld");
    if linker.is_file() {
        return Ok(GuestCompiler::Private { rustc, linkers });
    }
    Err(anyhow!(
        "{} is missing: the Rust toolchain is not one from rustup",
        linker.display()
    ))
}

fn host() -> Result<String> {
    let version = rustc(&["-vV"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names no host")
}

fn rustc(args: &[&str]) -> Result<String> {
    Sh::new("rustc").args(args).dir(&workspace::root()).read()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_target_folder_without_the_standard_library_is_not_a_target() {
        let sysroot = tempfile::tempdir().unwrap();
        let lib = sysroot.path().join("lib/rustlib/wasm32-wasip2/lib");
        assert!(!has_target(sysroot.path()));
        fs::create_dir_all(lib.join("self-contained")).unwrap();
        assert!(!has_target(sysroot.path()));
        fs::write(lib.join("libstd-0123456789abcdef.rlib"), "").unwrap();
        assert!(has_target(sysroot.path()));
    }

    #[test]
    fn a_toolchain_without_the_component_linker_is_refused_by_the_linkers_path() {
        let sysroot = tempfile::tempdir().unwrap();
        let error = private_compiler(sysroot.path(), PathBuf::from("rustc"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("bin/wasm-component-ld is missing"),
            "{error}"
        );
    }
}

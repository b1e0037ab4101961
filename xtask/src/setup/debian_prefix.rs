//! A private compiler for guests, unpacked from Debian's newest suite into the person's cache folder. Clones share
//! it. It is complete when its stamp is there: the stamp is written last, and the whole folder is made beside its
//! place and renamed, under a lock.

use super::apt::Apt;
use crate::sh::Sh;
use crate::step::Steps;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const SUITE: &str = "sid";
const PACKAGES: [&str; 2] = ["rustc", "libstd-rust-dev-wasm32"];
/// Changes when what we unpack or write changes, so that prefixes of older clones are left alone.
const LAYOUT: u32 = 1;
const STAMP: &str = "complete";
const WRAPPER: &str = "rustc-for-guests";

/// The compiler of an earlier run, if it is complete.
pub(crate) fn existing() -> Result<Option<PathBuf>> {
    Ok(complete(&place()?))
}

/// Makes the prefix, or waits for another process that is making it, and answers its compiler.
pub(crate) fn make(steps: &mut Steps) -> Result<PathBuf> {
    for tool in ["apt-get", "dpkg"] {
        if Sh::new(tool).arg("--version").read().is_err() {
            bail!("this system has no {tool}, and rustup could not get the target");
        }
    }
    let title = "private compiler from Debian (260 MB to download, 830 MB on disk)";
    let advice = "check that this machine reaches a Debian mirror, then run this again";
    steps.run(title, advice, |steps| {
        let place = place()?;
        let parent = place.parent().context("the cache folder has no parent")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        let lock = File::create(place.with_extension("lock"))?;
        lock.lock().context("cannot lock the cache folder")?;
        if let Some(rustc) = complete(&place) {
            return Ok(rustc); // made by the process that we waited for
        }
        build(steps, &place)
    })
}

/// Where the prefix belongs, by everything that makes one differ from another.
fn place() -> Result<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(
            std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?,
        )
        .join(".cache"),
    };
    let name = format!("debian-{SUITE}-{}-{LAYOUT}", std::env::consts::ARCH);
    Ok(cache.join("weft/wasm-toolchain").join(name))
}

fn complete(place: &Path) -> Option<PathBuf> {
    let wrapper = place.join(WRAPPER);
    (place.join(STAMP).is_file() && wrapper.is_file()).then_some(wrapper)
}

fn build(steps: &Steps, place: &Path) -> Result<PathBuf> {
    let fresh = place.with_extension("new");
    for leftover in [&fresh, &place.to_path_buf()] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)
                .with_context(|| format!("cannot remove {}", leftover.display()))?;
        }
    }
    let apt = Apt::new(steps, &fresh.join("apt"), SUITE)?;
    steps.say(format_args!(
        "downloading {} and all that they need",
        PACKAGES.join(" and ")
    ));
    unpack(steps, &apt.download(&PACKAGES)?, &fresh)?;
    fs::remove_dir_all(fresh.join("apt"))?;
    let version = write_wrapper(&fresh)?;
    steps.say(format_args!("the private compiler is {}", version.trim()));
    fs::write(fresh.join(STAMP), version)?;
    fs::rename(&fresh, place)?;
    complete(place)
        .with_context(|| format!("{} is not complete after it was made", place.display()))
}

/// What a C compiler and its headers need is not unpacked: cargo links build scripts with the system's own.
fn is_needed(package: &str) -> bool {
    const UNUSED: [&str; 9] = [
        "binutils",
        "cpp",
        "gcc",
        "libasan",
        "libcc1",
        "libgcc-1",
        "libhwasan",
        "libtsan",
        "linux-libc-dev",
    ];
    package.starts_with("gcc-") && package.contains("-base_")
        || !UNUSED.iter().any(|name| package.starts_with(name))
}

fn unpack(steps: &Steps, archives: &Path, prefix: &Path) -> Result<()> {
    let mut debs: Vec<PathBuf> = fs::read_dir(archives)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    debs.retain(|path| path.extension().is_some_and(|end| end == "deb"));
    debs.retain(|path| is_needed(&crate::workspace::name(path)));
    debs.sort();
    steps.say(format_args!("unpacking {} packages", debs.len()));
    debs.iter()
        .try_for_each(|deb| Sh::new("dpkg").arg("-x").arg(deb).arg(prefix).run())
}

/// Writes the script that runs the unpacked rustc with the libraries that it was built for; answers its version.
fn write_wrapper(prefix: &Path) -> Result<String> {
    let loader = loader(prefix)?;
    let libraries = loader.parent().context("the loader has no folder")?;
    let (loader, libraries) = (
        loader.strip_prefix(prefix)?,
        libraries.strip_prefix(prefix)?,
    );
    let script = format!(
        "#!/bin/sh\n# Runs the private rustc with its own loader and libraries. For guests only.\nhere=${{0%/*}}\n\
         exec \"$here/{}\" --library-path \"$here/{}\" \"$here/usr/bin/rustc\" --sysroot \"$here/usr\" \"$@\"\n",
        loader.display(),
        libraries.display()
    );
    let wrapper = prefix.join(WRAPPER);
    fs::write(&wrapper, script)?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    let libs = Sh::new(&wrapper)
        .args([
            "--print",
            "target-libdir",
            "--target",
            super::rust_target::TARGET,
        ])
        .read()?;
    if !Path::new(libs.trim()).is_dir() {
        bail!(
            "the unpacked compiler has no wasm32-wasip2 library in {}",
            libs.trim()
        );
    }
    Sh::new(&wrapper).arg("-vV").read()
}

/// The dynamic loader of the unpacked libc: `usr/lib/<triplet>/ld-linux-….so.N`, or `ld64.so.N` on POWER and z.
fn loader(prefix: &Path) -> Result<PathBuf> {
    for folder in fs::read_dir(prefix.join("usr/lib"))
        .context("nothing was unpacked")?
        .flatten()
    {
        let Ok(files) = fs::read_dir(folder.path()) else {
            continue;
        };
        for file in files.flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if (name.starts_with("ld-linux") || name.starts_with("ld64")) && name.contains(".so.") {
                return Ok(file.path());
            }
        }
    }
    bail!("{} has no dynamic loader", prefix.display())
}

#[cfg(test)]
mod tests;

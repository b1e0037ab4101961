//! Programs that are not Rust and that the database examples need: clang, which compiles the C parts of a TLS library
//! for WebAssembly, the database servers that tests start, the browser in which they look at pages, and a GPU in software.
//! They come from the system's own package archive, are unpacked into a folder of their own and run from there: no root, no service on
//! this machine, nothing installed. `target/programs` points to them.
//!
//! On a system without apt they have to be there: clang with its WebAssembly target, mariadbd, postgres and a browser.

use super::apt::Apt;
use super::vulkan;
use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Changes when what we unpack or write changes.
const LAYOUT: u32 = 3;
const STAMP: &str = "complete";
const CLANG: &str = "clang-for-guests";
const SERVERS: [&str; 2] = ["mariadbd", "postgres"];
/// The part of Chromium that draws pages without a screen; a system without this package has a browser in PATH, or none.
const BROWSER: &str = "chromium-headless-shell";
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", BROWSER];

/// Finds the programs or gets them.
pub(crate) fn prepare(steps: &mut Steps) -> Result<()> {
    let advice = "check that this machine reaches its package archive; without apt: install clang, MariaDB, \
                  PostgreSQL, Chromium and a Vulkan driver (Mesa's has one in software), and see that clang, mariadbd, \
                  postgres and chromium are in PATH";
    let what = "clang, MariaDB, PostgreSQL, Chromium and lavapipe";
    steps.run(what, advice, |steps| {
        if Sh::new("apt-get").arg("--version").read().is_err() {
            return of_system(steps);
        }
        let place = place()?;
        let parent = place.parent().context("the cache folder has no parent")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        let lock = File::create(place.with_extension("lock"))?;
        lock.lock().context("cannot lock the cache folder")?;
        if !place.join(STAMP).is_file() {
            steps.say("downloading them from the system's package archive");
            build(&place)?;
        }
        steps.say(format_args!("they are in {}", place.display()));
        if !place.join("chromium").is_file() {
            find_browser(steps);
        }
        link(&place)
    })
}

/// Makes `cargo` compile the C parts of guests with the private clang, unless the person chose a compiler.
pub(crate) fn with_c_compiler(cargo: Sh) -> Sh {
    let clang = programs().join(CLANG);
    if !clang.is_file() || std::env::var_os("CC_wasm32_wasip2").is_some() {
        return cargo;
    }
    // The archives are unpacked again by rustc, so any ar will do.
    cargo
        .env("CC_wasm32_wasip2", clang)
        .env("AR_wasm32_wasip2", "ar")
}

/// Lets a program find a Vulkan driver.
pub(crate) fn with_gpu(program: Sh) -> Sh {
    match programs().canonicalize() {
        Ok(place) => vulkan::with_driver(program, &place),
        Err(_) => program,
    }
}

fn programs() -> PathBuf {
    workspace::root().join("target/programs")
}

fn of_system(steps: &Steps) -> Result<()> {
    for program in SERVERS.iter().chain(&["clang"]) {
        if Sh::new(program).arg("--version").read().is_err() {
            bail!("this system has neither apt-get nor {program}");
        }
    }
    steps.say("using those of the system");
    find_browser(steps);
    Ok(())
}

/// Without a browser everything else works, so this is said and nothing ends.
fn find_browser(steps: &Steps) {
    let found = |browser: &&&str| Sh::new(browser).arg("--version").read().is_ok();
    match BROWSERS.iter().find(found) {
        Some(browser) => steps.say(format_args!("pages are tested in the system's {browser}")),
        None => steps.say(format_args!(
            "no browser: tests of pages will fail until one of {} is in PATH",
            BROWSERS.join(", ")
        )),
    }
}

/// PostgreSQL does not run as root, so what root gets lies where other users can read it.
fn place() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = match (set("XDG_CACHE_HOME"), set("HOME")) {
        _ if fs::metadata("/proc/self")?.uid() == 0 => PathBuf::from("/var/cache"),
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(home)) => PathBuf::from(home).join(".cache"),
        (None, None) => bail!("neither XDG_CACHE_HOME nor HOME is set"),
    };
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = format!(
        "{}-{}-{LAYOUT}",
        release_name(&release),
        std::env::consts::ARCH
    );
    Ok(cache.join("weft/programs").join(name))
}

/// A word for the system's release: what was unpacked for one does not run on another.
fn release_name(release: &str) -> String {
    let value = |key: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(key));
        line.map_or("unknown", |value| value.trim_matches('"'))
            .to_owned()
    };
    format!("{}-{}", value("ID="), value("VERSION_ID="))
}

fn build(place: &Path) -> Result<()> {
    let fresh = place.with_extension("new");
    for leftover in [&fresh, &place.to_path_buf()] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)
                .with_context(|| format!("cannot remove {}", leftover.display()))?;
        }
    }
    let apt = Apt::of_system(&fresh.join("apt"))?;
    let archives = apt.download_again(&packages(&apt)?)?;
    for entry in fs::read_dir(archives)?.flatten() {
        if entry.path().extension().is_some_and(|end| end == "deb") {
            Sh::new("dpkg")
                .arg("-x")
                .arg(entry.path())
                .arg(&fresh)
                .run()?;
        }
    }
    fs::remove_dir_all(fresh.join("apt"))?;
    write_wrappers(&fresh)?;
    vulkan::register(&fresh, place)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755))?;
    fs::write(fresh.join(STAMP), "")?;
    fs::rename(&fresh, place)?;
    Ok(())
}

/// The packages of the release's default versions: `clang` depends on `clang-14` or so.
fn packages(apt: &Apt) -> Result<Vec<String>> {
    let versioned = |package: &str| {
        let depends = apt.depends(package)?;
        let prefix = format!("{package}-");
        let found = depends.into_iter().find(|name| {
            name.strip_prefix(&prefix)
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        });
        found.with_context(|| format!("the package {package} depends on no {prefix}<version>"))
    };
    let clang = versioned("clang")?;
    let headers = clang.replace("clang-", "libclang-common-") + "-dev";
    let servers = ["mariadb-server-core", "mariadb-client-core"].map(str::to_owned);
    let postgresql = versioned("postgresql")?;
    let client = postgresql.replace("postgresql-", "postgresql-client-");
    let browser = apt.has(BROWSER).then(|| BROWSER.to_owned());
    Ok([clang, headers, postgresql, client]
        .into_iter()
        .chain(servers)
        .chain(vulkan::PACKAGES.map(str::to_owned))
        .chain(browser)
        .collect())
}

/// Scripts that run each program with the libraries that came with it.
fn write_wrappers(prefix: &Path) -> Result<()> {
    let usr = prefix.join("usr");
    let clang = only(&usr.join("lib"), "llvm-", "bin/clang")?;
    let postgres = only(&usr.join("lib/postgresql"), "", "bin/postgres")?;
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    let libraries = format!(
        "$here/usr/lib/{triple}:$here/lib/{triple}:$here/usr/lib/{triple}/pulseaudio:$here/{}/lib",
        relative(prefix, &clang, 2)?
    );
    let bin = relative(prefix, &postgres, 1)?;
    let programs = [
        (CLANG, relative(prefix, &clang, 0)?),
        ("mariadbd", "usr/sbin/mariadbd".to_owned()),
        ("mariadb", "usr/bin/mariadb".to_owned()),
        (
            "mariadb-install-db",
            "usr/bin/mariadb-install-db".to_owned(),
        ),
        ("postgres", format!("{bin}/postgres")),
        ("initdb", format!("{bin}/initdb")),
        ("psql", format!("{bin}/psql")),
    ];
    let browser = format!("usr/lib/chromium/{BROWSER}");
    let browser = Some(("chromium", browser)).filter(|(_, file)| prefix.join(file).is_file());
    for (name, program) in programs.into_iter().chain(browser) {
        if !prefix.join(&program).is_file() {
            bail!("the packages of this system have no {program}");
        }
        let script = format!(
            "#!/bin/sh\n# Runs {name} from this folder, with the fonts here where the system has none.\nhere=${{0%/*}}\n[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_SYSROOT=\"$here\"\nLD_LIBRARY_PATH=\"{libraries}\" exec \"$here/{program}\" \"$@\"\n"
        );
        fs::write(prefix.join(name), script)?;
        fs::set_permissions(prefix.join(name), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// The file `inside` the one folder of `parent` whose name starts with `prefix`.
fn only(parent: &Path, prefix: &str, inside: &str) -> Result<PathBuf> {
    let entries =
        fs::read_dir(parent).with_context(|| format!("nothing is in {}", parent.display()))?;
    let mut files = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(inside))
        .filter(|file| file.exists());
    files
        .next()
        .with_context(|| format!("{} has no {prefix}*/{inside}", parent.display()))
}

/// `file`, or a folder some levels above it, from `prefix` on.
fn relative(prefix: &Path, file: &Path, above: usize) -> Result<String> {
    let ancestor = file.ancestors().nth(above).context("no such folder")?;
    Ok(ancestor
        .strip_prefix(prefix)?
        .to_string_lossy()
        .into_owned())
}

/// Points `target/programs` to `place`.
fn link(place: &Path) -> Result<()> {
    let link = programs();
    if fs::read_link(&link).is_ok_and(|known| known == place) {
        return Ok(());
    }
    if let Some(parent) = link.parent() {
        fs::create_dir_all(parent)?;
    }
    drop(fs::remove_file(&link)); // it may point elsewhere, or not be there
    std::os::unix::fs::symlink(place, &link)
        .with_context(|| format!("cannot make {}", link.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_named_after_the_release() {
        let debian = "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n";
        assert_eq!(release_name(debian), "debian-12");
        assert_eq!(release_name(""), "unknown-unknown");
    }

    #[test]
    fn a_program_is_found_whatever_its_version_is() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("llvm-99/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("clang"), "").unwrap();
        let found = only(folder.path(), "llvm-", "bin/clang").unwrap();
        assert_eq!(
            relative(folder.path(), &found, 2).unwrap(),
            "llvm-99",
            "two folders above the program"
        );
        assert!(only(folder.path(), "gcc-", "bin/clang").is_err());
    }
}

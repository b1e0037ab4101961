//! TypeScript examples: npm brings the tools that the lock file names, the example's own build script makes
//! `dist/<example>.wasm`. A build takes 20 seconds, so it is skipped while no source is newer than its result.

use super::copy_if_different;
use crate::sh::Sh;
use crate::step::Steps;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Builds the example in `source` and lays its component in `finished`.
pub(crate) fn build(steps: &mut Steps, source: &Path, finished: &Path) -> Result<()> {
    let name = workspace::name(source);
    let advice = "check that npm reaches its registry (`npm ping`), or leave TypeScript out with --only-rust";
    steps.run(&format!("{name} (TypeScript)"), advice, |steps| {
        let component = source.join("dist").join(format!("{name}.wasm"));
        let wit = workspace::root().join("wit");
        if is_current(&[source, &wit], &component)? {
            steps.say("unchanged");
        } else {
            install(source)?;
            Sh::new("npm")
                .args(["run", "--silent", "build"])
                .dir(source)
                .run()?;
        }
        if !component.is_file() {
            bail!("`npm run build` did not make {}", component.display());
        }
        copy_if_different(&component, &finished.join(format!("{name}.wasm"))).map(drop)
    })
}

/// Installs what the lock file names, unless that was done since it changed.
fn install(source: &Path) -> Result<()> {
    let installed = modified(&source.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&source.join("package-lock.json")) {
        return Ok(());
    }
    Sh::new("npm")
        // Not `npm ci`: componentize-qjs names optional binaries for machines that were never published, which `ci`
        // takes for a lock file out of step. The lock still decides versions and checksums, and is left as it is.
        .args([
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .dir(source)
        .run()
}

fn is_current(sources: &[&Path], component: &Path) -> Result<bool> {
    let Some(built) = modified(component) else {
        return Ok(false);
    };
    for source in sources {
        if newest(source)?.is_none_or(|changed| changed > built) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// When the newest source file was changed; what npm and the build make does not count.
fn newest(folder: &Path) -> Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .flatten()
    {
        let path = entry.path();
        if matches!(workspace::name(&path).as_str(), "node_modules" | "dist") {
            continue;
        }
        let changed = if path.is_dir() {
            self::newest(&path)?
        } else {
            modified(&path)
        };
        newest = newest.max(changed);
    }
    Ok(newest)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    fn touch(path: &Path, seconds: u64) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path)
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .unwrap();
    }

    #[test]
    fn a_component_is_current_until_a_source_in_any_folder_is_newer() {
        let folder = tempfile::tempdir().unwrap();
        let component = folder.path().join("dist/x.wasm");
        touch(&folder.path().join("package.json"), 10);
        assert!(
            !is_current(&[folder.path()], &component).unwrap(),
            "nothing was built yet"
        );
        touch(&component, 20);
        touch(&folder.path().join("node_modules/tool/index.js"), 30);
        assert!(
            is_current(&[folder.path()], &component).unwrap(),
            "installed tools are no sources"
        );
        touch(&folder.path().join("src/deep/hello.ts"), 21);
        assert!(!is_current(&[folder.path()], &component).unwrap());
    }
}

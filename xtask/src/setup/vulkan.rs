//! The software adapter of Vulkan (Mesa's lavapipe), on which GPU guests run where there is no GPU. A system that has a
//! driver of its own keeps it; for the others `outside` has unpacked one, and what is run here is pointed to it.

use crate::sh::Sh;
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The packages: the loader, and Mesa's drivers.
pub(super) const PACKAGES: [&str; 2] = ["libvulkan1", "mesa-vulkan-drivers"];
/// Where systems register their drivers.
const SYSTEM: [&str; 2] = ["/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d"];
const MANIFEST: &str = "lavapipe.json";

/// Registers the driver that was unpacked in `unpacked` and will be in `place`.
pub(super) fn register(unpacked: &Path, place: &Path) -> Result<()> {
    let driver = libraries(place).join("libvulkan_lvp.so");
    let manifest = serde_json::json!({
        "file_format_version": "1.0.0",
        "ICD": { "library_path": driver, "api_version": "1.3.0" },
    });
    let file = unpacked.join(MANIFEST);
    fs::write(&file, manifest.to_string())
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Lets a program find the driver that was unpacked in `place`, where the system has none.
pub(super) fn with_driver(program: Sh, place: &Path) -> Sh {
    let manifest = place.join(MANIFEST);
    let chosen = std::env::var_os("VK_DRIVER_FILES").is_some();
    if chosen || !manifest.is_file() || has_drivers(&SYSTEM.map(PathBuf::from)) {
        return program;
    }
    let mut search = OsString::from(libraries(place));
    if let Some(given) = std::env::var_os("LD_LIBRARY_PATH").filter(|given| !given.is_empty()) {
        search.push(":");
        search.push(given);
    }
    program
        .env("VK_DRIVER_FILES", manifest)
        .env("LD_LIBRARY_PATH", search)
}

fn libraries(place: &Path) -> PathBuf {
    place.join(format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH))
}

/// Whether one of these folders has the manifest of a driver.
fn has_drivers(folders: &[PathBuf]) -> bool {
    let files = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    let mut names = files.map(|file| file.path());
    names.any(|name| name.extension().is_some_and(|end| end == "json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_is_registered_where_it_will_be() {
        let folder = tempfile::tempdir().unwrap();
        register(folder.path(), Path::new("/there")).unwrap();
        let manifest = fs::read_to_string(folder.path().join(MANIFEST)).unwrap();
        assert!(manifest.contains("\"/there/usr/lib/"), "{manifest}");
    }

    #[test]
    fn a_folder_with_a_manifest_has_a_driver_and_an_empty_one_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().join("missing"), folder.path().to_owned()];
        assert!(!has_drivers(&folders));
        fs::write(folder.path().join("readme"), "").unwrap();
        assert!(!has_drivers(&folders));
        fs::write(folder.path().join("intel_icd.json"), "{}").unwrap();
        assert!(has_drivers(&folders));
    }
}

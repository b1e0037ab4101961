//! Where the build left the component.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};

use super::project::Opened;

/// Where build tools leave components, in the order that they are looked at.
const PLACES: [&str; 3] = [
    "target/wasm32-wasip2/release",
    "target/wasm32-wasip2/debug",
    "dist",
];

/// Tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// The present state of a file; none if it is not there.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

/// The file that the build is asked to make: `WASH_COMPONENT_PATH`.
pub(super) fn wanted(opened: &Opened) -> PathBuf {
    match opened.component_path() {
        Some(path) => path.to_owned(),
        None => by_folder_name(&opened.folder),
    }
}

/// The component of a project, after its build.
pub(super) fn locate(opened: &Opened) -> anyhow::Result<PathBuf> {
    if let Some(path) = opened.component_path() {
        if path.is_file() {
            return Ok(path.to_owned());
        }
        let key = if opened.project.dev.component_path.is_some() {
            "dev"
        } else {
            "build"
        };
        bail!(
            "there is no component at `{}`: `{key}.component_path` names it, so {}",
            opened.shown(path),
            match opened.command() {
                Some(command) => format!("`{command}` should have made it; correct one of the two"),
                None => "build it, or say how with `build.command`".to_owned(),
            }
        );
    }
    let own = by_folder_name(&opened.folder);
    if own.is_file() {
        return Ok(own);
    }
    for place in PLACES {
        let mut found = components_in(&opened.folder.join(place));
        found.sort();
        match found.as_slice() {
            [] => {}
            [only] => return Ok(only.clone()),
            several => {
                let list: String = several
                    .iter()
                    .map(|path| format!("\n  - {}", opened.shown(path)))
                    .collect();
                bail!("there are several components; name one with `build.component_path`:{list}");
            }
        }
    }
    let name = own
        .file_name()
        .context("the project's folder has no name")?
        .to_string_lossy()
        .into_owned();
    bail!(
        "there is no component: looked for `{name}` and for `.wasm` files in {}; say where it is with \
         `build.component_path`{}",
        PLACES.map(|place| format!("`{place}`")).join(", "),
        if opened.command().is_none() {
            ", and how it is made with `build.command`"
        } else {
            ""
        }
    )
}

/// wasmCloud's default: the folder's name with `.wasm`, in the folder.
fn by_folder_name(folder: &Path) -> PathBuf {
    let mut name = folder
        .file_name()
        .unwrap_or("component".as_ref())
        .to_owned();
    name.push(".wasm");
    folder.join(name)
}

fn components_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
                && path.is_file()
        })
        .collect()
}

#[cfg(test)]
mod tests;

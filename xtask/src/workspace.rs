//! Where things are in this repository.

use std::path::{Path, PathBuf};

/// The root of the repository. Cargo tells it at run time, which also holds when two clones share a target folder.
pub(crate) fn root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    xtask.parent().map(Path::to_path_buf).unwrap_or(xtask)
}

/// Where finished components lie: `<guest>.wasm`, and `examples/<component>.wasm`.
pub(crate) fn components() -> PathBuf {
    root().join("target/guests")
}

/// The folders of the examples, in alphabetical order.
pub(crate) fn examples() -> Vec<PathBuf> {
    let Ok(entries) = root().join("examples").read_dir() else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// The name of a folder or file, for messages and for paths made from it.
pub(crate) fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

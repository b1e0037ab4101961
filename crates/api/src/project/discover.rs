//! Finding the project file of a folder. The only file of this crate that touches the file system.

use std::path::{Path, PathBuf};

use super::Format;

/// Where a project file may be, in the order of preference.
pub const PLACES: [&str; 5] = [
    "weft.yaml",
    ".wash/config.yaml",
    ".wash/config.yml",
    ".wash/config.json",
    ".wash/config.toml",
];

/// A project file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub file: PathBuf,
    /// The project's folder, which relative paths in the file start from.
    pub folder: PathBuf,
    /// The language that it is written in.
    pub format: Format,
    /// Other project files of the folder, which do not count.
    pub shadowed: Vec<PathBuf>,
}

/// The project file of a folder, if it has one.
pub fn find(folder: &Path) -> Option<Found> {
    let mut files = PLACES
        .iter()
        .map(|place| folder.join(place))
        .filter(|file| file.is_file());
    let file = files.next()?;
    let format = Format::of(&file)?;
    Some(Found {
        folder: folder.to_owned(),
        format,
        shadowed: files.collect(),
        file,
    })
}

#[cfg(test)]
mod tests;

//! Components that are written as text, because Rust cannot express what they do.

use std::path::{Path, PathBuf};

use crate::guests::{components, repository};

/// The component of `guests/wat/<name>.wat`.
pub fn assembled(name: &str) -> PathBuf {
    let file = repository().join("guests/wat").join(format!("{name}.wat"));
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
    assemble(name, &text)
}

/// A component of this text, as a file. The name is for the file only; different texts need different ones.
pub fn assemble(name: &str, text: &str) -> PathBuf {
    let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("`{name}`: {error}"));
    let file = components().join("assembled").join(format!("{name}.wasm"));
    if !std::fs::read(&file).is_ok_and(|old| old == bytes) {
        replace(&file, &bytes);
    }
    file
}

/// Tests of one process, and of several, may write the same file: each reader sees a whole one.
pub(crate) fn replace(file: &Path, bytes: &[u8]) {
    let folder = file.parent().expect("a file in a folder");
    std::fs::create_dir_all(folder).expect("the folder of components can be written to");
    let thread = std::thread::current().id();
    let partial = file.with_extension(format!("{}-{thread:?}.partial", std::process::id()));
    std::fs::write(&partial, bytes).expect("the folder of components can be written to");
    std::fs::rename(&partial, file).expect("a file can be renamed");
}

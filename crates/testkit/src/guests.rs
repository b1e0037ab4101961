//! Where `cargo xtask guests` puts components.

use std::path::{Path, PathBuf};

/// The file of a test guest, `guests/**/<name>.rs`.
pub fn guest(name: &str) -> PathBuf {
    built(&components().join(format!("{name}.wasm")))
}

/// The file of a component of the examples.
pub fn example(name: &str) -> PathBuf {
    built(&components().join("examples").join(format!("{name}.wasm")))
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .find(|dir| dir.join("guests/Cargo.toml").is_file())
        .map_or_else(
            || panic!("`{}` is in no clone of weft", here.display()),
            Path::to_owned,
        )
}

pub(crate) fn components() -> PathBuf {
    repository().join("target/guests")
}

fn built(file: &Path) -> PathBuf {
    assert!(
        file.is_file(),
        "`{}` is not there: run `cargo xtask guests` first",
        file.display()
    );
    file.to_owned()
}

//! Where the bytes of a component come from, as it is written: a file of this machine or a registry.

use std::path::{Component, Path, PathBuf};

use crate::document::problem::shown;
use crate::spec::Image;

/// Why a text names no image. The message carries the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The text is empty.
    #[error("an image must not be empty; write `file:./name.wasm` or a registry reference")]
    Empty,
    /// `file:` without a path.
    #[error("image `{0}` names no file; write `file:./name.wasm`")]
    NoPath(String),
    /// `file://host/path`.
    #[error(
        "image `{0}` names a file of another machine; write `file:./name.wasm` or `file:///path/name.wasm`"
    )]
    RemoteFile(String),
    /// A path without `file:`.
    #[error("image `{0}` looks like a file; write `file:{0}`")]
    BarePath(String),
    /// `artifact://name`.
    #[error(
        "image `{0}` refers to an Artifact object, which only a cluster resolves; write the image itself"
    )]
    Artifact(String),
    /// Another scheme.
    #[error(
        "image `{0}` starts with `{1}://`; write a registry reference without a scheme, or `file:./name.wasm`"
    )]
    Scheme(String, String),
    /// A character that is in no registry reference.
    #[error(
        "image `{0}` is not a registry reference: it holds the character `{1}`; write one such as \
             `registry.example.com/team/name:1.0`, or `file:./name.wasm`"
    )]
    Character(String, String),
}

impl Image {
    /// Reads an image. A relative path is relative to `base`, the folder of the file that holds the text.
    pub fn parse(text: &str, base: &Path) -> Result<Self, ImageError> {
        if text.trim().is_empty() {
            return Err(ImageError::Empty);
        }
        if let Some(rest) = text.strip_prefix("file:") {
            return file(text, rest, base);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(match scheme {
                "artifact" => ImageError::Artifact(shown(text)),
                _ => ImageError::Scheme(shown(text), shown(scheme)),
            });
        }
        if looks_like_a_path(text) {
            return Err(ImageError::BarePath(shown(text)));
        }
        let allowed = |c: char| {
            c.is_ascii_alphanumeric()
                || matches!(c, '.' | '_' | '-' | '/' | ':' | '@' | '+' | '[' | ']')
        };
        match text.chars().find(|c| !allowed(*c)) {
            Some(character) => Err(ImageError::Character(
                shown(text),
                shown(&character.to_string()),
            )),
            None => Ok(Self::Registry(text.to_owned())),
        }
    }
}

fn file(text: &str, rest: &str, base: &Path) -> Result<Image, ImageError> {
    let path = match rest.strip_prefix("//") {
        Some(absolute) if absolute.starts_with('/') => absolute,
        Some(_) => return Err(ImageError::RemoteFile(shown(text))),
        None => rest,
    };
    if path.trim_end_matches(['/', '.']).is_empty() {
        return Err(ImageError::NoPath(shown(text)));
    }
    Ok(Image::File(beneath(base, Path::new(path))))
}

/// A path as seen from a folder, without the `.` in it. `..` stays: what it means depends on symbolic links.
pub(crate) fn beneath(base: &Path, path: &Path) -> PathBuf {
    base.join(path)
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

/// A relative or absolute path, or a file name without any registry before it.
fn looks_like_a_path(text: &str) -> bool {
    let in_registry = text
        .split_once('/')
        .is_some_and(|(host, _)| host.contains(['.', ':']) || host == "localhost");
    let begins = text.starts_with(['.', '/', '~']);
    begins || (text.ends_with(".wasm") && !in_registry)
}

#[cfg(test)]
mod tests;

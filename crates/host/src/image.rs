//! The bytes of a component, from where the manifest says they are.

use std::path::PathBuf;
use std::sync::Arc;

use weft_api::spec::Image;
use weft_engine::inspect::{InspectError, inspect};

/// Bytes of a component's file at most. Larger ones would be compiled for minutes.
const MAX_BYTES: u64 = 512 << 20;

/// Which component cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("component `{component}`: {source}")]
pub struct ComponentError {
    /// Its name; `service` for the service.
    pub component: String,
    pub(crate) source: ImageError,
}

/// Why a component's bytes cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageError {
    #[error("cannot read the component `{}`: {source}; build it first, or correct `image`", .path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{}` has {bytes} bytes, more than the {MAX_BYTES} that a component may have; build it with optimisation, and without what it does not use", .path.display())]
    TooLarge { path: PathBuf, bytes: u64 },
    #[error("`{}` is not a regular file; give the .wasm file of a component", .path.display())]
    NotAFile { path: PathBuf },
    #[error("`{}`: {source}", .path.display())]
    Inspect { path: PathBuf, source: InspectError },
    #[error(
        "image `{reference}` is in a registry; this version of weft runs files: pull it and write `image: file:<path>`"
    )]
    Registry { reference: String },
}

/// Reads a component and what it imports and exports.
pub(crate) async fn read(image: &Image) -> Result<weft_engine::linked::Component, ImageError> {
    let path = match image {
        Image::File(path) => path.clone(),
        Image::Registry(reference) => {
            return Err(ImageError::Registry {
                reference: reference.clone(),
            });
        }
    };
    let unreadable = |source| ImageError::Read {
        path: path.clone(),
        source,
    };
    let metadata = tokio::fs::metadata(&path).await.map_err(unreadable)?;
    // A device or a pipe has no length to check, and may never end.
    if !metadata.is_file() {
        return Err(ImageError::NotAFile { path });
    }
    let bytes = metadata.len();
    if bytes > MAX_BYTES {
        return Err(ImageError::TooLarge { path, bytes });
    }
    let bytes: Arc<[u8]> = tokio::fs::read(&path).await.map_err(unreadable)?.into();
    let shape = inspect(&bytes).map_err(|source| ImageError::Inspect {
        path: path.clone(),
        source,
    })?;
    Ok(weft_engine::linked::Component { bytes, shape })
}

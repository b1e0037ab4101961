//! Volumes of a workload: made when it starts, removed when it stops.

pub(crate) mod quota;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use weft_api::spec::{Volume, VolumeMount, VolumeSource};

pub(crate) use quota::Quota;

/// The volumes of one workload. Dropping it removes what its emptyDir volumes hold.
#[derive(Debug)]
pub(crate) struct Volumes(Vec<Ready>);

#[derive(Debug)]
struct Ready {
    name: String,
    dir: PathBuf,
    quota: Option<Arc<Quota>>,
    /// Removes the directory on drop.
    _owned: Option<TempDir>,
}

/// Why a volume cannot be provided.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    #[error("volume `{name}`: cannot make a directory for it: {source}")]
    Create {
        name: String,
        source: std::io::Error,
    },
    #[error("volume `{name}`: hostPath `{}` is not a directory that can be opened: {source}", .path.display())]
    Open {
        name: String,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "volume `{name}`: hostPath `{}` is not allowed{}; start the host with --allow-host-path <dir> for a directory \
         that contains it",
        .path.display(),
        resolved(.path, .real)
    )]
    NotAllowed {
        name: String,
        path: PathBuf,
        real: PathBuf,
    },
    #[error("mount `{mount}` names the volume `{name}`, which the workload does not have")]
    Unknown { name: String, mount: String },
}

fn resolved(path: &Path, real: &Path) -> String {
    if path == real {
        String::new()
    } else {
        format!(" (it leads to `{}`)", real.display())
    }
}

/// A directory as one component sees it.
#[derive(Clone, Debug)]
pub(crate) struct Mounted {
    pub(crate) dir: PathBuf,
    pub(crate) guest_path: String,
    pub(crate) read_only: bool,
    pub(crate) quota: Option<Arc<Quota>>,
}

impl Volumes {
    /// Makes or opens every volume. `roots` are the host directories that hostPath volumes may lie under.
    pub(crate) fn prepare(
        volumes: &[Volume],
        roots: &[PathBuf],
        limit: u64,
    ) -> Result<Self, VolumeError> {
        volumes
            .iter()
            .map(|volume| Ready::new(volume, roots, limit))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn mount(&self, mount: &VolumeMount) -> Result<Mounted, VolumeError> {
        let volume = self
            .0
            .iter()
            .find(|ready| ready.name == mount.volume)
            .ok_or_else(|| VolumeError::Unknown {
                name: mount.volume.clone(),
                mount: mount.mount_path.clone(),
            })?;
        Ok(Mounted {
            dir: volume.dir.clone(),
            guest_path: mount.mount_path.clone(),
            read_only: mount.read_only,
            quota: volume.quota.clone(),
        })
    }
}

impl Ready {
    fn new(volume: &Volume, roots: &[PathBuf], limit: u64) -> Result<Self, VolumeError> {
        let name = volume.name.clone();
        match &volume.source {
            VolumeSource::EmptyDir => {
                let owned = tempfile::Builder::new()
                    .prefix("weft-emptydir-")
                    // What a tenant writes is nobody else's business on this machine.
                    .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))
                    .tempdir()
                    .map_err(|source| VolumeError::Create {
                        name: name.clone(),
                        source,
                    })?;
                let dir = owned.path().to_owned();
                let quota = Some(Quota::new(dir.clone(), limit));
                Ok(Self {
                    name,
                    dir,
                    quota,
                    _owned: Some(owned),
                })
            }
            VolumeSource::HostPath(path) => {
                let open = |source| VolumeError::Open {
                    name: name.clone(),
                    path: path.clone(),
                    source,
                };
                // Symbolic links are followed here, before the comparison, so that none leads out of the roots.
                let dir = path.canonicalize().map_err(open)?;
                if !dir.is_dir() {
                    return Err(open(std::io::ErrorKind::NotADirectory.into()));
                }
                let under =
                    |root: &PathBuf| root.canonicalize().is_ok_and(|root| dir.starts_with(root));
                if !roots.iter().any(under) {
                    return Err(VolumeError::NotAllowed {
                        name,
                        path: path.clone(),
                        real: dir,
                    });
                }
                Ok(Self {
                    name,
                    dir,
                    quota: None,
                    _owned: None,
                })
            }
        }
    }
}

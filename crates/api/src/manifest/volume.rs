//! Volumes, and the mounts that refer to them.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use super::Scope;
use crate::document::Span;
use crate::document::decode::At;
use crate::document::problem::{Problems, nearest, quoted, shown};
use crate::ids::check_label;
use crate::spec::{Volume, VolumeMount, VolumeSource};

/// The volumes of a workload. Names that are given twice are reported.
pub(super) fn volumes(at: &At<'_>, scope: &mut Scope<'_>) -> Vec<Volume> {
    let mut volumes = Vec::new();
    let mut names: HashMap<String, Span> = HashMap::new();
    for item in at.items(scope.problems) {
        let Some(mut fields) = item.fields(scope.problems) else {
            continue;
        };
        let name = fields.required("name");
        let ephemeral = fields.optional("ephemeral");
        let host_path = fields.optional("hostPath");
        fields.finish(scope.problems);
        let name = name.and_then(|at| {
            let name = at.checked(scope.problems, |text| {
                check_label("volume name", text).map(|()| text.to_owned())
            })?;
            match names.get(&name) {
                Some(first) => {
                    scope.problems.push(
                        at.problem(format!(
                            "the volume `{name}` is given twice; give each volume a name of its own"
                        ))
                        .also(*first),
                    );
                }
                None => {
                    names.insert(name.clone(), at.span());
                }
            }
            Some(name)
        });
        let source = source(&item, ephemeral, host_path, scope.problems);
        if let (Some(name), Some(source)) = (name, source) {
            volumes.push(Volume { name, source });
        }
    }
    volumes
}

fn source(
    item: &At<'_>,
    ephemeral: Option<At<'_>>,
    host_path: Option<At<'_>>,
    problems: &mut Problems,
) -> Option<VolumeSource> {
    match (ephemeral, host_path) {
        (Some(_), Some(at)) => {
            problems.push(
                at.problem("a volume is either `ephemeral` or a `hostPath`, not both")
                    .help("remove one"),
            );
            None
        }
        (None, None) => {
            let problem = item.problem(format!(
                "`{}` does not say what the volume holds",
                item.path()
            ));
            problems.push(problem.help(
                "write `ephemeral: {}` for an empty directory, or `hostPath: {path: /some/folder}`",
            ));
            None
        }
        (Some(at), None) => {
            at.fields(problems)?.finish(problems);
            Some(VolumeSource::EmptyDir)
        }
        (None, Some(at)) => {
            let mut fields = at.fields(problems)?;
            let path = fields.required("path");
            fields.finish(problems);
            path?
                .checked(problems, |text| absolute("hostPath", text))
                .map(VolumeSource::HostPath)
        }
    }
}

/// A mount, with the place of the volume's name: whether there is such a volume is known only at the end.
pub(super) struct Mount<'t> {
    pub(super) mount: VolumeMount,
    volume: At<'t>,
}

/// The mounts of a component or service.
pub(super) fn mounts<'t>(at: &At<'t>, scope: &mut Scope<'_>) -> Vec<Mount<'t>> {
    let mut mounts = Vec::new();
    let mut paths: HashMap<PathBuf, Span> = HashMap::new();
    for item in at.items(scope.problems) {
        let Some(mut fields) = item.fields(scope.problems) else {
            continue;
        };
        let name = fields.required("name");
        let path = fields.required("mountPath");
        let read_only = fields
            .optional("readOnly")
            .and_then(|at| at.boolean(scope.problems))
            .unwrap_or_default();
        fields.finish(scope.problems);
        let path = path.and_then(|at| {
            let path = at.checked(scope.problems, |text| absolute("mountPath", text))?;
            if let Some(first) = paths.insert(path.clone(), at.span()) {
                let message = format!(
                    "two volumes are mounted at `{}`; give each a path of its own",
                    shown(&path.to_string_lossy())
                );
                scope.problems.push(at.problem(message).also(first));
            }
            Some(path.to_string_lossy().into_owned())
        });
        let named = name.and_then(|at| Some((at.filled(scope.problems)?.to_owned(), at)));
        if let (Some((volume, at)), Some(mount_path)) = (named, path) {
            mounts.push(Mount {
                mount: VolumeMount {
                    volume,
                    mount_path,
                    read_only,
                },
                volume: at,
            });
        }
    }
    mounts
}

/// Reports mounts of volumes that the workload does not have. `given` are all names that were written down.
pub(super) fn check_mounts(mounts: &[Mount<'_>], given: &[&str], problems: &mut Problems) {
    let known: HashSet<&str> = given.iter().copied().collect();
    for Mount { mount, volume } in mounts {
        let name = mount.volume.as_str();
        if known.contains(name) {
            continue;
        }
        if problems.is_full() {
            problems.push(volume.problem("missing"));
            continue;
        }
        let help = match (nearest(name, given), given.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, false) => format!("the workload has the volumes {}", quoted(given)),
            (None, true) => "the workload has no volumes: add it to `volumes`".to_owned(),
        };
        problems.push(
            volume
                .problem(format!("the workload has no volume `{}`", shown(name)))
                .help(help),
        );
    }
}

/// An absolute path without `..`; a slash at the end does not matter.
fn absolute(what: &str, text: &str) -> Result<PathBuf, String> {
    if !text.starts_with('/') {
        return Err(format!(
            "the {what} `{}` must be absolute; start it with `/`",
            shown(text)
        ));
    }
    let path = Path::new(text);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(format!(
            "the {what} `{}` must not hold `..`; write the path that is meant",
            shown(text)
        ));
    }
    Ok(path.components().collect())
}

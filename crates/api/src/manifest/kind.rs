//! What kind of object a document is, and what to do with kinds that are not run here.

use super::Object;
use super::metadata::Metadata;
use crate::document::decode::At;
use crate::document::problem::{Problems, nearest, shown, suggest};

pub(super) const STARTS_WITH: &str = "a manifest starts with `apiVersion: runtime.wasmcloud.dev/v1alpha1` and `kind: WorkloadDeployment`";

const GROUP: &str = "runtime.wasmcloud.dev";
const API_VERSION: &str = "runtime.wasmcloud.dev/v1alpha1";
/// All kinds of the group, the ones that can be run first.
const KINDS: [&str; 5] = [
    "WorkloadDeployment",
    "Workload",
    "WorkloadReplicaSet",
    "Artifact",
    "Host",
];
/// Kinds of Kubernetes' core group that files for it hold. A name close to one of these is a spelling mistake.
const CORE_KINDS: [&str; 13] = [
    "ConfigMap",
    "Secret",
    "Service",
    "ServiceAccount",
    "Namespace",
    "Pod",
    "Endpoints",
    "Event",
    "LimitRange",
    "ResourceQuota",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ReplicationController",
];

/// What else stands at the top of documents that are read here.
const DOCUMENT_FIELDS: [&str; 7] = [
    "metadata",
    "spec",
    "status",
    "data",
    "stringData",
    "binaryData",
    "type",
];

/// What is done with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    WorkloadDeployment,
    Workload,
    ConfigMap,
    Secret,
    /// Another kind of Kubernetes object: skipped, since files for a cluster hold whole applications.
    Foreign,
}

/// Reads `apiVersion`, `kind` and, for kinds that are used here, `metadata`.
pub(super) fn recognise<'t>(at: &At<'t>, problems: &mut Problems) -> Option<Object<'t>> {
    let mut fields = at.fields(problems)?;
    let api_version = fields.required("apiVersion");
    let kind = fields.required("kind");
    let api_text = api_version.as_ref().and_then(|at| at.filled(problems));
    let kind_text = kind.as_ref().and_then(|at| at.filled(problems));
    if api_version.is_none() || kind.is_none() {
        fields.skip(&DOCUMENT_FIELDS);
        fields.finish(problems);
        return None;
    }
    let (api_version, kind, api_text, kind_text) = (api_version?, kind?, api_text?, kind_text?);
    let found = classify(&api_version, api_text, &kind, kind_text, problems)?;
    let metadata = match found {
        Kind::Foreign => Metadata::absent(at),
        _ => Metadata::read(&mut fields, problems),
    };
    Some(Object {
        kind: found,
        kind_name: kind_text.to_owned(),
        at: at.clone(),
        metadata,
    })
}

fn classify(
    api_version: &At<'_>,
    api_text: &str,
    kind: &At<'_>,
    kind_text: &str,
    problems: &mut Problems,
) -> Option<Kind> {
    if api_text == API_VERSION {
        return own_kind(kind, kind_text, problems);
    }
    if api_text == "v1" {
        return core_kind(kind, kind_text, problems);
    }
    let group = api_text.split('/').next().unwrap_or_default();
    let help = if api_text.starts_with("core.oam.dev/") {
        "this is a manifest of wasmCloud v1 (wadm); write a WorkloadDeployment for wasmCloud v2"
            .to_owned()
    } else if group == GROUP || KINDS.contains(&kind_text) || nearest(group, &[GROUP]).is_some() {
        format!("write `apiVersion: {API_VERSION}`")
    } else {
        return Some(Kind::Foreign);
    };
    problems.push(
        api_version
            .problem(format!("unknown apiVersion `{}`", shown(api_text)))
            .help(help),
    );
    None
}

fn own_kind(kind: &At<'_>, text: &str, problems: &mut Problems) -> Option<Kind> {
    let help = match text {
        "WorkloadDeployment" => return Some(Kind::WorkloadDeployment),
        "Workload" => return Some(Kind::Workload),
        "WorkloadReplicaSet" => {
            "the operator makes these from a WorkloadDeployment: write `kind: WorkloadDeployment`, which has the same \
             `replicas` and `template`"
        }
        "Artifact" => {
            "only a cluster resolves Artifacts: write the image itself in `image:` and remove this document"
        }
        "Host" => "hosts register themselves: remove this document",
        _ => {
            let problem = kind.problem(format!("unknown kind `{}` in {API_VERSION}", shown(text)));
            problems.push(problem.maybe_help(suggest(text, &KINDS)));
            return None;
        }
    };
    problems.push(
        kind.problem(format!("the kind `{text}` can't be run"))
            .help(help),
    );
    None
}

fn core_kind(kind: &At<'_>, text: &str, problems: &mut Problems) -> Option<Kind> {
    match text {
        "ConfigMap" => return Some(Kind::ConfigMap),
        "Secret" => return Some(Kind::Secret),
        "List" => {
            let problem = kind.problem("a `List` is not read");
            problems.push(
                problem.help("write its items as documents of their own, with `---` between them"),
            );
            return None;
        }
        _ if CORE_KINDS.contains(&text) => return Some(Kind::Foreign),
        _ => {}
    }
    if KINDS.contains(&text) {
        let problem = kind.problem(format!("the kind `{text}` is not in apiVersion `v1`"));
        problems.push(problem.help(format!("write `apiVersion: {API_VERSION}`")));
        return None;
    }
    match nearest(text, &CORE_KINDS) {
        None => Some(Kind::Foreign),
        Some(near) => {
            let problem = kind.problem(format!("unknown kind `{}` in v1", shown(text)));
            problems.push(problem.help(format!("did you mean `{near}`?")));
            None
        }
    }
}

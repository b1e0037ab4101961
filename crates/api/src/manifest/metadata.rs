//! `metadata`: Kubernetes' ObjectMeta, of which the name and the namespace matter here.

use crate::document::Span;
use crate::document::decode::{At, Fields};
use crate::document::problem::Problems;
use crate::ids::{check_label, check_subdomain};

/// The namespace of objects that name none.
const DEFAULT_NAMESPACE: &str = "default";

/// Fields that the API server writes and `kubectl get -o yaml` prints.
const WRITTEN_BY_SERVER: [&str; 10] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Who an object is.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    /// A checked name; none if it was missing or wrong, which is then reported.
    pub(super) name: Option<String>,
    pub(super) name_span: Span,
    /// A checked namespace; none if it was wrong, which is then reported.
    pub(super) namespace: Option<String>,
}

impl Metadata {
    /// For objects whose metadata nobody reads.
    pub(super) fn absent(at: &At<'_>) -> Self {
        Self {
            name: None,
            name_span: at.span(),
            namespace: None,
        }
    }

    pub(super) fn read(document: &mut Fields<'_>, problems: &mut Problems) -> Self {
        let mut metadata = Self::absent(document.at());
        let at = document.optional("metadata");
        let Some(mut fields) = at.and_then(|at| at.fields(problems)) else {
            return metadata;
        };
        if let Some(at) = fields.optional("generateName") {
            let problem =
                at.problem("`metadata.generateName` needs a cluster to generate the name");
            problems.push(problem.help("write `metadata.name`"));
        } else if let Some(at) = fields.required("name") {
            metadata.name_span = at.span();
            metadata.name = at.checked(problems, |text| {
                check_subdomain("name", text).map(|()| text.to_owned())
            });
        }
        fields.skip(&["name"]);
        metadata.namespace = match fields.optional("namespace") {
            None => Some(DEFAULT_NAMESPACE.to_owned()),
            Some(at) => at.checked(problems, |text| {
                check_label("namespace", text).map(|()| text.to_owned())
            }),
        };
        labels(&mut fields, problems);
        fields.skip(&WRITTEN_BY_SERVER);
        fields.finish(problems);
        metadata
    }

    /// The namespace for looking things up; the default stands in for a wrong one.
    pub(super) fn namespace_text(&self) -> &str {
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }
}

/// `labels` and `annotations`: text by name.
pub(super) fn labels(fields: &mut Fields<'_>, problems: &mut Problems) {
    for name in ["labels", "annotations"] {
        if let Some(at) = fields.optional(name) {
            at.text_map(problems);
        }
    }
}

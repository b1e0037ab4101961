//! The ConfigMaps and Secrets of a file. Values of Secrets never reach a message.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Object;
use super::kind::Kind;
use crate::document::decode::At;
use crate::document::problem::{Problem, Problems, quoted, shown};
use crate::spec::SecretValue;

/// Values by key. Copies share them.
type Values = BTreeMap<String, SecretValue>;

/// The ConfigMaps and Secrets by namespace and name.
#[derive(Default)]
pub(super) struct Sources {
    config_maps: BTreeMap<(String, String), Values>,
    secrets: BTreeMap<(String, String), Values>,
}

/// Which of the two kinds a reference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    ConfigMap,
    Secret,
}

impl SourceKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

impl Sources {
    pub(super) fn collect(objects: &[Object<'_>], problems: &mut Problems) -> Self {
        let mut sources = Self::default();
        for object in objects {
            let (kind, values) = match object.kind {
                Kind::ConfigMap => (SourceKind::ConfigMap, config_map(object, problems)),
                Kind::Secret => (SourceKind::Secret, secret(object, problems)),
                Kind::WorkloadDeployment | Kind::Workload | Kind::Foreign => continue,
            };
            sources.insert(kind, object, values, problems);
        }
        sources
    }

    fn insert(
        &mut self,
        kind: SourceKind,
        object: &Object<'_>,
        values: Values,
        problems: &mut Problems,
    ) {
        let Some(name) = object.metadata.name.clone() else {
            return;
        };
        let namespace = object.metadata.namespace_text().to_owned();
        let message = format!(
            "the {} `{}` in namespace `{namespace}` is given twice; remove one of the two, or rename it",
            kind.as_str(),
            shown(&name)
        );
        if self
            .kind_mut(kind)
            .insert((namespace, name), values)
            .is_some()
        {
            problems.push(Problem::at(object.metadata.name_span, message).path("metadata.name"));
        }
    }

    fn kind_mut(&mut self, kind: SourceKind) -> &mut BTreeMap<(String, String), Values> {
        match kind {
            SourceKind::ConfigMap => &mut self.config_maps,
            SourceKind::Secret => &mut self.secrets,
        }
    }

    fn kind(&self, kind: SourceKind) -> &BTreeMap<(String, String), Values> {
        match kind {
            SourceKind::ConfigMap => &self.config_maps,
            SourceKind::Secret => &self.secrets,
        }
    }

    /// The values of a ConfigMap or Secret.
    pub(super) fn find(&self, kind: SourceKind, namespace: &str, name: &str) -> Option<&Values> {
        self.kind(kind)
            .get(&(namespace.to_owned(), name.to_owned()))
    }

    /// What to say about a reference to a ConfigMap or Secret that is not there.
    pub(super) fn missing(
        &self,
        kind: SourceKind,
        namespace: &str,
        reference: &At<'_>,
        name: &str,
    ) -> Problem {
        let (of_kind, kind) = (self.kind(kind), kind.as_str());
        let message = format!(
            "the file holds no {kind} `{}` in namespace `{}`",
            shown(name),
            shown(namespace)
        );
        let first = (namespace.to_owned(), String::new());
        let here = of_kind
            .range(first..)
            .take_while(|(key, _)| key.0 == namespace);
        let here: Vec<&String> = here.map(|(key, _)| &key.1).collect();
        let elsewhere = of_kind.keys().find(|key| key.1 == name);
        let help = match (elsewhere, here.is_empty()) {
            (Some((other, _)), _) => {
                format!(
                    "the one in namespace `{}` belongs to another tenant and can't be used",
                    shown(other)
                )
            }
            (None, true) => format!("add the {kind} to the file; it holds none in this namespace"),
            (None, false) => format!("add the {kind} to the file; it holds {}", quoted(&here)),
        };
        reference.problem(message).help(help)
    }
}

fn config_map(object: &Object<'_>, problems: &mut Problems) -> Values {
    let Some(mut fields) = object.fields(problems) else {
        return BTreeMap::new();
    };
    let values = fields
        .optional("data")
        .map(|at| at.text_map(problems))
        .unwrap_or_default();
    fields.skip(&["binaryData", "immutable"]);
    fields.finish(problems);
    values
        .into_iter()
        .map(|(key, value)| (key, value.into()))
        .collect()
}

/// `stringData` wins over `data`, as in Kubernetes.
fn secret(object: &Object<'_>, problems: &mut Problems) -> Values {
    let mut values = BTreeMap::new();
    let Some(mut fields) = object.fields(problems) else {
        return values;
    };
    for (key, at) in fields
        .optional("data")
        .map(|at| at.secrets(problems))
        .unwrap_or_default()
    {
        if let Some(value) = at.checked(problems, |encoded| decode(key, encoded)) {
            values.insert(key.to_owned(), value);
        }
    }
    for (key, at) in fields
        .optional("stringData")
        .map(|at| at.secrets(problems))
        .unwrap_or_default()
    {
        if let Some(value) = at.text(problems) {
            values.insert(key.to_owned(), value.into());
        }
    }
    fields.skip(&["type", "immutable"]);
    fields.finish(problems);
    values
}

fn decode(key: &str, encoded: &str) -> Result<SecretValue, String> {
    let compact: Zeroizing<String> = encoded.split_ascii_whitespace().collect::<String>().into();
    let bytes = STANDARD.decode(compact.as_bytes()).map_err(|_| {
        format!(
            "the value of `{}` is not base64; write plain text in `stringData`",
            shown(key)
        )
    })?;
    Ok(SecretValue::new(bytes))
}

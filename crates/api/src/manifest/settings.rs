//! The configuration layer: `config`, then `configFrom`, then `secretFrom`, each winning over what came before.

use std::collections::BTreeMap;

use super::Scope;
use super::source::SourceKind;
use crate::document::Value;
use crate::document::decode::{At, Fields};
use crate::document::problem::{Problem, Problems, shown};
use crate::spec::{Origin, SecretValue, Values};

/// A value, and where to point when it is wrong.
pub(super) struct Setting<'t> {
    pub(super) value: SecretValue,
    /// The value in the file, or the reference that brought it.
    at: At<'t>,
    /// The ConfigMap or Secret that it is from.
    origin: Option<(SourceKind, String)>,
}

/// Values by name.
pub(super) type Settings<'t> = BTreeMap<String, Setting<'t>>;

impl Setting<'_> {
    /// A problem with this value: `check` says what is wrong with it. The value of a Secret is not shown.
    pub(super) fn problem(&self, key: &str, why: String) -> Problem {
        match &self.origin {
            None => self.at.problem(why),
            Some((SourceKind::ConfigMap, name)) => self
                .at
                .problem(format!("`{key}` of ConfigMap `{name}`: {why}")),
            Some((SourceKind::Secret, name)) => self.at.problem(format!(
                "`{key}` of Secret `{name}` has a value that is not valid here; correct it there (it is not shown)"
            )),
        }
    }

    /// That these bytes are in a place where only text can be.
    fn not_text(&self, key: &str) -> Problem {
        let from = match &self.origin {
            Some((kind, name)) => format!(" of {} `{}`", kind.as_str(), shown(name)),
            None => String::new(),
        };
        let message = format!(
            "the value of `{}`{from} is not UTF-8 text, which is needed here",
            shown(key)
        );
        self.at.problem(message).help(
            "a component gets other bytes through `wasmcloud:secrets`: put the Secret into `secretFrom` of that entry of \
             `hostInterfaces`",
        )
    }
}

/// Reads the three fields of a layer from the mapping that holds them. No message shows values that are `secret`.
pub(super) fn read<'t>(
    fields: &mut Fields<'t>,
    secret: bool,
    scope: &mut Scope<'_>,
) -> Settings<'t> {
    let mut settings = Settings::new();
    if let Some(at) = fields.optional("config") {
        let named = match secret {
            true => at.secrets(scope.problems),
            false => at.named(scope.problems),
        };
        for (key, at) in named {
            if let Some(text) = at.text(scope.problems) {
                let setting = Setting {
                    value: text.into(),
                    at,
                    origin: None,
                };
                settings.insert(key.to_owned(), setting);
            }
        }
    }
    for (field, kind) in [
        ("configFrom", SourceKind::ConfigMap),
        ("secretFrom", SourceKind::Secret),
    ] {
        if let Some(at) = fields.optional(field) {
            merge(&at, kind, &mut settings, scope);
        }
    }
    settings
}

/// The ConfigMaps and Secrets that values of a layer come from.
pub(super) fn origins(settings: &Settings<'_>) -> BTreeMap<String, Origin> {
    let origin = |setting: &Setting<'_>| {
        let (kind, name) = setting.origin.as_ref()?;
        Some(match kind {
            SourceKind::ConfigMap => Origin::Config(name.clone()),
            SourceKind::Secret => Origin::Secret(name.clone()),
        })
    };
    settings
        .iter()
        .filter_map(|(key, setting)| Some((key.clone(), origin(setting)?)))
        .collect()
}

/// The values of a layer as text, for who can hold nothing else.
pub(super) fn values(settings: Settings<'_>, problems: &mut Problems) -> Values {
    let mut values = Values::default();
    for (key, setting) in settings {
        match setting.value.text() {
            Some(text) => drop(values.insert(key, text.to_owned())),
            None => problems.push(setting.not_text(&key)),
        }
    }
    values
}

/// The values of a layer, whatever their bytes are.
pub(super) fn secrets(settings: Settings<'_>) -> BTreeMap<String, SecretValue> {
    settings
        .into_iter()
        .map(|(key, setting)| (key, setting.value))
        .collect()
}

fn merge<'t>(
    references: &At<'t>,
    kind: SourceKind,
    settings: &mut Settings<'t>,
    scope: &mut Scope<'_>,
) {
    for reference in references.items(scope.problems) {
        if let Value::Text(name) = reference.value() {
            let problem = reference.problem(format!(
                "`{}` must be a mapping with a name",
                reference.path()
            ));
            scope
                .problems
                .push(problem.help(format!("write `- name: {}`", shown(name))));
            continue;
        }
        let Some(mut fields) = reference.fields(scope.problems) else {
            continue;
        };
        let name = fields.required("name");
        fields.finish(scope.problems);
        let Some(at) = name else { continue };
        let Some(name) = at.filled(scope.problems) else {
            continue;
        };
        let Some(found) = scope.sources.find(kind, scope.namespace, name) else {
            // Looking for what was meant takes time, which is wasted on a problem that is not listed.
            let problem = match scope.problems.is_full() {
                true => at.problem("missing"),
                false => scope.sources.missing(kind, scope.namespace, &at, name),
            };
            scope.problems.push(problem);
            continue;
        };
        let cost: usize = found
            .iter()
            .map(|(key, value)| 64 + key.len() + value.len())
            .sum();
        let Some(left) = scope.settings_left.checked_sub(cost) else {
            scope.settings_left = 0;
            scope
                .problems
                .push(at.problem("the settings of this file take more than 48 MiB in all; let fewer components refer to large ConfigMaps and Secrets"));
            return;
        };
        scope.settings_left = left;
        for (key, value) in found {
            let origin = Some((kind, name.to_owned()));
            settings.insert(
                key.clone(),
                Setting {
                    value: value.clone(),
                    at: at.clone(),
                    origin,
                },
            );
        }
    }
}

//! One entry of `hostInterfaces` (manifest) or `dev.host_interfaces` (project file): its fields and the rules between
//! entries, which are the same in both.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::document::Value;
use crate::document::decode::{At, Fields};
use crate::document::problem::{Problem, Problems, shown};
use crate::interface::is_identifier;
use crate::known;
use crate::pattern;
use crate::spec::{HostInterface, LOG_REVEALS, SecretSource, SecretValue};

/// Limits of the CRD: entries, and characters of names.
const ENTRIES_MAX: usize = 64;
const PACKAGE_MAX: usize = 128;
const NAME_MAX: usize = 64;

/// An entry without its configuration. Project files hold the same, with plain `config` alone.
#[derive(Clone)]
pub(crate) struct Parts {
    namespace: String,
    package: String,
    interfaces: BTreeSet<String>,
    version: Option<semver::Version>,
    name: Option<String>,
}

impl Parts {
    pub(crate) fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Self> {
        let (namespace_at, package_at) = (fields.required("namespace"), fields.required("package"));
        let namespace = namespace_at.and_then(|at| at.checked(problems, package_part));
        let package = package_at
            .as_ref()
            .and_then(|at| at.checked(problems, package_part));
        let interfaces_at = fields.required("interfaces");
        let interfaces = interfaces_at.as_ref().map(|at| interfaces(at, problems));
        let version = fields
            .optional("version")
            .and_then(|at| at.checked(problems, version));
        let name = fields
            .optional("name")
            .and_then(|at| at.checked(problems, entry_name));
        if let (Some(namespace), Some(package)) = (&namespace, &package) {
            report_package(namespace, package, package_at.as_ref(), problems);
            report_interfaces(namespace, package, interfaces_at.as_ref(), problems);
        }
        Some(Self {
            namespace: namespace?,
            package: package?,
            interfaces: interfaces?,
            version,
            name,
        })
    }

    pub(crate) fn is_http(&self) -> bool {
        self.namespace == "wasi" && self.package == "http"
    }

    pub(crate) fn with_config(self, config: BTreeMap<String, String>) -> HostInterface {
        let Self {
            namespace,
            package,
            interfaces,
            version,
            name,
        } = self;
        HostInterface {
            namespace,
            package,
            interfaces,
            version,
            config,
            secrets: BTreeMap::new(),
            name,
        }
    }

    pub(crate) fn is_secrets(&self) -> bool {
        self.namespace == "wasmcloud" && self.package == "secrets"
    }

    /// The entry of `wasmcloud:secrets`: every value is a secret but that of [`LOG_REVEALS`].
    pub(crate) fn with_secrets(self, values: BTreeMap<String, SecretValue>) -> HostInterface {
        let mut entry = self.with_config(BTreeMap::new());
        for (key, value) in values {
            match value.text() {
                Some(text) if key == LOG_REVEALS => {
                    entry.config.insert(key, text.to_owned());
                }
                _ => {
                    entry.secrets.insert(key, SecretSource::Inline(value));
                }
            }
        }
        entry
    }
}

/// Why a key of a `wasmcloud:secrets` entry cannot be there; the value is not shown.
pub(crate) fn wrong_secret(key: &str, value: &SecretValue) -> Option<String> {
    if key.is_empty() {
        return Some("a secret needs a name".to_owned());
    }
    if key == LOG_REVEALS {
        let known = matches!(value.text(), Some("true" | "false"));
        return (!known).then(|| format!("`{LOG_REVEALS}` is neither `true` nor `false`"));
    }
    key.starts_with("weft.dev/").then(|| {
        format!(
            "`wasmcloud:secrets` has no setting `{}`; the only one is `{LOG_REVEALS}`, and no secret may begin so",
            shown(key)
        )
    })
}

/// A package that only looks like a known one is a typing error. Others may be served by other hosts.
fn report_package(namespace: &str, package: &str, at: Option<&At<'_>>, problems: &mut Problems) {
    let Some((at, meant)) = at.zip(known::meant_package(namespace, package)) else {
        return;
    };
    let message = format!("unknown package `{namespace}:{package}`");
    problems.push(at.problem(message).help(format!("did you mean `{meant}`?")));
}

/// The same for the interfaces of a known package.
fn report_interfaces(namespace: &str, package: &str, at: Option<&At<'_>>, problems: &mut Problems) {
    // What is wrong with the list itself is reported where it is read.
    let mut quiet = Problems::default();
    for item in at.map(|at| at.items(&mut quiet)).unwrap_or_default() {
        let Some(name) = item.text(&mut quiet) else {
            continue;
        };
        let meant = known::meant_interface(namespace, package, name);
        if let Some(meant) = meant.filter(|_| is_identifier(name)) {
            let message = format!("`{namespace}:{package}` has no interface `{}`", shown(name));
            problems.push(
                item.problem(message)
                    .help(format!("did you mean `{meant}`?")),
            );
        }
    }
}

/// Keys of a `wasi:http` entry that look like known ones. Values out of ConfigMaps are not looked at: these may be
/// shared with others who need other keys.
pub(crate) fn report_http_keys(config: &At<'_>, problems: &mut Problems) {
    let mut quiet = Problems::default();
    for (key, key_span, value) in config.entries_with_keys(&mut quiet) {
        if let Some(meant) = known::meant_http_key(key) {
            let message = format!("`wasi:http` has no setting `{}`", shown(key));
            let problem = Problem::at(key_span, message).path(value.path());
            problems.push(problem.help(format!("did you mean `{meant}`?")));
        }
    }
}

fn interfaces(at: &At<'_>, problems: &mut Problems) -> BTreeSet<String> {
    let items = at.items(problems);
    if items.is_empty() && matches!(at.value(), Value::List(_)) {
        problems.push(at.problem(format!(
            "`{}` must name at least one interface; write one such as `[incoming-handler]`",
            at.path()
        )));
    }
    items
        .iter()
        .filter_map(|item| item.checked(problems, interface_name))
        .collect()
}

fn package_part(text: &str) -> Result<String, String> {
    if text.chars().count() > PACKAGE_MAX {
        return Err(format!(
            "`{}` has more than {PACKAGE_MAX} characters; write the name of the package alone",
            shown(text)
        ));
    }
    if !is_identifier(text) {
        return Err(format!(
            "`{}` is not a part of a package name; `wasi:http` is written `namespace: wasi` and `package: http`",
            shown(text)
        ));
    }
    Ok(text.to_owned())
}

fn interface_name(text: &str) -> Result<String, String> {
    if is_identifier(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not the name of an interface; write its last part alone, such as `incoming-handler`",
        shown(text)
    ))
}

fn version(text: &str) -> Result<semver::Version, String> {
    semver::Version::parse(text).map_err(|_| {
        format!(
            "`{}` is not a version; write all three numbers, such as `0.2.0`",
            shown(text)
        )
    })
}

fn entry_name(text: &str) -> Result<String, String> {
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let plain = text
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !begins || !plain {
        return Err(format!(
            "`{}` is not a name: only lower-case letters, digits and `-` are allowed, and no `-` at the start; write one \
             such as `team-a`",
            shown(text)
        ));
    }
    if text.len() > NAME_MAX {
        return Err(format!(
            "the name `{}` has more than {NAME_MAX} characters; shorten it",
            shown(text)
        ));
    }
    Ok(text.to_owned())
}

/// The entries of a list; more than the CRD allows are reported and left out.
pub(crate) fn entries<'t>(at: &At<'t>, problems: &mut Problems) -> Vec<At<'t>> {
    let mut items = at.items(problems);
    if items.len() > ENTRIES_MAX {
        let message = format!(
            "`{}` has {} entries, more than the {ENTRIES_MAX} that are allowed; leave out those that no component imports",
            at.path(),
            items.len()
        );
        problems.push(at.problem(message));
        items.truncate(ENTRIES_MAX);
    }
    items
}

/// The two rules of the CRD: no two entries with the same package, name and version, and of one package at most one
/// entry without a name.
pub(crate) fn check_between(entries: &[(At<'_>, HostInterface)], problems: &mut Problems) {
    let mut seen = HashMap::new();
    for (at, entry) in entries {
        let package = format!("{}:{}", entry.namespace, entry.package);
        let version = entry.name.as_ref().and(entry.version.as_ref());
        let Some(first) = seen.insert((package.clone(), entry.name.as_deref(), version), at.span())
        else {
            continue;
        };
        let (message, help) = match &entry.name {
            Some(name) => (
                format!(
                    "an entry for `{package}` with the name `{name}` and this version is given twice"
                ),
                "give one of the two another `name`",
            ),
            None => (
                format!("a second entry for `{package}` without a name"),
                "join the two, or give one of them a `name`",
            ),
        };
        problems.push(at.problem(message).also(first).help(help));
    }
}

/// What is wrong with the routes of a `wasi:http` entry: the key and the reason. `value` finds the value of a key.
pub(crate) fn wrong_routes<'v>(
    value: impl Fn(&str) -> Option<&'v str>,
) -> Vec<(&'static str, String)> {
    let host = value("host").map(|host| ("host", host.trim()));
    let aliases = value("host-aliases")
        .into_iter()
        .flat_map(|aliases| aliases.split(','))
        .map(str::trim);
    let aliases = aliases
        .filter(|alias| !alias.is_empty())
        .map(|alias| ("host-aliases", alias));
    let path = value("path").and_then(|path| Some(("path", pattern::route_path(path).err()?)));
    host.into_iter()
        .chain(aliases)
        .filter_map(|(key, name)| Some((key, pattern::route_host(name).err()?)))
        .chain(path)
        .collect()
}

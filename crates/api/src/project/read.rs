//! From the tree of a project file to the typed sections that are not `dev`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::schema::{
    Build, Environment, HostSection, New, Project, Source, Wit, WitRegistry, Workload,
};
use super::vault::Vault;
use super::{dev, plugin, vault};
use crate::document::decode::{At, Fields};
use crate::document::problem::{Problems, nearest, quoted, shown};
use crate::image::beneath;
use crate::limits::read::Config;
use crate::pattern;
use crate::values::{Secret, Values};

/// What the readers of sections need to know besides their text.
pub(super) struct Scope<'a> {
    pub(super) base: &'a Path,
    pub(super) configs: &'a BTreeSet<&'a str>,
    pub(super) secrets: &'a BTreeSet<&'a str>,
    pub(super) problems: &'a mut Problems,
}

/// The whole file.
pub(super) fn project(at: &At<'_>, base: &Path, problems: &mut Problems) -> Option<Project> {
    let mut fields = at.fields(problems)?;
    let version = fields
        .optional("version")
        .and_then(|at| at.text(problems))
        .map(str::to_owned);
    let build = fields.optional("build");
    let new = fields.optional("new");
    let wit = fields.optional("wit");
    let host = fields.optional("host");
    let configs_at = fields.optional("configs");
    let secrets_at = fields.optional("secrets");
    let workload_at = fields.optional("workload");
    let dev_at = fields.optional("dev");
    fields.finish(problems);
    let configs = sources(configs_at, "configs", base, problems);
    let secrets = sources(secrets_at, "secrets", base, problems);
    let config_names = configs.iter().map(|(name, _)| *name).collect();
    let secret_names = secrets.iter().map(|(name, _)| *name).collect();
    let mut scope = Scope {
        base,
        configs: &config_names,
        secrets: &secret_names,
        problems,
    };
    Some(Project {
        version,
        build: build
            .and_then(|at| self::build(&at, &mut scope))
            .unwrap_or_default(),
        new: new
            .and_then(|at| self::new(&at, &mut scope))
            .unwrap_or_default(),
        wit: wit
            .and_then(|at| self::wit(&at, &mut scope))
            .unwrap_or_default(),
        host: host
            .and_then(|at| self::host(&at, &mut scope))
            .unwrap_or_default(),
        workload: workload_at
            .and_then(|at| workload(&at, &mut scope))
            .unwrap_or_default(),
        dev: dev_at
            .and_then(|at| dev::read(&at, &mut scope))
            .unwrap_or_default(),
        configs: by_name(configs),
        secrets: by_name(secrets),
    })
}

fn by_name(sources: Vec<(&str, Source)>) -> BTreeMap<String, Source> {
    sources
        .into_iter()
        .map(|(name, source)| (name.to_owned(), source))
        .collect()
}

fn build(at: &At<'_>, scope: &mut Scope<'_>) -> Option<Build> {
    let mut fields = at.fields(scope.problems)?;
    let build = Build {
        command: filled(&mut fields, "command", scope.problems),
        env: values(&mut fields, "env", scope.problems),
        component_path: path(&mut fields, "component_path", scope),
    };
    fields.finish(scope.problems);
    Some(build)
}

fn new(at: &At<'_>, scope: &mut Scope<'_>) -> Option<New> {
    let mut fields = at.fields(scope.problems)?;
    let new = New {
        command: filled(&mut fields, "command", scope.problems),
    };
    fields.finish(scope.problems);
    Some(new)
}

fn wit(at: &At<'_>, scope: &mut Scope<'_>) -> Option<Wit> {
    let mut fields = at.fields(scope.problems)?;
    let mut registries = Vec::new();
    for item in items(&mut fields, "registries", scope.problems) {
        let Some(mut fields) = item.fields(scope.problems) else {
            continue;
        };
        let url = fields
            .required("url")
            .and_then(|at| at.filled(scope.problems));
        let token = filled(&mut fields, "token", scope.problems).map(Secret::new);
        fields.finish(scope.problems);
        registries.extend(url.map(|url| WitRegistry {
            url: url.to_owned(),
            token,
        }));
    }
    let wit = Wit {
        registries,
        skip_fetch: flag(&mut fields, "skip_fetch", scope.problems),
        wit_dir: path(&mut fields, "wit_dir", scope),
        sources: values(&mut fields, "sources", scope.problems).into_map(),
    };
    fields.finish(scope.problems);
    Some(wit)
}

fn host(at: &At<'_>, scope: &mut Scope<'_>) -> Option<HostSection> {
    let mut fields = at.fields(scope.problems)?;
    let host_plugins = plugin::plugins(&mut fields, "hostPlugins", scope);
    fields.finish(scope.problems);
    Some(HostSection { host_plugins })
}

fn sources<'t>(
    at: Option<At<'t>>,
    section: &'static str,
    base: &Path,
    problems: &mut Problems,
) -> Vec<(&'t str, Source)> {
    let named = at.map(|at| at.named(problems)).unwrap_or_default();
    let mut sources = Vec::new();
    for (name, at) in named {
        let Some(mut fields) = at.fields(problems) else {
            continue;
        };
        let inline = fields
            .optional("inline")
            .map(|at| at.secrets(problems))
            .unwrap_or_default();
        let inline: BTreeMap<String, String> = inline
            .into_iter()
            .filter_map(|(key, at)| Some((key.to_owned(), at.text(problems)?.to_owned())))
            .collect();
        let source = Source {
            inline: Values::from(inline),
            file: filled(&mut fields, "file", problems).map(PathBuf::from),
            dir: filled(&mut fields, "dir", problems).map(PathBuf::from),
            from_env: texts(&mut fields, "fromEnv", variable, problems).unwrap_or_default(),
            vault: vault(&mut fields, section, base, problems),
        };
        fields.finish(problems);
        sources.push((name, source));
    }
    sources
}

/// `vault` of one of `secrets`.
fn vault(
    fields: &mut Fields<'_>,
    section: &'static str,
    base: &Path,
    problems: &mut Problems,
) -> Option<Vault> {
    if section != "secrets" {
        let help =
            "Vault keeps secrets: move the source to `secrets`, and its name to `secretFrom`";
        fields.misplaced(&["vault"], help, problems);
        return None;
    }
    let at = fields.optional("vault")?;
    let none = BTreeSet::new();
    let mut scope = Scope {
        base,
        configs: &none,
        secrets: &none,
        problems,
    };
    vault::read(&at, &mut scope)
}

fn variable(text: &str) -> Result<(), String> {
    if text.is_empty() || text.contains(['=', '\0']) {
        return Err(format!(
            "`{}` can't be the name of an environment variable; write a name without `=`",
            shown(text)
        ));
    }
    Ok(())
}

fn workload(at: &At<'_>, scope: &mut Scope<'_>) -> Option<Workload> {
    let mut fields = at.fields(scope.problems)?;
    let environment = fields
        .optional("environment")
        .and_then(|at| environment(&at, scope))
        .unwrap_or_default();
    let secrets = references(&mut fields, "secrets", "secrets", scope);
    let Config { values, limits, .. } = Config::read(&mut fields, scope.problems);
    let Reach {
        hosts,
        lookups,
        ports,
    } = Reach::read(&mut fields, scope.problems);
    fields.finish(scope.problems);
    let allowed_hosts_given = hosts.is_some();
    Some(Workload {
        environment,
        secrets,
        config: values.into(),
        limits,
        allowed_hosts: hosts.unwrap_or_else(|| vec!["*".to_owned()]),
        allowed_hosts_given,
        allowed_ip_name_lookups: lookups.unwrap_or_default(),
        allowed_host_loopback_ports: ports.unwrap_or_default(),
    })
}

/// A mapping that holds nothing but the three fields of a layer.
pub(super) fn environment(at: &At<'_>, scope: &mut Scope<'_>) -> Option<Environment> {
    let mut fields = at.fields(scope.problems)?;
    let environment = layer(&mut fields, scope);
    fields.finish(scope.problems);
    Some(environment)
}

/// `config`, `configFrom` and `secretFrom`.
pub(super) fn layer(fields: &mut Fields<'_>, scope: &mut Scope<'_>) -> Environment {
    let config = values(fields, "config", scope.problems);
    let config_from = references(fields, "configFrom", "configs", scope);
    let secret_from = references(fields, "secretFrom", "secrets", scope);
    Environment {
        config,
        config_from,
        secret_from,
    }
}

fn references(
    fields: &mut Fields<'_>,
    field: &'static str,
    section: &'static str,
    scope: &mut Scope<'_>,
) -> Vec<String> {
    let known = if section == "configs" {
        scope.configs
    } else {
        scope.secrets
    };
    let mut names = Vec::new();
    for item in items(fields, field, scope.problems) {
        let Some(name) = item.text(scope.problems) else {
            continue;
        };
        if known.contains(name) {
            names.push(name.to_owned());
            continue;
        }
        let mut problem = item.problem(format!("`{section}` has no entry `{}`", shown(name)));
        if !scope.problems.is_full() {
            let known: Vec<&str> = known.iter().copied().collect();
            problem = problem.help(match (nearest(name, &known), known.is_empty()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, true) => {
                    format!("the file has no `{section}` section: add it at the top level")
                }
                (None, false) => format!("`{section}` holds {}", quoted(&known)),
            });
        }
        scope.problems.push(problem);
    }
    names
}

/// The three lists of what may be reached; each may be missing.
pub(super) struct Reach {
    pub(super) hosts: Option<Vec<String>>,
    pub(super) lookups: Option<Vec<String>>,
    pub(super) ports: Option<Vec<String>>,
}

impl Reach {
    pub(super) fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Self {
        Self {
            hosts: texts(fields, "allowedHosts", pattern::allowed_host, problems),
            lookups: texts(
                fields,
                "allowedIpNameLookups",
                pattern::allowed_name,
                problems,
            ),
            ports: texts(
                fields,
                "allowedHostLoopbackPorts",
                pattern::loopback_port,
                problems,
            ),
        }
    }
}

pub(super) fn filled(
    fields: &mut Fields<'_>,
    name: &'static str,
    problems: &mut Problems,
) -> Option<String> {
    fields
        .optional(name)
        .and_then(|at| at.filled(problems))
        .map(str::to_owned)
}

pub(super) fn flag(fields: &mut Fields<'_>, name: &'static str, problems: &mut Problems) -> bool {
    fields
        .optional(name)
        .and_then(|at| at.boolean(problems))
        .unwrap_or_default()
}

pub(super) fn values(
    fields: &mut Fields<'_>,
    name: &'static str,
    problems: &mut Problems,
) -> Values {
    Values::from(
        fields
            .optional(name)
            .map(|at| at.text_map(problems))
            .unwrap_or_default(),
    )
}

/// A path, resolved against the project's folder.
pub(super) fn path(
    fields: &mut Fields<'_>,
    name: &'static str,
    scope: &mut Scope<'_>,
) -> Option<PathBuf> {
    filled(fields, name, scope.problems).map(|text| beneath(scope.base, Path::new(&text)))
}

pub(super) fn items<'t>(
    fields: &mut Fields<'t>,
    name: &'static str,
    problems: &mut Problems,
) -> Vec<At<'t>> {
    fields
        .optional(name)
        .map(|at| at.items(problems))
        .unwrap_or_default()
}

pub(super) fn texts(
    fields: &mut Fields<'_>,
    name: &'static str,
    check: impl Fn(&str) -> Result<(), String>,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    fields.optional(name).map(|at| at.texts(problems, check))
}

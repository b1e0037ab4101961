//! Who asks for which source: from the project file to sources, and from sources to values.

mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use weft_api::project::{self, Environment, Outline, Project};
use weft_settings::resolve::{Block, Lack, Missing, Resolved, Value, resolve};
use weft_settings::{
    EnvFile, Failure, FailureKind, Given, Kind, Place, Provider, Source, Variables,
};

use super::example::Example;
use super::lack::{At, Lacking};

/// A name of `configs:` or `secrets:`.
type Key = (Kind, String);

/// Who has an environment of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// Every component.
    Workload,
    /// One of `dev.components`, by its name.
    Component(String),
    /// A host plugin, by its id.
    Plugin(String),
    /// `wasmcloud:secrets` of every component, and nothing else.
    Secrets,
}

impl Owner {
    /// In words.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Workload => "the workload".to_owned(),
            Self::Component(name) => format!("the component `{name}`"),
            Self::Plugin(id) => format!("the host plugin `{id}`"),
            Self::Secrets => "`workload.secrets`".to_owned(),
        }
    }
}

/// A block with `config`, `configFrom` and `secretFrom`.
#[derive(Debug)]
struct Ask {
    owner: Owner,
    /// Values in the block itself, with their places.
    own: BTreeMap<String, (String, String)>,
    /// Sources with the place of the reference, in the order in which they win.
    sources: Vec<(Key, String)>,
}

/// What a project asks for.
pub(crate) struct Plan {
    asks: Vec<Ask>,
    /// The sources that somebody asks for.
    sources: BTreeMap<Key, Result<Arc<Source>, Failure>>,
    variables: Variables,
    /// The project file as people write it.
    file: String,
    outline: Outline,
    /// What `.env.example` documents.
    example: Option<Example>,
    dotenv: bool,
}

/// A name that is asked for, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) source: String,
    /// Where the value is; none = it is missing.
    pub(crate) origin: Option<String>,
    /// Who asks for the source.
    pub(crate) asked: Vec<String>,
}

/// What the blocks get.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The values of each block; a component's win over those of the workload.
    pub(crate) values: BTreeMap<Owner, BTreeMap<String, Value>>,
    /// Each name of each source that is asked for.
    pub(crate) rows: Vec<Row>,
    /// Everything that is missing.
    pub(crate) lacking: Vec<Lacking>,
    /// What deserves a look.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    /// `file` is the project file as people write it, `base` the project's folder; `dotenv` is whether the project's own
    /// `.env` is read.
    pub(crate) fn new(
        project: &Project,
        outline: &Outline,
        file: &str,
        base: &Path,
        dotenv: bool,
    ) -> Self {
        let process = Variables::of_process();
        let own = Place::new(base, Path::new(".env")).ok().filter(|_| dotenv);
        let variables = match own {
            Some(place) => process.clone().over(EnvFile::of_project(place, process)),
            None => process,
        };
        let mut plan = Self {
            asks: Vec::new(),
            sources: BTreeMap::new(),
            variables,
            file: file.to_owned(),
            outline: outline.clone(),
            example: Example::of(&base.join(".env"), ".env"),
            dotenv,
        };
        plan.ask_all(project);
        let asked = plan.asks.iter().flat_map(|ask| &ask.sources);
        let asked: BTreeSet<Key> = asked.map(|(key, _)| key.clone()).collect();
        for key in asked {
            let given = match key.0 {
                Kind::Config => project.configs.get(&key.1),
                Kind::Secret => project.secrets.get(&key.1),
            };
            if let Some(given) = given {
                let source = plan.given(&key, given).and_then(|given| {
                    Source::new(key.0, key.1.clone(), given, base, &plan.variables)
                });
                plan.sources.insert(key, source.map(Arc::new));
            }
        }
        plan
    }

    fn ask_all(&mut self, project: &Project) {
        let path = ["workload", "environment"].map(str::to_owned);
        self.ask(Owner::Workload, &path, &project.workload.environment);
        for (index, component) in project.dev.components.iter().enumerate() {
            let path = ["dev", "components", &index.to_string(), "environment"].map(str::to_owned);
            let owner = Owner::Component(component.name.as_str().to_owned());
            self.ask(owner, &path, &component.environment);
        }
        let path = ["workload"].map(str::to_owned);
        let places = project.workload.secrets.iter().enumerate();
        let sources = places.map(|(index, name)| {
            let place = self.place(&path, &["secrets", &index.to_string()]);
            ((Kind::Secret, name.clone()), place)
        });
        let ask = Ask {
            owner: Owner::Secrets,
            own: BTreeMap::new(),
            sources: sources.collect(),
        };
        self.asks.push(ask);
        for (section, field, plugins) in [
            ("dev", "host_plugins", &project.dev.host_plugins),
            ("host", "hostPlugins", &project.host.host_plugins),
        ] {
            for (index, plugin) in plugins.iter().enumerate() {
                let path = [section, field, &index.to_string()].map(str::to_owned);
                self.ask(Owner::Plugin(plugin.id.clone()), &path, &plugin.settings);
            }
        }
    }

    /// The place of a key of the project file.
    fn place(&self, path: &[String], more: &[&str]) -> String {
        let path = path.iter().map(String::as_str);
        let path: Vec<&str> = path.chain(more.iter().copied()).collect();
        format!("{}:{}", self.file, self.outline.line_of(&path))
    }

    fn ask(&mut self, owner: Owner, path: &[String], block: &Environment) {
        let at = |more: &[&str]| self.place(path, more);
        let own = block.config.iter();
        let own = own.map(|(name, value)| (name.clone(), (value.clone(), at(&["config", name]))));
        let mut sources = Vec::new();
        for (kind, field, names) in [
            (Kind::Config, "configFrom", &block.config_from),
            (Kind::Secret, "secretFrom", &block.secret_from),
        ] {
            for (index, name) in names.iter().enumerate() {
                sources.push(((kind, name.clone()), at(&[field, &index.to_string()])));
            }
        }
        let ask = Ask {
            owner,
            own: own.collect(),
            sources,
        };
        self.asks.push(ask);
    }

    fn given(&self, key: &Key, source: &project::Source) -> Result<Given, Failure> {
        let path = [key.0.section(), &key.1, "inline"];
        let lines = self.outline.lines_of_keys(&path);
        let inline = source.inline.iter().map(|(name, value)| {
            let line = lines.get(name.as_str()).copied().unwrap_or(1);
            let place = format!("{}:{line}", self.file);
            (name.clone(), (value.clone().into(), place))
        });
        let mut more: Vec<Arc<dyn Provider>> = Vec::new();
        if let Some(vault) = &source.vault {
            more.push(Arc::new(self.vault(vault)?));
        }
        Ok(Given {
            inline: inline.collect(),
            file: source.file.clone(),
            dir: source.dir.clone(),
            from_env: source.from_env.clone(),
            more,
        })
    }

    /// Where `.env.example` and the names that are asked for differ.
    pub(crate) fn compared_with_example(&self, rows: &[Row]) -> Vec<String> {
        let sources = self
            .sources
            .values()
            .filter_map(|source| source.as_ref().ok());
        let from_env: BTreeSet<&str> = sources
            .flat_map(|source| source.from_env())
            .map(String::as_str)
            .collect();
        let Some(example) = &self.example else {
            if from_env.is_empty() {
                return Vec::new();
            }
            let names: Vec<&str> = from_env.into_iter().collect();
            return vec![format!(
                "there is no `.env.example`: write one with a line `NAME=` for {}, and commit it",
                names.join(", ")
            )];
        };
        let undocumented = from_env.iter().filter(|name| example.line(name).is_none());
        let mut notes: Vec<String> = undocumented
            .map(|name| {
                format!(
                    "`{name}` is not in `.env.example`: add `{name}=`, so that others know of it"
                )
            })
            .collect();
        let unused = example
            .names
            .iter()
            .filter(|(name, _)| rows.iter().all(|row| row.name != *name));
        notes.extend(unused.map(|(name, line)| {
            format!("`.env.example:{line}` has `{name}`, which no source that is used takes")
        }));
        notes
    }

    /// Files and folders whose changes matter.
    pub(crate) fn watched(&self) -> Vec<PathBuf> {
        let own = self.variables.file().map(|file| file.path().to_owned());
        let sources = self
            .sources
            .values()
            .filter_map(|source| source.as_ref().ok());
        let places = sources.flat_map(|source| {
            let file = source.file().map(|file| file.path().to_owned());
            file.into_iter()
                .chain(source.dir().map(|dir| dir.path().to_owned()))
        });
        own.into_iter().chain(places).collect()
    }

    /// What the project's `.env` has and the environment does not: for the build command.
    pub(crate) fn for_build(&self) -> Vec<(String, String)> {
        let file = self.variables.file();
        let document = file.and_then(|file| file.document().ok().flatten());
        let entries = document.iter().flat_map(|document| &document.entries);
        let missing = entries.filter(|entry| self.variables.process(&entry.name).is_none());
        missing
            .filter(|entry| !entry.name.contains(['=', '\0']))
            .filter_map(|entry| Some((entry.name.clone(), entry.value.expose_text()?.to_owned())))
            .collect()
    }

    /// Reads everything that is asked for. What is missing stops nothing.
    pub(crate) async fn resolve(&self) -> Outcome {
        let mut outcome = Outcome::default();
        self.look_at_dotenv(&mut outcome);
        let mut found: BTreeMap<&Key, BTreeMap<String, Value>> = BTreeMap::new();
        for (key, source) in &self.sources {
            let resolved = match source {
                Ok(source) => {
                    outcome.notes.extend(source.warnings());
                    let block = Block {
                        sources: vec![source],
                        ..Block::default()
                    };
                    resolve(block).await
                }
                Err(failure) => Resolved {
                    missing: vec![Missing {
                        kind: key.0,
                        source: key.1.clone(),
                        what: Lack::Failed(failure.clone()),
                    }],
                    ..Resolved::default()
                },
            };
            self.take(key, source.as_ref().ok(), &resolved, &mut outcome);
            found.insert(key, resolved.values);
        }
        for ask in &self.asks {
            let own = ask.own.iter().map(|(name, (value, origin))| {
                let value = Value {
                    value: value.clone().into(),
                    origin: origin.clone(),
                    secret: false,
                };
                (name.clone(), value)
            });
            let mut values: BTreeMap<String, Value> = own.collect();
            for (key, _) in &ask.sources {
                values.extend(found.get(key).cloned().unwrap_or_default());
            }
            outcome.values.insert(ask.owner.clone(), values);
        }
        // One thing that is asked for in several ways is told once.
        let mut told = BTreeSet::new();
        outcome
            .lacking
            .retain(|lack| told.insert(lack.message.clone()));
        let mut noted = BTreeSet::new();
        outcome.notes.retain(|note| noted.insert(note.clone()));
        outcome
    }

    /// Rows and lacks of one source.
    fn take(
        &self,
        key: &Key,
        source: Option<&Arc<Source>>,
        resolved: &Resolved,
        outcome: &mut Outcome,
    ) {
        let asked = self.asked(key);
        let row = |name: &str, origin| Row {
            name: name.to_owned(),
            kind: key.0,
            source: key.1.clone(),
            origin,
            asked: asked.clone(),
        };
        for (name, value) in &resolved.values {
            outcome.rows.push(row(name, Some(value.origin.clone())));
            if self.is_for_environment(key) {
                outcome.lacking.extend(unfit(key, name, value, &asked));
            }
            if value.secret && value.value.expose().is_empty() {
                outcome
                    .notes
                    .push(format!("the secret `{name}` is empty ({})", value.origin));
            }
        }
        let documented = self.documented(key, source, resolved, &asked);
        for missing in &resolved.missing {
            let lack = match &missing.what {
                Lack::Name(name) => self.unset(key, name, &asked),
                // Its names are told instead.
                Lack::Failed(failure)
                    if failure.kind == FailureKind::NotFound && !documented.is_empty() =>
                {
                    continue;
                }
                Lack::Failed(failure) => Lacking {
                    name: None,
                    message: failure.message.clone(),
                    asked: asked.clone(),
                    help: failure.help.iter().cloned().collect(),
                    at: At::key(&[key.0.section(), &key.1]),
                },
            };
            outcome
                .rows
                .extend(lack.name.as_ref().map(|name| row(name, None)));
            outcome.lacking.push(lack);
        }
        for lack in documented {
            outcome
                .rows
                .extend(lack.name.as_ref().map(|name| row(name, None)));
            outcome.lacking.push(lack);
        }
    }

    /// Who asks for a source, with the places.
    fn asked(&self, key: &Key) -> Vec<String> {
        let mut asked = Vec::new();
        for ask in &self.asks {
            let here = ask.sources.iter().filter(|(other, _)| other == key);
            asked.extend(here.map(|(_, place)| format!("{} ({place})", ask.owner.shown())));
        }
        asked
    }

    /// A variable of `fromEnv` that is not set.
    fn unset(&self, key: &Key, name: &str, asked: &[String]) -> Lacking {
        let index = match self.sources.get(key) {
            Some(Ok(source)) => source.from_env().iter().position(|known| known == name),
            _ => None,
        };
        let index = index.unwrap_or_default().to_string();
        let section = key.0.section();
        let place = [section, &key.1, "fromEnv", &index];
        let line = self.outline.line_of(&place);
        let mut help = vec![match self.dotenv {
            true => format!("put `{name}=<value>` in `.env`, or set it in the environment"),
            false => {
                format!("set `{name}` in the environment; without --no-dotenv, `.env` counts, too")
            }
        }];
        help.push(
            match self.example.as_ref().map(|example| example.line(name)) {
                Some(Some(line)) => {
                    let copy = match self
                        .variables
                        .file()
                        .is_some_and(|file| file.path().exists())
                    {
                        false if self.dotenv => {
                            "; to start with it: cp .env.example .env && chmod 600 .env"
                        }
                        _ => "",
                    };
                    format!("`.env.example` has a placeholder for it in line {line}{copy}")
                }
                _ => format!("add `{name}=` to `.env.example`, so that others know of it"),
            },
        );
        Lacking {
            name: Some(name.to_owned()),
            message: format!(
                "`{name}` is not set; `{section}.{}` takes it from the environment ({}:{line})",
                key.1, self.file
            ),
            asked: asked.to_vec(),
            help,
            at: At::key(&place),
        }
    }

    /// The names that the example of a source's file documents and that the source has not.
    fn documented(
        &self,
        key: &Key,
        source: Option<&Arc<Source>>,
        resolved: &Resolved,
        asked: &[String],
    ) -> Vec<Lacking> {
        let file = source.and_then(|source| source.file());
        let Some((file, example)) =
            file.and_then(|file| Some((file, Example::of(file.path(), file.shown())?)))
        else {
            return Vec::new();
        };
        // What a file that cannot be understood has is not known.
        let unknown = |missing: &Missing| matches!(&missing.what, Lack::Failed(failure) if failure.kind != FailureKind::NotFound);
        if resolved.missing.iter().any(unknown) {
            return Vec::new();
        }
        let there = file.path().exists();
        let (section, shown) = (key.0.section(), file.shown());
        let line = self.outline.line_of(&[section, &key.1, "file"]);
        let absent = example
            .names
            .iter()
            .filter(|(name, _)| !resolved.values.contains_key(name));
        let lack = |(name, placeholder): &(String, usize)| {
            let copy = match (there, key.0) {
                (true, _) => String::new(),
                (false, Kind::Config) => format!("; to start with it: cp {shown}.example {shown}"),
                (false, Kind::Secret) => {
                    format!("; to start with it: cp {shown}.example {shown} && chmod 600 {shown}")
                }
            };
            Lacking {
                name: Some(name.clone()),
                message: format!(
                    "`{name}` is not set; `{section}.{}` takes it from the file `{shown}` ({}:{line}){}",
                    key.1,
                    self.file,
                    if there { "" } else { ", which is not there" }
                ),
                asked: asked.to_vec(),
                help: vec![
                    format!("put `{name}=<value>` in `{shown}`"),
                    format!(
                        "`{}` has a placeholder for it in line {placeholder}{copy}",
                        example.shown
                    ),
                ],
                at: At::Example(example.shown.clone(), *placeholder),
            }
        };
        absent.map(lack).collect()
    }

    /// The project's own `.env`: whether it can be read, and whether others can.
    fn look_at_dotenv(&self, outcome: &mut Outcome) {
        let Some(file) = self.variables.file() else {
            return;
        };
        match file.document() {
            Ok(Some(document)) => {
                let warnings = document.warnings.iter();
                outcome
                    .notes
                    .extend(warnings.map(|problem| format!(".env:{problem}")));
                if weft_settings::would_be_committed(file.path()) {
                    outcome
                        .notes
                        .push("git does not ignore `.env`: add it to .gitignore".to_owned());
                }
            }
            Ok(None) => {}
            Err(failure) => outcome.lacking.push(Lacking {
                name: None,
                message: failure.message,
                asked: Vec::new(),
                help: failure.help.into_iter().collect(),
                at: At::key(&[]),
            }),
        }
        let problem = self
            .example
            .as_ref()
            .and_then(|example| example.problem.clone());
        outcome.notes.extend(problem);
    }
}

impl Outcome {
    /// The values of a block as the environment of a component.
    pub(crate) fn environment(&self, owner: &Owner) -> project::Values {
        let values = self.values.get(owner).into_iter().flatten();
        values
            .filter_map(|(name, value)| Some((name.clone(), value.value.expose_text()?.to_owned())))
            .collect()
    }
}

/// What an environment cannot hold.
fn unfit(key: &Key, name: &str, value: &Value, asked: &[String]) -> Option<Lacking> {
    let (message, help) = if name.is_empty() || name.contains(['=', '\0']) {
        (
            format!(
                "`{}` can't be the name of an environment variable ({})",
                name.escape_debug(),
                value.origin
            ),
            "rename it",
        )
    } else if value.value.expose_text().is_none() {
        (
            format!(
                "the value of `{name}` is not UTF-8 text, which an environment needs ({})",
                value.origin
            ),
            "name its source in `workload.secrets` instead, so that the component gets the bytes through `wasmcloud:secrets`",
        )
    } else {
        return None;
    };
    Some(Lacking {
        name: Some(name.to_owned()),
        message,
        asked: asked.to_vec(),
        help: vec![help.to_owned()],
        at: At::key(&[key.0.section(), &key.1, "inline", name]),
    })
}

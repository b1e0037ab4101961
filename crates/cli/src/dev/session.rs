//! The loop of a development session: build, start or swap, wait for a change, again. A failure at any point is shown
//! and leaves the running version as it is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use weft_api::spec::WorkloadSpec;
use weft_host::{Granting, Host, Prepared, ProvidedSecrets, Purpose, Running, StartError};

use super::build::{Build, Recipe};
use super::component::{self, Stamp};
use super::project::Opened;
use super::summary::Summary;
use super::tell::Tell;
use super::watch::{Change, Watch};
use super::workload;
use crate::settings::{Plan, missing};

/// Builds in a row that a change may stop. A build command that rewrites a watched file would otherwise never end.
const STOPPED_MAX: u32 = 3;

/// What the flags say.
pub(super) struct Options {
    /// Whether the build command is left alone.
    pub(super) no_build: bool,
    /// Whether the project's own `.env` is read.
    pub(super) dotenv: bool,
    /// Where the workload is served.
    pub(super) url: String,
}

/// A project that is being developed.
pub(super) struct Session {
    opened: Opened,
    /// What the project asks for.
    plan: Plan,
    /// What it has for `wasmcloud:secrets`.
    secrets: Arc<ProvidedSecrets>,
    host: Host,
    options: Options,
    tell: Tell,
    watch: Option<Watch>,
    /// What answers requests; none before the first success.
    running: Option<Running>,
    /// How often a new version was started.
    version: u32,
    /// The components' files as they were last looked at.
    seen: Vec<(PathBuf, Option<Stamp>)>,
    /// How many builds in a row were stopped.
    stopped: u32,
    summary: Option<Summary>,
}

/// What has to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Build,
    Start,
}

/// How one round of work ended.
enum Round {
    Done,
    Failed,
    /// Something changed meanwhile, so that the outcome does not matter any more, or another round is needed.
    Outdated(Change),
}

/// A version that only has to be put in place.
struct Ready {
    spec: WorkloadSpec,
    production: WorkloadSpec,
    prepared: Prepared,
    /// What deserves a look about the settings.
    notes: Vec<String>,
}

impl Session {
    pub(super) fn new(
        opened: Opened,
        host: Host,
        options: Options,
        tell: Tell,
        watch: Option<Watch>,
    ) -> Self {
        let seen = stamps(&opened);
        let plan = opened.plan(options.dotenv);
        Self {
            secrets: secrets(&plan),
            plan,
            opened,
            host,
            options,
            tell,
            watch,
            running: None,
            version: 0,
            seen,
            stopped: 0,
            summary: None,
        }
    }

    /// What prints for this session.
    pub(super) fn tell(&self) -> &Tell {
        &self.tell
    }

    /// Works until it is dropped. Returns only when nothing is served and, without watching, nothing ever will be.
    pub(super) async fn run(&mut self) -> anyhow::Error {
        for note in &self.opened.notes {
            self.tell.note(note);
        }
        let mut due = Some(Due::Build);
        loop {
            let change = match due.take() {
                None => self.next_change().await,
                Some(work) => match self.round(work).await {
                    Round::Done => continue,
                    Round::Failed if self.watch.is_none() && self.running.is_none() => {
                        return anyhow::anyhow!(
                            "the project could not be started, and nothing is watched"
                        );
                    }
                    Round::Failed => continue,
                    Round::Outdated(change) => change,
                },
            };
            due = self.answer(&change);
        }
    }

    /// Lets the service end, if there is one.
    pub(super) async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    async fn next_change(&mut self) -> Change {
        next(&mut self.watch).await
    }

    /// Decides what a change asks for.
    fn answer(&mut self, change: &Change) -> Option<Due> {
        if change.project {
            match Opened::read(&self.opened.folder) {
                Ok(opened) => self.reopen(opened),
                Err(error) => {
                    self.tell.not_started(&error, self.version);
                    return None;
                }
            }
            return Some(Due::Build);
        }
        if !change.sources.is_empty() && self.recipe().is_some() {
            self.tell.changed(&self.opened, &change.sources);
            return Some(Due::Build);
        }
        if !change.values.is_empty() {
            self.tell.changed(&self.opened, &change.values);
            // What examples document and which files there are may have changed as well.
            self.plan = self.opened.plan(self.options.dotenv);
            self.secrets = secrets(&self.plan);
            return Some(Due::Build);
        }
        let changed: Vec<PathBuf> = self
            .seen
            .iter()
            .filter(|(path, seen)| Stamp::of(path) != *seen)
            .map(|(path, _)| path.clone())
            .collect();
        if change.components && !changed.is_empty() {
            self.tell.changed(&self.opened, &changed);
            return Some(Due::Start);
        }
        None
    }

    fn reopen(&mut self, opened: Opened) {
        self.tell.project_read(&opened);
        if opened.project.dev.address != self.opened.project.dev.address {
            self.tell
                .note("another `dev.address` counts from the next start on");
        }
        self.seen = stamps(&opened);
        self.plan = opened.plan(self.options.dotenv);
        self.secrets = secrets(&self.plan);
        self.opened = opened;
        self.watch_project();
    }

    async fn round(&mut self, due: Due) -> Round {
        let mut late = None;
        if due == Due::Build
            && let Some(recipe) = self.recipe()
        {
            match self.build(&recipe).await {
                Built::Done { changed } => late = changed,
                Built::Failed {
                    changed: Some(change),
                }
                | Built::Stopped(change) => return Round::Outdated(change),
                Built::Failed { changed: None } => return Round::Failed,
            }
        }
        let started = Instant::now();
        let outcome = tokio::select! {
            outcome = prepare(&self.host, &self.opened, &self.plan, &self.secrets, &mut self.seen) => outcome,
            change = urgent(&mut self.watch) => return Round::Outdated(change),
        };
        let outcome = match outcome {
            Ok(ready) => self.put_in_place(ready, started).await,
            Err(error) => Err(error),
        };
        self.watch_project();
        if let Err(error) = &outcome {
            self.tell.not_started(error, self.version);
        }
        match (late, outcome) {
            (Some(change), _) => Round::Outdated(change),
            (None, Ok(())) => Round::Done,
            (None, Err(_)) => Round::Failed,
        }
    }

    /// Starts the first version, or swaps a later one in.
    async fn put_in_place(&mut self, ready: Ready, started: Instant) -> anyhow::Result<()> {
        let Ready {
            spec,
            production,
            prepared,
            notes: settings_notes,
        } = ready;
        let imports = prepared.imports.clone();
        let notes = prepared.notes.clone();
        let before = published(self.running.as_ref());
        match &mut self.running {
            Some(running) => self.host.swap(running, &spec, prepared).await?,
            None => self.running = Some(self.host.start(&spec, prepared).await?),
        }
        let after = published(self.running.as_ref());
        let new = after.iter().filter(|port| !before.contains(port));
        new.for_each(|port| self.tell.published(port));
        self.version = self.version.saturating_add(1);
        self.host.set_started();
        self.tell
            .serving(self.version, &self.options.url, started.elapsed());

        let refusals = refusals_in_production(&self.host, &production).await;
        let hosts_given = self.opened.project.workload.allowed_hosts_given;
        let summary = Summary::new(&production, &imports, refusals, hosts_given);
        if self.summary.as_ref() != Some(&summary) {
            self.tell.object(&summary.json());
            self.tell.lines(&summary.lines());
            for note in notes.iter().chain(&settings_notes) {
                self.tell.note(note);
            }
            self.summary = Some(summary);
        }
        Ok(())
    }

    /// What to build with, if anything is to be built.
    fn recipe(&self) -> Option<Recipe> {
        let command = self.opened.command().filter(|_| !self.options.no_build)?;
        let own = self.opened.project.build.env.iter();
        let mut env = self.plan.for_build();
        env.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        Some(Recipe {
            command: command.to_owned(),
            folder: self.opened.folder.clone(),
            env,
            component: component::wanted(&self.opened),
        })
    }

    async fn build(&mut self, recipe: &Recipe) -> Built {
        self.tell.building(&recipe.command);
        let started = Instant::now();
        let mut build = match Build::start(recipe, &self.tell)
            .context("cannot start `sh` for the build command")
        {
            Ok(build) => build,
            Err(error) => {
                self.tell.not_started(&error, self.version);
                return Built::Failed { changed: None };
            }
        };
        let mut changed = None;
        let status = loop {
            tokio::select! {
                status = build.wait() => break status,
                change = urgent(&mut self.watch), if changed.is_none() => {
                    if self.stopped < STOPPED_MAX {
                        self.stopped = self.stopped.saturating_add(1);
                        build.stop().await;
                        self.tell.build_stopped();
                        return Built::Stopped(change);
                    }
                    self.tell.note(
                        "files change whenever the project is built, so this build goes on; if the build command \
                         itself writes them, list them in .gitignore",
                    );
                    changed = Some(change);
                }
            }
        };
        self.stopped = 0;
        // What a failed build left behind is not for serving, nor is its change one to react to.
        for (path, seen) in &mut self.seen {
            *seen = Stamp::of(path);
        }
        match status {
            Ok(status) if status.success() => {
                self.tell.built(started.elapsed());
                Built::Done { changed }
            }
            Ok(status) => {
                self.tell
                    .build_failed(status, started.elapsed(), self.version);
                Built::Failed { changed }
            }
            Err(error) => {
                let error = anyhow::Error::new(error).context("cannot wait for the build command");
                self.tell.not_started(&error, self.version);
                Built::Failed { changed }
            }
        }
    }

    /// Points the watch at what the project consists of now.
    fn watch_project(&self) {
        if let Some(watch) = &self.watch {
            let mut watched = self.opened.watched(self.plan.watched());
            watched
                .components
                .extend(self.seen.iter().map(|(path, _)| path.clone()));
            watch.point_at(watched);
        }
    }
}

/// How a build ended; what changed meanwhile and did not stop it comes along.
enum Built {
    Done { changed: Option<Change> },
    Failed { changed: Option<Change> },
    Stopped(Change),
}

/// The present state of the files that the components come from.
fn stamps(opened: &Opened) -> Vec<(PathBuf, Option<Stamp>)> {
    let files = opened.watched(Vec::new()).components;
    files
        .into_iter()
        .map(|path| (path.clone(), Stamp::of(&path)))
        .collect()
}

/// The next change; never, where nothing is watched.
async fn next(watch: &mut Option<Watch>) -> Change {
    match watch {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}

/// The next change of what a build starts from. The components' own files change while they are built.
async fn urgent(watch: &mut Option<Watch>) -> Change {
    loop {
        let change = next(watch).await;
        if change.project || !change.sources.is_empty() || !change.values.is_empty() {
            return change;
        }
    }
}

/// What the plan's sources have for `wasmcloud:secrets`. The same as long as the plan is, so that a service that gets it goes
/// on.
fn secrets(plan: &Plan) -> Arc<ProvidedSecrets> {
    Arc::new(ProvidedSecrets::new("default/dev", plan.secrets()))
}

async fn prepare(
    host: &Host,
    opened: &Opened,
    plan: &Plan,
    secrets: &Arc<ProvidedSecrets>,
    seen: &mut Vec<(PathBuf, Option<Stamp>)>,
) -> anyhow::Result<Ready> {
    let settings = plan.resolve().await;
    if let Some(missing) = missing(&settings.lacking) {
        bail!(missing);
    }
    let production = workload::spec(&opened.project, &component::locate(opened)?, &settings)?;
    // Taken before the files are read: what is written meanwhile is then a change.
    *seen = workload::files(&production)
        .map(|path| (path.to_owned(), Stamp::of(path)))
        .collect();
    let spec = workload::answering_every_name(production.clone());
    let spec = workload::with_secrets(spec, plan.names_of_secrets(&settings));
    let prepared = host
        .prepare_with(
            &spec,
            Granting::Everything,
            Purpose::Serve,
            Arc::clone(secrets) as _,
        )
        .await?;
    Ok(Ready {
        spec,
        production,
        prepared,
        notes: settings.notes,
    })
}

/// What a host that grants only what is asked for has against the workload: its own words.
async fn refusals_in_production(host: &Host, spec: &WorkloadSpec) -> Vec<String> {
    match host.prepare(spec, Granting::Entries, Purpose::Serve).await {
        Err(StartError::Plan(refused)) => refused.errors.iter().map(ToString::to_string).collect(),
        // It started here a moment ago, so any other error is of the moment and says nothing about production.
        Ok(_) | Err(_) => Vec::new(),
    }
}

/// Ports of the service that can be reached from outside, as they are shown.
fn published(running: Option<&Running>) -> Vec<String> {
    let ports = running.into_iter().flat_map(Running::ports);
    ports.map(ToString::to_string).collect()
}

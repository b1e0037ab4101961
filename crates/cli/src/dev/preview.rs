//! A project as `weft explain` looks at it: its workload as `weft dev` would start it, without building anything.

use std::path::Path;

use anyhow::Context;
use weft_api::diagnostic::Diagnostic;
use weft_api::places::{Places, Step};
use weft_api::project::Format;
use weft_api::spec::{Origin, WorkloadSpec};
use weft_settings::Kind;

use super::project::Opened;
use super::{component, workload};
use crate::settings::{At, Lacking, Outcome};

/// A project that was read.
pub(crate) struct Preview {
    /// The workload, or all the reasons why there is none yet.
    pub(crate) spec: Result<WorkloadSpec, Vec<Missing>>,
    pub(crate) places: Places,
    pub(crate) notes: Vec<String>,
}

/// Why a project has no workload.
pub(crate) struct Missing {
    /// The place that has to do with it.
    pub(crate) at: At,
    /// What is wrong, and behind `; ` what to do.
    pub(crate) message: String,
}

impl Missing {
    /// With its place in the files of the project.
    pub(crate) fn located(&self, places: &Places) -> Diagnostic {
        let path = match &self.at {
            At::Project(path) => path,
            At::Example(file, line) => {
                return Diagnostic {
                    file: file.clone(),
                    line: *line,
                    column: 1,
                    ..places.problem(0, &[], &self.message, None)
                };
            }
        };
        let mut in_list = false;
        let steps = path.iter().map(|step| {
            let item = step.parse().ok().filter(|_| in_list);
            in_list = step == "fromEnv";
            item.map_or(Step::Key(step), Step::Item)
        });
        let steps: Vec<_> = steps.collect();
        places.problem(0, &steps, &self.message, None)
    }
}

/// Reads the project of a folder.
///
/// # Errors
/// When it has no project file, or one that cannot be read.
pub(crate) async fn preview(dir: &Path) -> anyhow::Result<Preview> {
    let opened = Opened::find(dir)?;
    let shown = dir.join(
        opened
            .file
            .strip_prefix(&opened.folder)
            .unwrap_or(&opened.file),
    );
    let text = crate::files::text(&opened.file)
        .with_context(|| format!("cannot read the project file `{}`", shown.display()))?;
    let format = Format::of(&opened.file).unwrap_or(Format::Yaml);
    let places = Places::of_project(&shown.display().to_string(), &text, format);
    let settings = opened.plan(true).resolve().await;
    let mut missing: Vec<_> = settings
        .lacking
        .iter()
        .map(|lack| lacking(lack, dir))
        .collect();
    let spec = match component::locate(&opened) {
        Ok(component) => {
            workload::spec(&opened.project, &component, &settings).map_err(|error| Missing {
                at: At::key(&["workload"]),
                message: with_remedy(&error, "correct it in the project file"),
            })
        }
        Err(error) => {
            let section = match opened.project.dev.component_path {
                Some(_) => "dev",
                None => "build",
            };
            Err(Missing {
                at: At::key(&[section, "component_path"]),
                message: with_remedy(&error, "run `weft dev`, which builds it"),
            })
        }
    };
    let spec = match spec {
        Ok(mut spec) if missing.is_empty() => {
            name_origins(&opened, &settings, &mut spec);
            Ok(workload::answering_every_name(spec))
        }
        Ok(_) => Err(missing),
        Err(other) => {
            missing.push(other);
            Err(missing)
        }
    };
    Ok(Preview {
        spec,
        places,
        notes: opened.notes,
    })
}

/// A setting that nobody gives.
fn lacking(lack: &Lacking, dir: &Path) -> Missing {
    let asked = match lack.asked.is_empty() {
        true => String::new(),
        false => format!(" (asked for by {})", lack.asked.join(", ")),
    };
    let help = match lack.help.is_empty() {
        true => "correct it there".to_owned(),
        false => lack.help.join(", and "),
    };
    // What follows the first `; ` is what to do.
    let message = lack.message.replace("; ", ", ");
    Missing {
        at: match &lack.at {
            At::Example(file, line) => At::Example(dir.join(file).display().to_string(), *line),
            at @ At::Project(_) => at.clone(),
        },
        message: format!("{message}{asked}; {help}"),
    }
}

/// The message of an error, which ends with what to do.
fn with_remedy(error: &anyhow::Error, remedy: &str) -> String {
    let message = format!("{error:#}");
    if message.contains("; ") {
        message
    } else {
        format!("{message}; {remedy}")
    }
}

/// Says which sources of the project variables come from.
fn name_origins(opened: &Opened, settings: &Outcome, spec: &mut WorkloadSpec) {
    let project = &opened.project;
    let of = |environment: &weft_api::project::Environment| {
        let names = |kind: Kind, source: &str| {
            let rows = settings.rows.iter();
            rows.filter(|row| row.kind == kind && row.source == source)
                .map(|row| row.name.clone())
                .collect::<Vec<_>>()
        };
        let configs = environment.config_from.iter().map(|source| {
            let origin = Origin::Config(source.clone());
            (origin, names(Kind::Config, source))
        });
        let secrets = environment.secret_from.iter().map(|source| {
            let origin = Origin::Secret(source.clone());
            (origin, names(Kind::Secret, source))
        });
        let keys = configs
            .chain(secrets)
            .flat_map(|(origin, names)| names.into_iter().map(move |name| (name, origin.clone())));
        keys.collect::<Vec<_>>()
    };
    let shared = of(&project.workload.environment);
    let resources = spec.components.iter_mut().map(|component| {
        let own = project.dev.components.iter();
        let mut own = own.filter(|sidecar| sidecar.name == component.name);
        let own = own.next().map(|sidecar| of(&sidecar.environment));
        (&mut component.resources, own)
    });
    let service = spec.service.iter_mut();
    for (resources, own) in resources.chain(service.map(|service| (&mut service.resources, None))) {
        resources.origins.extend(shared.iter().cloned());
        resources.origins.extend(own.into_iter().flatten());
    }
}

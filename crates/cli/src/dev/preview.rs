//! A project as `weft explain` looks at it: its workload as `weft dev` would start it, without building anything.

use std::path::Path;

use anyhow::Context;
use weft_api::places::{Places, Step};
use weft_api::project::Format;
use weft_api::spec::{Origin, WorkloadSpec};

use super::project::Opened;
use super::{component, workload};

/// A project that was read.
pub(crate) struct Preview {
    /// The workload, or why there is none yet.
    pub(crate) spec: Result<WorkloadSpec, Missing>,
    pub(crate) places: Places,
    pub(crate) notes: Vec<String>,
}

/// Why a project has no workload.
pub(crate) struct Missing {
    /// The key that has to do with it.
    pub(crate) at: Vec<Step<'static>>,
    /// What is wrong, and behind `; ` what to do.
    pub(crate) message: String,
}

/// Reads the project of a folder.
///
/// # Errors
/// When it has no project file, or one that cannot be read.
pub(crate) fn preview(dir: &Path) -> anyhow::Result<Preview> {
    let opened = Opened::find(dir)?;
    let shown = dir.join(
        opened
            .file
            .strip_prefix(&opened.folder)
            .unwrap_or(&opened.file),
    );
    let text = std::fs::read_to_string(&opened.file)
        .with_context(|| format!("cannot read the project file `{}`", shown.display()))?;
    let format = Format::of(&opened.file).unwrap_or(Format::Yaml);
    let places = Places::of_project(&shown.display().to_string(), &text, format);
    let spec = component::locate(&opened)
        .map_err(|error| {
            let section = match opened.project.dev.component_path {
                Some(_) => "dev",
                None => "build",
            };
            Missing {
                at: vec![Step::Key(section), Step::Key("component_path")],
                message: with_remedy(&error, "run `weft dev`, which builds it"),
            }
        })
        .and_then(|component| {
            workload::spec(&opened.project, &component).map_err(|error| Missing {
                at: vec![Step::Key("workload")],
                message: with_remedy(&error, "correct it in the project file"),
            })
        })
        .map(|mut spec| {
            name_origins(&opened, &mut spec);
            workload::answering_every_name(spec)
        });
    Ok(Preview {
        spec,
        places,
        notes: opened.notes,
    })
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
fn name_origins(opened: &Opened, spec: &mut WorkloadSpec) {
    let project = &opened.project;
    let of = |environment: &weft_api::project::Environment| {
        let configs = environment.config_from.iter().map(|name| {
            let source = project.configs.get(name);
            (Origin::Config(name.clone()), source)
        });
        let secrets = environment.secret_from.iter().map(|name| {
            let source = project.secrets.get(name);
            (Origin::Secret(name.clone()), source)
        });
        let keys = configs.chain(secrets).flat_map(|(origin, source)| {
            let keys = source
                .map(|source| source.inline.keys())
                .into_iter()
                .flatten();
            keys.map(move |key| (key.clone(), origin.clone()))
        });
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

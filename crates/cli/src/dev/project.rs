//! Finding and reading the project file.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use weft_api::project::{Found, Outline, PLACES, Project, find, parse_with_outline};
use weft_api::spec::Image;

use super::component;
use super::unsupported::{self, Unsupported};
use super::watch::Watched;
use crate::settings::Plan;

/// A project as its file says it now.
pub(super) struct Opened {
    /// The project's folder: absolute, without symbolic links.
    pub(super) folder: PathBuf,
    /// The project file.
    pub(super) file: PathBuf,
    /// What it says.
    pub(super) project: Project,
    /// In which lines it says it.
    pub(super) outline: Outline,
    /// Things worth telling: files and keys that are not used.
    pub(super) notes: Vec<String>,
}

/// A project file that was read.
pub(crate) struct Parsed {
    pub(crate) found: Found,
    /// The file as people write it.
    pub(crate) shown: String,
    pub(crate) project: Project,
    pub(crate) outline: Outline,
}

/// The folder of the project that a folder is in: itself, or the nearest above that has a project file.
pub(crate) fn nearest(dir: &Path) -> anyhow::Result<PathBuf> {
    let start = dir
        .canonicalize()
        .with_context(|| format!("cannot open the folder `{}`", dir.display()))?;
    if !start.is_dir() {
        bail!(
            "`{}` is a file; `weft dev` and `weft config` take the folder of a project, `weft run` takes components and \
             manifests",
            dir.display()
        );
    }
    let folder = start.ancestors().find(|folder| find(folder).is_some());
    let folder = folder.with_context(|| no_project_file(&start))?;
    Ok(folder.to_owned())
}

/// Reads the project file of exactly this folder.
pub(crate) fn parsed(folder: &Path) -> anyhow::Result<Parsed> {
    let found = find(folder).with_context(|| no_project_file(folder))?;
    let text = crate::files::text(&found.file)
        .with_context(|| format!("cannot read the project file `{}`", found.file.display()))?;
    let shown = found.file.strip_prefix(folder).unwrap_or(&found.file);
    let shown = shown.display().to_string();
    let (project, outline) = parse_with_outline(&shown, &found.folder, &text, found.format)?;
    Ok(Parsed {
        found,
        shown,
        project,
        outline,
    })
}

impl Opened {
    /// Reads the project file of a folder, or of the nearest folder above that has one.
    pub(super) fn find(dir: &Path) -> anyhow::Result<Self> {
        Self::read(&nearest(dir)?)
    }

    /// Reads the project file of exactly this folder.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let Parsed {
            found,
            shown,
            project,
            outline,
        } = parsed(folder)?;
        let Unsupported {
            refused,
            mut unused,
        } = unsupported::review(&project);
        if !refused.is_empty() {
            let list: String = refused.iter().map(|key| format!("\n  - {key}")).collect();
            bail!("`{shown}` asks for what this version of weft cannot do:{list}");
        }
        for other in &found.shadowed {
            let other = other.strip_prefix(folder).unwrap_or(other).display();
            unused.push(format!(
                "`{other}` does not count, because `{shown}` is there"
            ));
        }
        Ok(Self {
            folder: found.folder,
            file: found.file,
            project,
            outline,
            notes: unused,
        })
    }

    /// What to run to get the component, if anything.
    pub(super) fn command(&self) -> Option<&str> {
        self.project
            .dev
            .command
            .as_deref()
            .or(self.project.build.command.as_deref())
    }

    /// Where the project file says that the component is.
    pub(super) fn component_path(&self) -> Option<&Path> {
        self.project
            .dev
            .component_path
            .as_deref()
            .or(self.project.build.component_path.as_deref())
    }

    /// A path as the developer would write it.
    pub(super) fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.folder).unwrap_or(path).display()
    }

    /// What its blocks ask for; `dotenv` is whether the project's own `.env` is read.
    pub(super) fn plan(&self, dotenv: bool) -> Plan {
        let file = self.shown(&self.file).to_string();
        Plan::new(&self.project, &self.outline, &file, &self.folder, dotenv)
    }

    /// What to look at for changes; `values` are files and folders that settings come from. Where the component's path is left open, the one found is added later.
    pub(super) fn watched(&self, values: Vec<PathBuf>) -> Watched {
        let sidecars = self
            .project
            .dev
            .components
            .iter()
            .filter_map(|component| match &component.image {
                Image::File(path) => Some(path.clone()),
                Image::Registry(_) => None,
            });
        Watched {
            root: self.folder.clone(),
            project_files: PLACES.iter().map(|place| self.folder.join(place)).collect(),
            components: std::iter::once(component::wanted(self))
                .chain(sidecars)
                .collect(),
            values,
            // What components write there is no change of the project.
            outside: self
                .project
                .dev
                .volumes
                .iter()
                .map(|volume| volume.host_path.clone())
                .collect(),
        }
    }
}

/// What builds the component in a folder that looks like this.
pub(crate) fn likely_command(folder: &Path) -> Option<&'static str> {
    if folder.join("Cargo.toml").is_file() {
        Some("cargo build --release --target wasm32-wasip2")
    } else if folder.join("package.json").is_file() {
        Some("npm run build")
    } else {
        None
    }
}

fn no_project_file(folder: &Path) -> String {
    let command = likely_command(folder).unwrap_or("<what builds the component>");
    format!(
        "no project file in `{}` or above it; write a `weft.yaml` there:\n  build:\n    command: {command}\n    \
         component_path: <the .wasm file that it makes>",
        folder.display()
    )
}

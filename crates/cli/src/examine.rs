//! What `weft check` and `weft explain` have in common: from a file on the command line to its workloads, and for each
//! all that is against a start. One says yes or no, the other says why.

use std::path::Path;

use weft_api::places::{Places, Step};
use weft_api::spec::WorkloadSpec;
use weft_host::{Foreseen, Granting, Host, Overlap, Purpose, overlaps};

use crate::sources::{self, Given, Source};

/// What a workload is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// A manifest.
    Manifest,
    /// A project file.
    Project,
    /// Nothing: the file is the component.
    Nowhere,
}

/// Workloads to look at.
pub(crate) struct Subjects {
    pub(crate) written: Written,
    pub(crate) specs: Vec<WorkloadSpec>,
    /// The places of what they say; none for a component.
    pub(crate) places: Option<Places>,
    /// Things worth telling about the file.
    pub(crate) notes: Vec<String>,
    purpose: Purpose,
}

/// A workload that was looked at.
pub(crate) struct Examined {
    pub(crate) foreseen: Foreseen,
    /// What other workloads of the file have already.
    pub(crate) overlaps: Vec<Overlap>,
}

impl Examined {
    /// Whether it would start.
    pub(crate) fn starts(&self) -> bool {
        self.foreseen.troubles.is_empty() && self.overlaps.is_empty()
    }
}

impl Subjects {
    /// The workloads of a manifest, or that of a component.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        Ok(match sources::read(file)? {
            Source::Manifest { specs, text } => Self {
                written: Written::Manifest,
                specs,
                places: Some(Places::of_manifest(&file.display().to_string(), &text)),
                notes: Vec::new(),
                purpose: Purpose::Serve,
            },
            Source::Component(path) => Self {
                written: Written::Nowhere,
                specs: vec![sources::lone_component(&path, &Given::default())?.0],
                places: None,
                notes: Vec::new(),
                // What is wrong with the file is told with everything else.
                purpose: purpose_of(file).unwrap_or(Purpose::Serve),
            },
        })
    }

    /// The workload of a project.
    pub(crate) fn of_project(spec: WorkloadSpec, places: Places, notes: Vec<String>) -> Self {
        Self {
            written: Written::Project,
            specs: vec![spec],
            places: Some(places),
            notes,
            purpose: Purpose::Serve,
        }
    }

    /// Capabilities have to be asked for in manifests alone.
    fn granting(&self) -> Granting {
        match self.written {
            Written::Manifest => Granting::Entries,
            Written::Project | Written::Nowhere => Granting::Everything,
        }
    }

    /// Looks at all of them: one that cannot start does not hide the next.
    pub(crate) async fn examine(&self, host: &Host) -> Vec<Examined> {
        let mut overlaps = overlaps(&self.specs.iter().collect::<Vec<_>>());
        let mut examined = Vec::with_capacity(self.specs.len());
        for (place, spec) in self.specs.iter().enumerate() {
            examined.push(Examined {
                foreseen: host.foresee(spec, self.granting(), self.purpose).await,
                overlaps: overlaps
                    .extract_if(.., |overlap| overlap.workload == place)
                    .collect(),
            });
        }
        examined
    }

    /// The way to what a component may see and reach, in the file.
    pub(crate) fn resources(&self, component: Option<usize>) -> Vec<Step<'static>> {
        match (self.written, component) {
            (Written::Manifest, _) => {
                let mut steps = component_steps(component);
                steps.push(Step::Key("localResources"));
                steps
            }
            (Written::Project | Written::Nowhere, _) => vec![Step::Key("workload")],
        }
    }
}

/// The way to a component of a manifest, or to the service.
pub(crate) fn component_steps(component: Option<usize>) -> Vec<Step<'static>> {
    match component {
        Some(place) => vec![Step::Key("components"), Step::Item(place)],
        None => vec![Step::Key("service")],
    }
}

/// What a component without a manifest is for: serving if it can, else running once.
pub(crate) fn purpose_of(file: &Path) -> anyhow::Result<Purpose> {
    use anyhow::Context;
    let bytes =
        crate::files::bytes(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let shape = weft_host::inspect(&bytes).with_context(|| format!("`{}`", file.display()))?;
    let exports = |interface: &str| {
        shape.exports.iter().any(|export| {
            export.namespace == "wasi"
                && format!("{}/{}", export.package, export.interface) == interface
        })
    };
    let serves = exports("http/incoming-handler") || exports("http/handler");
    Ok(if !serves && exports("cli/run") {
        Purpose::Command
    } else {
        Purpose::Serve
    })
}

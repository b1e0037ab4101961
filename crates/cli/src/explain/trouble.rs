//! A problem, with its place in the file and what to do about it.

use weft_api::ids::ComponentName;
use weft_api::places::{Places, Step};
use weft_api::spec::WorkloadSpec;
use weft_host::{Overlap, PlanError, SERVICE, Subject, Trouble};

use super::facts::Problem;
use crate::examine::{Subjects, Written, component_steps};

/// One workload of a file.
#[derive(Clone, Copy)]
pub(super) struct Within<'a> {
    pub(super) file: &'a std::path::Path,
    pub(super) subjects: &'a Subjects,
    /// Its place in the file.
    pub(super) place: usize,
    pub(super) spec: &'a WorkloadSpec,
}

impl Within<'_> {
    /// Something that is against a start.
    pub(super) fn trouble(&self, trouble: &Trouble) -> Problem {
        match trouble {
            Trouble::Image(error) => {
                let steps = self.image_of(&error.component);
                self.problem(&steps, &error.to_string(), None)
            }
            Trouble::Plan(error) => {
                let candidates = error.candidates().iter();
                let candidates: String = candidates.map(|text| format!("\n  - {text}")).collect();
                let message = format!("{}{candidates}", error.message());
                self.problem(&self.steps(error), &message, Some(error.remedy()))
            }
            Trouble::Start(error) => self.late(&error.to_string()),
        }
    }

    /// What only compiling, linking and opening volumes finds. It names the volume or component that it is about first.
    fn late(&self, message: &str) -> Problem {
        let message = message
            .split_once("cannot start: ")
            .map_or(message, |(_, why)| why);
        let about = |kind: &str, name: &str| message.starts_with(&format!("{kind} `{name}`"));
        let mut volumes = self.spec.volumes.iter();
        let mut components = self.spec.components.iter();
        let (steps, remedy) =
            if let Some(place) = volumes.position(|volume| about("volume", &volume.name)) {
                let steps = vec![Step::Key("volumes"), Step::Item(place)];
                (steps, "make the folder, or correct the volume")
            } else {
                let name = components
                    .find(|component| about("component", component.name.as_str()))
                    .map(|component| component.name.as_str());
                let steps = name.map_or(vec![Step::Key("components")], |name| self.image_of(name));
                (steps, "build the components again with current tools")
            };
        let help = (!message.contains("; ")).then(|| remedy.to_owned());
        self.problem(&steps, message, help)
    }

    /// Something that another workload of the file has already.
    pub(super) fn overlap(&self, overlap: &Overlap) -> Problem {
        let steps = match overlap.port {
            Some(port) => vec![
                Step::Key("service"),
                Step::Key("ports"),
                Step::Item(port),
                Step::Key("publish"),
            ],
            None => self.entry_of("wasi", "http"),
        };
        self.problem(&steps, &overlap.message, None)
    }

    fn problem(&self, steps: &[Step<'_>], message: &str, help: Option<String>) -> Problem {
        match &self.subjects.places {
            Some(places) => places.problem(self.place, steps, message, help).into(),
            None => Problem::of_file_with(self.file, message, help),
        }
    }

    fn steps(&self, error: &PlanError) -> Vec<Step<'static>> {
        match error.subject() {
            Subject::Component(name) => self.image_of(name.as_str()),
            Subject::Name(name) => self.field_of(name, "name"),
            Subject::Service => vec![Step::Key("service"), Step::Key("image")],
            Subject::Components => vec![Step::Key("components")],
            Subject::Entries { namespace, package } => self.entry_of(namespace, package),
            Subject::Reach(name, error) => {
                let mut steps = self.field_of(name, "localResources");
                let field = error.list.field();
                steps.push(Step::Key(field));
                steps.extend(self.entry(name, field, &error.entry).map(Step::Item));
                steps
            }
        }
    }

    fn image_of(&self, name: &str) -> Vec<Step<'static>> {
        let mut steps = self.component(name);
        steps.push(Step::Key("image"));
        steps
    }

    fn field_of(&self, name: &ComponentName, field: &'static str) -> Vec<Step<'static>> {
        let mut steps = self.component(name.as_str());
        steps.push(Step::Key(field));
        steps
    }

    fn component(&self, name: &str) -> Vec<Step<'static>> {
        let mut components = self.spec.components.iter();
        let place = components.position(|component| component.name.as_str() == name);
        match place {
            // The first is what the project builds, the others stand beside it.
            Some(0) if self.subjects.written == Written::Project => {
                vec![Step::Key("build"), Step::Key("component_path")]
            }
            Some(place) if self.subjects.written == Written::Project => vec![
                Step::Key("dev"),
                Step::Key("components"),
                Step::Item(place - 1),
            ],
            Some(place) => component_steps(Some(place)),
            None if name == SERVICE => component_steps(None),
            None => vec![Step::Key("components")],
        }
    }

    /// The place of the first entry for a package.
    fn entry_of(&self, namespace: &str, package: &str) -> Vec<Step<'static>> {
        let mut entries = self.spec.host_interfaces.iter();
        let place =
            entries.position(|entry| entry.namespace == namespace && entry.package == package);
        let place = place.map(Step::Item);
        std::iter::once(Step::Key("hostInterfaces"))
            .chain(place)
            .collect()
    }

    fn entry(&self, name: &ComponentName, field: &str, text: &str) -> Option<usize> {
        let component = self.spec.components.iter();
        let mut component = component.filter(|component| component.name == *name);
        let resources = match component.next() {
            Some(component) => &component.resources,
            None => &self.spec.service.as_ref()?.resources,
        };
        let list = match field {
            "allowedHosts" => &resources.allowed_hosts,
            "allowedIpNameLookups" => &resources.allowed_ip_name_lookups,
            _ => &resources.allowed_host_loopback_ports,
        };
        list.iter().position(|entry| entry == text)
    }
}

/// The line of a value of a workload.
pub(super) fn line(places: Option<&Places>, workload: usize, steps: &[Step<'_>]) -> Option<usize> {
    places?.place(workload, steps).map(|place| place.line)
}

//! Workloads out of names: what each component imports and exports is all that a plan looks at.

use std::collections::BTreeMap;
use std::path::PathBuf;

use weft_api::spec::{
    ComponentSpec, HostInterface, Image, Resources, Reuse, ServiceSpec, WorkloadSpec,
};

use crate::inspect::{Import, Shape};
use crate::plan::{Granting, Part, PlanErrors, Program, Purpose, Shapes, ValidWorkload, plan};

/// The export of a component that serves.
pub(super) const HANDLER: &str = "wasi:http/incoming-handler@0.2.3";

/// A workload that is being described.
pub(super) struct Draft {
    pub(super) spec: WorkloadSpec,
    pub(super) shapes: Vec<Shape>,
    pub(super) service: Option<Shape>,
    pub(super) granting: Granting,
    pub(super) purpose: Purpose,
}

impl Draft {
    pub(super) fn new() -> Self {
        Self {
            spec: WorkloadSpec {
                tenant: "team".parse().unwrap(),
                name: "shop".parse().unwrap(),
                replicas: 1,
                components: Vec::new(),
                service: None,
                host_interfaces: Vec::new(),
                volumes: Vec::new(),
            },
            shapes: Vec::new(),
            service: None,
            granting: Granting::Everything,
            purpose: Purpose::Serve,
        }
    }

    pub(super) fn component(mut self, name: &str, imports: &[&str], exports: &[&str]) -> Self {
        self.spec.components.push(ComponentSpec {
            name: name.parse().unwrap(),
            image: Image::File(PathBuf::from(format!("{name}.wasm"))),
            reuse: Reuse::default(),
            resources: Resources::default(),
        });
        self.shapes.push(shape(imports, exports));
        self
    }

    /// Gives it a service that may be started again three times.
    pub(super) fn service(mut self, imports: &[&str], exports: &[&str]) -> Self {
        self.spec.service = Some(ServiceSpec {
            image: Image::File(PathBuf::from("service.wasm")),
            max_restarts: 3,
            ports: Vec::new(),
            resources: Resources::default(),
        });
        self.service = Some(shape(imports, exports));
        self
    }

    /// Makes the last component import `interface` under a name of its own.
    pub(super) fn named_import(mut self, name: &str, interface: &str) -> Self {
        self.shapes.last_mut().unwrap().imports.push(Import {
            name: name.to_owned(),
            interface: interface.parse().ok(),
        });
        self
    }

    /// Grants only what entries of `hostInterfaces` say.
    pub(super) fn entries(mut self) -> Self {
        self.granting = Granting::Entries;
        self
    }

    /// Adds an entry, `wasi:http/incoming-handler` for instance; the version is that of the package.
    pub(super) fn entry(mut self, interface: &str, config: &[(&str, &str)]) -> Self {
        let name: weft_api::interface::InterfaceName = interface.parse().unwrap();
        let config = config
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        self.spec.host_interfaces.push(HostInterface {
            namespace: name.namespace,
            package: name.package,
            interfaces: [name.interface].into(),
            version: name.version,
            config: config.collect::<BTreeMap<_, _>>(),
            secrets: BTreeMap::new(),
            name: None,
        });
        self.entries()
    }

    /// An entry for HTTP with a host name.
    pub(super) fn ingress(self) -> Self {
        self.entry("wasi:http/incoming-handler", &[("host", "shop.example")])
    }

    pub(super) fn command(mut self) -> Self {
        self.purpose = Purpose::Command;
        self
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut WorkloadSpec)) -> Self {
        change(&mut self.spec);
        self
    }

    pub(super) fn plan(&self) -> Result<ValidWorkload, PlanErrors> {
        let shapes = Shapes {
            components: &self.shapes,
            service: self.service.as_ref(),
        };
        plan(&self.spec, shapes, self.granting, self.purpose)
    }

    pub(super) fn valid(&self) -> ValidWorkload {
        self.plan().unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// The text of the one problem.
    pub(super) fn refused(&self) -> String {
        let refused = self.plan().unwrap_err();
        assert_eq!(refused.errors.len(), 1, "{refused}");
        refused.errors[0].to_string()
    }
}

/// What answers requests.
pub(super) fn program(valid: &ValidWorkload) -> &Program {
    valid.program.as_ref().unwrap()
}

/// `importer <- provider: import = export` for each link.
pub(super) fn links(valid: &ValidWorkload) -> Vec<String> {
    let parts = &program(valid).parts;
    let of = |part: &Part| {
        let links = part.links.iter().map(|link| {
            format!(
                "{} <- {}: {} = {}",
                part.component, parts[link.provider].component, link.import, link.export
            )
        });
        links.collect::<Vec<_>>()
    };
    parts.iter().flat_map(of).collect()
}

/// Names of the parts, the entry first.
pub(super) fn parts(valid: &ValidWorkload) -> Vec<&str> {
    let parts = program(valid).parts.iter();
    parts.map(|part| part.component.as_str()).collect()
}

fn shape(imports: &[&str], exports: &[&str]) -> Shape {
    let import = |name: &&str| Import {
        name: (*name).to_owned(),
        interface: name.parse().ok(),
    };
    let (interfaces, plain): (Vec<&str>, Vec<&str>) = exports
        .iter()
        .copied()
        .partition(|name| name.parse::<weft_api::interface::InterfaceName>().is_ok());
    Shape {
        imports: imports.iter().map(import).collect(),
        exports: interfaces
            .iter()
            .map(|name| name.parse().unwrap())
            .collect(),
        plain_exports: plain.into_iter().map(str::to_owned).collect(),
    }
}

//! A workload's start, the same for `run`, `dev` and the cluster host. Each line is a stage with a type of its own; a
//! failure at any line drops what came before.

use std::sync::Arc;

use futures::future::join_all;
use weft_api::spec::WorkloadSpec;
use weft_engine::Engine;
use weft_engine::inspect::Shape;
use weft_engine::linked::{Component, Components, LinkedWorkload};
use weft_engine::plan::{
    Granting, Outlook, PlanError, PlanErrors, Purpose, SERVICE, Shapes, ValidWorkload, outlook,
    plan,
};
use weft_engine::secrets::Store as SecretStore;

use crate::image::{self, ComponentError};

/// A workload that only has to be started.
pub struct Prepared {
    pub(crate) linked: LinkedWorkload,
    /// Things worth telling whoever starts it.
    pub notes: Vec<String>,
    /// What each component imports, by the component's name: for `weft dev` to show.
    pub imports: Vec<(String, Vec<String>)>,
}

/// Why a workload does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Image(#[from] ComponentError),
    #[error(transparent)]
    Plan(#[from] PlanErrors),
    #[error("workload `{workload}` cannot start: {source}")]
    Engine {
        workload: String,
        source: weft_engine::engine::StartError,
    },
    #[error("workload `{workload}` cannot start: its service failed: {reason}")]
    Service { workload: String, reason: String },
    #[error(
        "workload `{workload}` has nothing any more that answers requests; stop it and start it again"
    )]
    NothingToServe { workload: String },
    #[error(transparent)]
    Publish(#[from] crate::publish::PublishError),
    #[error("workload `{workload}` cannot be published: {source}")]
    Route {
        workload: String,
        source: weft_ingress::RouteError,
    },
    #[error("workload `{workload}` cannot be published under `{host}`: {source}")]
    HostName {
        workload: String,
        host: String,
        source: weft_ingress::HostPatternError,
    },
    #[error("workload `{workload}` cannot be published: {source}")]
    Path {
        workload: String,
        source: weft_ingress::PathPrefixError,
    },
}

/// What a look at a workload told, without a start.
#[derive(Debug)]
pub struct Foreseen {
    /// What would become of it; none if files of its components cannot be used.
    pub outlook: Option<Outlook>,
    /// All that is against a start. Empty = it was compiled and linked as for a start.
    pub troubles: Vec<Trouble>,
}

/// Something that is against a start.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The file of a component, or of the service under its name.
    #[error(transparent)]
    Image(ComponentError),
    /// What the workload asks for and what its components import.
    #[error(transparent)]
    Plan(PlanError),
    /// What only compiling and linking finds.
    #[error(transparent)]
    Start(StartError),
}

/// Reads, checks, compiles and links a workload.
pub(crate) async fn prepare(
    engine: &Engine,
    spec: &WorkloadSpec,
    granting: Granting,
    purpose: Purpose,
    secrets: Option<Arc<dyn SecretStore>>,
) -> Result<Prepared, StartError> {
    let files = Files::read(spec)
        .await
        .map_err(|unusable| StartError::Image(unusable.first))?;
    let shapes = files.shapes();
    let mut valid = plan(spec, files.known(&shapes), granting, purpose)?;
    if let Some(secrets) = secrets {
        valid.provide_secrets(&secrets);
    }
    files.link(engine, spec, valid).await
}

/// Looks at a workload as [`prepare`] does, but to the end: all problems that can be told apart are told.
pub(crate) async fn foresee(
    engine: &Engine,
    spec: &WorkloadSpec,
    granting: Granting,
    purpose: Purpose,
) -> Foreseen {
    let files = match Files::read(spec).await {
        Ok(files) => files,
        Err(Unusable { first, others }) => {
            let all = std::iter::once(first).chain(others);
            return Foreseen {
                outlook: None,
                troubles: all.map(Trouble::Image).collect(),
            };
        }
    };
    let shapes = files.shapes();
    let outlook = outlook(spec, files.known(&shapes), granting, purpose);
    let troubles = match &outlook.plan {
        Err(refused) => refused.errors.iter().cloned().map(Trouble::Plan).collect(),
        Ok(valid) => match files.link(engine, spec, valid.clone()).await {
            Ok(_) => Vec::new(),
            Err(error) => vec![Trouble::Start(error)],
        },
    };
    Foreseen {
        outlook: Some(outlook),
        troubles,
    }
}

/// The files of a workload, read.
struct Files {
    components: Vec<Component>,
    service: Option<Component>,
}

/// Files that cannot be used, in the order of the manifest.
struct Unusable {
    first: ComponentError,
    others: Vec<ComponentError>,
}

impl Files {
    /// Reads all of them, or says what is wrong with each that cannot be used.
    async fn read(spec: &WorkloadSpec) -> Result<Self, Unusable> {
        let components = spec
            .components
            .iter()
            .map(|component| read(component.name.as_str(), &component.image));
        let service = spec
            .service
            .iter()
            .map(|service| read(SERVICE, &service.image));
        let (components, service) = tokio::join!(join_all(components), join_all(service));
        let mut errors = Vec::new();
        let mut whole = |results: Vec<Result<Component, ComponentError>>| {
            let mut read = Vec::new();
            for result in results {
                match result {
                    Ok(component) => read.push(component),
                    Err(error) => errors.push(error),
                }
            }
            read
        };
        let (components, service) = (whole(components), whole(service));
        let mut errors = errors.into_iter();
        match errors.next() {
            None => Ok(Self {
                components,
                service: service.into_iter().next(),
            }),
            Some(first) => Err(Unusable {
                first,
                others: errors.collect(),
            }),
        }
    }

    fn shapes(&self) -> Vec<Shape> {
        let components = self.components.iter();
        components
            .map(|component| component.shape.clone())
            .collect()
    }

    fn known<'a>(&'a self, shapes: &'a [Shape]) -> Shapes<'a> {
        Shapes {
            components: shapes,
            service: self.service.as_ref().map(|service| &service.shape),
        }
    }

    async fn link(
        &self,
        engine: &Engine,
        spec: &WorkloadSpec,
        valid: ValidWorkload,
    ) -> Result<Prepared, StartError> {
        let notes = valid.notes.clone();
        let workload = format!("{}/{}", spec.tenant, spec.name);
        let components = Components {
            components: &self.components,
            service: self.service.as_ref(),
        };
        let linked = engine
            .link(valid, components)
            .await
            .map_err(|source| StartError::Engine { workload, source })?;
        let names = spec
            .components
            .iter()
            .map(|component| component.name.as_str());
        let files = self.components.iter().chain(&self.service);
        let imports = names.chain([SERVICE]).zip(files).map(|(name, file)| {
            let imports = file.shape.imports.iter();
            let imports = imports.map(|import| import.name.clone()).collect();
            (name.to_owned(), imports)
        });
        Ok(Prepared {
            linked,
            notes,
            imports: imports.collect(),
        })
    }
}

async fn read(component: &str, image: &weft_api::spec::Image) -> Result<Component, ComponentError> {
    image::read(image).await.map_err(|source| ComponentError {
        component: component.to_owned(),
        source,
    })
}

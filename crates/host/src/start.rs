//! A workload's start, the same for `run`, `dev` and the cluster host. Each line is a stage with a type of its own; a
//! failure at any line drops what came before.

use std::sync::Arc;

use futures::future::try_join_all;
use weft_api::spec::WorkloadSpec;
use weft_engine::Engine;
use weft_engine::linked::{Component, Components, LinkedWorkload};
use weft_engine::plan::{Granting, PlanErrors, Purpose, Shapes, plan};
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

/// What the service is called where components have their names.
const SERVICE: &str = "service";

/// Reads, checks, compiles and links a workload.
pub(crate) async fn prepare(
    engine: &Engine,
    spec: &WorkloadSpec,
    granting: Granting,
    purpose: Purpose,
    secrets: Option<Arc<dyn SecretStore>>,
) -> Result<Prepared, StartError> {
    let components = try_join_all(spec.components.iter().map(async |component| {
        let name = || component.name.to_string();
        read(name, &component.image).await
    }));
    let service = async {
        let Some(service) = &spec.service else {
            return Ok(None);
        };
        let name = || SERVICE.to_owned();
        read(name, &service.image).await.map(Some)
    };
    let (components, service) = futures::future::try_join(components, service).await?;
    let shapes: Vec<_> = components
        .iter()
        .map(|component| component.shape.clone())
        .collect();
    let known = Shapes {
        components: &shapes,
        service: service.as_ref().map(|service| &service.shape),
    };
    let mut valid = plan(spec, known, granting, purpose)?;
    if let Some(secrets) = secrets {
        valid.provide_secrets(&secrets);
    }
    let notes = valid.notes.clone();
    let workload = format!("{}/{}", spec.tenant, spec.name);
    let linked = engine
        .link(
            valid,
            Components {
                components: &components,
                service: service.as_ref(),
            },
        )
        .await
        .map_err(|source| StartError::Engine { workload, source })?;
    let imports = spec
        .components
        .iter()
        .zip(&shapes)
        .map(|(component, shape)| {
            (
                component.name.to_string(),
                shape
                    .imports
                    .iter()
                    .map(|import| import.name.clone())
                    .collect(),
            )
        });
    let service = service.iter().map(|service| {
        let imports = service.shape.imports.iter();
        let names = imports.map(|import| import.name.clone()).collect();
        (SERVICE.to_owned(), names)
    });
    Ok(Prepared {
        linked,
        notes,
        imports: imports.chain(service).collect(),
    })
}

async fn read(
    component: impl Fn() -> String,
    image: &weft_api::spec::Image,
) -> Result<Component, ComponentError> {
    image::read(image).await.map_err(|source| ComponentError {
        component: component(),
        source,
    })
}

//! What the stages of a start hand on: from the files of components to a workload that only has to be started.

use std::sync::Arc;

use weft_api::ids::{Tenant, WorkloadName};
use weft_gpu::broker::Hold;
use weft_net::loopback::Network;
use weft_net::sockets::Parts;

use crate::compile::{Code, Source};
use crate::compose::Scoped;
use crate::inspect::Shape;
use crate::limits::Limits;
use crate::network::{Learning, WayOut};
use crate::plan::Program;
use crate::service::Service;
use crate::store::StoreTemplate;
use crate::usage::Observed;
use crate::volume::Volumes;
use crate::workload::Workload;

/// One component of a workload, as read from its file.
#[derive(Clone, Debug)]
pub struct Component {
    /// The file's content.
    pub bytes: Arc<[u8]>,
    /// What `inspect` made of it.
    pub shape: Shape,
}

/// The components of a workload, as read from their files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Components<'a> {
    /// Those of the manifest, in its order.
    pub components: &'a [Component],
    /// The long-lived one.
    pub service: Option<&'a Component>,
}

impl<'a> From<&'a [Component]> for Components<'a> {
    /// Components without a service.
    fn from(components: &'a [Component]) -> Self {
        Self {
            components,
            service: None,
        }
    }
}

/// A workload whose code exists and whose imports are known to fit.
pub struct LinkedWorkload {
    pub(crate) identity: Identity,
    /// What answers requests.
    pub(crate) front: Option<LinkedProgram>,
    /// What runs beside it, and how often it may be started again.
    pub(crate) service: Option<(LinkedProgram, u32)>,
    pub(crate) shared: Shared,
}

/// Whose a workload is, and what it is called.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) tenant: Tenant,
    pub(crate) name: WorkloadName,
    pub(crate) hosts: Vec<String>,
}

/// What the programs of a workload share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) volumes: Arc<Volumes>,
    pub(crate) way_out: Arc<WayOut>,
    /// What it may have of a GPU.
    pub(crate) gpu: Option<Arc<Hold>>,
    /// The virtual loopback network.
    pub(crate) network: Arc<Network>,
    /// Whether a service may listen there.
    pub(crate) has_service: bool,
}

/// A program whose code exists and whose imports are known to fit.
pub(crate) struct LinkedProgram {
    pub(crate) program: Program,
    pub(crate) limits: Limits,
    pub(crate) built: Built,
    pub(crate) template: StoreTemplate,
    /// What its guests were seen to do.
    pub(crate) observed: Observed,
}

/// A workload that runs.
pub struct Started {
    /// What answers requests.
    pub front: Option<Workload>,
    /// What runs beside it.
    pub service: Option<Service>,
}

/// What became of a program's components.
pub(crate) struct Built {
    /// Where the fused component can be had again.
    pub(crate) source: Source,
    /// Its imports that belong to one part alone.
    pub(crate) scoped: Vec<Scoped>,
    /// Its code.
    pub(crate) code: Arc<Code>,
}

impl Identity {
    /// `tenant/name`.
    pub(crate) fn label(&self) -> String {
        format!("{}/{}", self.tenant, self.name)
    }
}

impl LinkedWorkload {
    /// Gives the components that answer requests other sockets than their manifest does: a network that somebody else has,
    /// for instance.
    pub fn connect(&mut self, sockets: impl Fn(&str) -> Arc<Parts>) {
        if let Some(front) = &mut self.front {
            front.template.connect(&front.program, sockets);
        }
    }

    /// The virtual network that its programs share.
    pub fn network(&self) -> &Arc<Network> {
        &self.shared.network
    }

    /// What its guests will be seen to reach.
    pub fn learning(&self) -> Learning {
        Learning(Some(Arc::clone(&self.shared.way_out)))
    }

    /// Whether its service is the same as one that runs: the same code, and the same in the manifest.
    pub fn continues(&self, service: &Service) -> bool {
        self.service
            .as_ref()
            .is_some_and(|(program, _)| service.is_of(program))
    }
}

//! What a workload asks of a GPU: the `config` of its entry for `wasi:webgpu`. Whether there is such a GPU, only the host
//! that starts it can tell.

use weft_api::spec::{HostInterface, WorkloadSpec};
use weft_gpu::ask::Ask;

use super::{PlanError, Shapes};

/// What is asked for, if a component imports it.
pub(super) fn ask(
    spec: &WorkloadSpec,
    shapes: Shapes<'_>,
    errors: &mut Vec<PlanError>,
) -> Option<Ask> {
    let mut entries = spec.host_interfaces.iter().filter(|entry| is_gpu(entry));
    let entry = entries.next();
    if entries.next().is_some() {
        errors.push(PlanError::GpuTwice);
    }
    let config = entry.into_iter().flat_map(|entry| &entry.config);
    match Ask::read(config.map(|(key, value)| (key.as_str(), value.as_str()))) {
        Ok(ask) => is_imported(shapes).then_some(ask),
        Err(refusals) => {
            errors.extend(refusals.into_iter().map(PlanError::Gpu));
            None
        }
    }
}

fn is_gpu(entry: &HostInterface) -> bool {
    entry.namespace == "wasi" && entry.package == "webgpu"
}

fn is_imported(shapes: Shapes<'_>) -> bool {
    let all = shapes.components.iter().chain(shapes.service);
    let mut imports = all
        .flat_map(|shape| &shape.imports)
        .filter_map(|import| import.interface.as_ref());
    imports.any(|name| name.namespace == "wasi" && name.package == "webgpu")
}

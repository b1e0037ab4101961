//! What a refusal can offer: everything that comes near an import without satisfying it. Pure.

use weft_api::interface::InterfaceName;

use super::resolve::Graph;
use crate::grants;

impl Graph<'_> {
    /// Everything that comes near an import without satisfying it.
    pub(super) fn candidates(&self, importer: usize, import: &InterfaceName) -> Vec<String> {
        let mut candidates = Vec::new();
        for (position, spec, shape) in self.components() {
            for export in &shape.exports {
                let same = export.namespace == import.namespace
                    && export.package == import.package
                    && export.interface == import.interface;
                if same && position == importer {
                    candidates.push(format!("the component exports {export} itself, but a component cannot serve its own import"));
                } else if same {
                    candidates.push(format!(
                        "component `{}` exports {export}: the versions are not compatible",
                        spec.name
                    ));
                } else if near(&export.to_string(), &import.to_string()) {
                    candidates.push(format!(
                        "component `{}` exports {export}: another interface of a similar name",
                        spec.name
                    ));
                }
            }
        }
        candidates.extend(grants::same_package(import).map(|row| format!("the host serves {row}")));
        if candidates.is_empty() {
            candidates.push(
                "no component of the workload exports it, and the host does not know it; add the component that does"
                    .to_owned(),
            );
        }
        candidates
    }
}

/// Whether a person may have meant one name by the other.
fn near(a: &str, b: &str) -> bool {
    strsim::jaro_winkler(a, b) > 0.93
}

//! What a refusal can offer: everything that comes near an import without satisfying it. Pure.

use weft_api::interface::InterfaceName;
use weft_api::known;

use super::resolve::Graph;
use crate::grants;

/// What comes near an import, and what to do.
pub(super) struct Near {
    pub(super) candidates: Vec<String>,
    pub(super) remedy: String,
}

impl Graph<'_> {
    /// Everything that comes near an import without satisfying it.
    pub(super) fn near(&self, importer: usize, import: &InterfaceName) -> Near {
        let mut candidates = Vec::new();
        let mut remedy = None;
        for (position, spec, shape) in self.components() {
            for export in &shape.exports {
                let same = export.namespace == import.namespace
                    && export.package == import.package
                    && export.interface == import.interface;
                if same && position == importer {
                    candidates.push(format!("the component exports {export} itself, but a component cannot serve its own import"));
                    remedy.get_or_insert("add another component that exports it".to_owned());
                } else if same {
                    candidates.push(format!(
                        "component `{}` exports {export}: the versions are not compatible",
                        spec.name
                    ));
                    remedy = Some(
                        "build both components against the same version of the interface"
                            .to_owned(),
                    );
                } else if similar(&export.to_string(), &import.to_string()) {
                    candidates.push(format!(
                        "component `{}` exports {export}: another interface of a similar name",
                        spec.name
                    ));
                    remedy.get_or_insert(format!(
                        "if `{export}` is what is meant, import it under this name; else add the component that \
                         exports `{import}`"
                    ));
                }
            }
        }
        let served = candidates.len();
        candidates.extend(grants::same_package(import).map(|row| format!("the host serves {row}")));
        if candidates.len() > served {
            remedy.get_or_insert(
                "build the component against an interface and version that the host serves"
                    .to_owned(),
            );
        }
        if candidates.is_empty() {
            let known = known::is_known_package(&import.namespace, &import.package);
            candidates.push(
                if known {
                    "no component of the workload exports it, and this version of weft does not have it"
                } else {
                    "no component of the workload exports it, and the host does not know it"
                }
                .to_owned(),
            );
        }
        Near {
            candidates,
            remedy: remedy.unwrap_or_else(|| "add the component that does".to_owned()),
        }
    }
}

/// Whether a person may have meant one name by the other.
fn similar(a: &str, b: &str) -> bool {
    strsim::jaro_winkler(a, b) > 0.93
}

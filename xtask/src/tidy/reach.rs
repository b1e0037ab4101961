//! Some crates exist to keep a dependency out: nothing that they use may bring it in either.

use super::Finding;
use super::repository::Repository;
use crate::metadata::{Metadata, Node};
use std::collections::{BTreeMap, VecDeque};

/// Crate, what it must not reach, and why.
const FORBIDDEN: [(&str, &str, &str); 10] = [
    ("weft-api", "tokio", "plain data is read by everyone"),
    ("weft-api", "wasmtime", "plain data is read by everyone"),
    ("weft-artifact", "wasmtime", "pulling does not run anything"),
    (
        "weft-ingress",
        "wasmtime",
        "requests reach guests through ingress::Target alone",
    ),
    ("weft-viewer", "wasmtime", "it shows what others tell it"),
    ("weft-lattice", "wasmtime", "the wire knows no engine"),
    ("weft-operator", "wasmtime", "an operator runs no guest"),
    ("weft-console", "wasmtime", "a console runs no guest"),
    ("weft-host", "kube", "a host runs without Kubernetes"),
    ("weft-host", "kube-client", "a host runs without Kubernetes"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    FORBIDDEN
        .iter()
        .filter_map(|(from, to, why)| {
            let path = path(&repository.host, from, to)?.join(" -> ");
            let manifest = format!("crates/{}/Cargo.toml", from.trim_start_matches("weft-"));
            let what = format!("{from} reaches {to} ({path}), but {why}");
            Some(Finding::in_file(
                &manifest,
                what,
                "drop the first edge of that path, or turn off the feature that brings it",
            ))
        })
        .collect()
}

/// The shortest way from one package to another over normal and build dependencies.
fn path<'a>(graph: &'a Metadata, from: &str, to: &str) -> Option<Vec<&'a str>> {
    let names: BTreeMap<&str, &str> = graph
        .packages
        .iter()
        .map(|package| (package.id.as_str(), package.name.as_str()))
        .collect();
    let nodes: BTreeMap<&str, &Node> = graph
        .resolve
        .iter()
        .flat_map(|resolve| &resolve.nodes)
        .map(|node| (node.id.as_str(), node))
        .collect();
    let start = graph
        .workspace_members
        .iter()
        .find(|id| names.get(id.as_str()) == Some(&from))?;
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut waiting = VecDeque::from([start.as_str()]);
    while let Some(id) = waiting.pop_front() {
        if names.get(id) == Some(&to) {
            let mut way: Vec<&str> =
                std::iter::successors(Some(id), |id| came_from.get(id).copied())
                    .filter_map(|id| names.get(id).copied())
                    .collect();
            way.reverse();
            return Some(way);
        }
        for edge in nodes.get(id).into_iter().flat_map(|node| &node.deps) {
            let shipped = edge
                .dep_kinds
                .iter()
                .any(|kind| kind.kind.as_deref() != Some("dev"));
            if shipped && edge.pkg != *start && !came_from.contains_key(edge.pkg.as_str()) {
                came_from.insert(&edge.pkg, id);
                waiting.push_back(&edge.pkg);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(kind: &str) -> Metadata {
        let package = |name: &str| {
            format!(
                r#"{{"id":"{name} 1","name":"{name}","manifest_path":"","dependencies":[],"targets":[]}}"#
            )
        };
        let edge =
            |to: &str, kind: &str| format!(r#"{{"pkg":"{to} 1","dep_kinds":[{{"kind":{kind}}}]}}"#);
        let node = |name: &str, deps: &str| format!(r#"{{"id":"{name} 1","deps":[{deps}]}}"#);
        let packages = ["weft-ingress", "middle", "wasmtime"]
            .map(package)
            .join(",");
        let nodes = [
            node("weft-ingress", &edge("middle", kind)),
            node("middle", &edge("wasmtime", "null")),
            node("wasmtime", ""),
        ]
        .join(",");
        serde_json::from_str(&format!(
            r#"{{"packages":[{packages}],"workspace_members":["weft-ingress 1"],"resolve":{{"nodes":[{nodes}]}}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_forbidden_crate_is_found_behind_others_and_the_way_to_it_is_shown() {
        let repository = Repository {
            host: graph("null"),
            ..Repository::default()
        };
        let found = check(&repository);
        assert_eq!(found.len(), 1);
        assert!(
            found[0]
                .to_string()
                .contains("(weft-ingress -> middle -> wasmtime)"),
            "{found:?}"
        );
    }

    #[test]
    fn tests_may_use_what_the_crate_must_not_reach() {
        let repository = Repository {
            host: graph("\"dev\""),
            ..Repository::default()
        };
        assert!(check(&repository).is_empty());
    }
}

//! What `cargo metadata` tells about the workspace.

use crate::sh::Sh;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The packages of a workspace, and everything that they depend on when that was asked for.
#[derive(Deserialize, Default)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    #[serde(default)]
    pub(crate) resolve: Option<Resolve>,
    #[serde(default)]
    pub(crate) workspace_members: Vec<String>,
}

/// One package.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
}

/// A dependency as the manifest writes it.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` is a normal dependency, else "dev" or "build".
    pub(crate) kind: Option<String>,
}

/// A library, binary, test, benchmark or example.
#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

/// The resolved graph of packages.
#[derive(Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

/// The dependencies of one package in the graph.
#[derive(Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Edge>,
}

/// One dependency in the graph.
#[derive(Deserialize)]
pub(crate) struct Edge {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<EdgeKind>,
}

/// What an edge is for.
#[derive(Deserialize)]
pub(crate) struct EdgeKind {
    pub(crate) kind: Option<String>,
}

/// The workspace in `folder` without what it depends on.
pub(crate) fn packages(folder: &Path) -> Result<Metadata> {
    read(
        Sh::new("cargo")
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .dir(folder),
    )
}

/// The workspace in `folder` with the whole resolved graph.
pub(crate) fn graph(folder: &Path) -> Result<Metadata> {
    read(
        Sh::new("cargo")
            .args(["metadata", "--format-version", "1"])
            .dir(folder),
    )
}

fn read(cargo: Sh) -> Result<Metadata> {
    serde_json::from_str(&cargo.read()?).context("`cargo metadata` answered something unexpected")
}

//! What two workloads of one file cannot both have: a host name of two tenants, and an address where a port is published.
//! Found without opening anything.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use http::{Request, Response};
use weft_api::spec::{Publish, WorkloadSpec};
use weft_ingress::{Body, Fault, RouteError, Routes, Target};

use crate::launch::patterns;

/// What a workload cannot have, because one before it has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The place of the workload among those that were given.
    pub workload: usize,
    /// The place of the port among those of its service; none for a host name.
    pub port: Option<usize>,
    /// What is wrong, and behind `; ` what to do.
    pub message: String,
}

/// Everything that workloads cannot have side by side.
pub fn overlaps(specs: &[&WorkloadSpec]) -> Vec<Overlap> {
    let mut found = Vec::new();
    let routes = Routes::new();
    let mut guards = Vec::new();
    let mut places: HashMap<String, String> = HashMap::new();
    for (workload, spec) in specs.iter().enumerate() {
        let (tenant, name) = (spec.tenant.clone(), spec.name.clone());
        // What is wrong with names by themselves is said where the manifest is read, and a workload without any is the
        // plan's to refuse.
        let patterns = match spec.http_routes().is_empty() {
            true => Vec::new(),
            false => patterns(spec).unwrap_or_default(),
        };
        match routes.publish(tenant, name, patterns, Arc::new(Nobody)) {
            Ok(guard) => guards.push(guard),
            Err(RouteError::NoHosts { .. }) => {}
            Err(error @ RouteError::Claimed(_)) => found.push(Overlap {
                workload,
                port: None,
                message: error.to_string(),
            }),
        }
        let own = format!("{}/{}", spec.tenant, spec.name);
        for (port, asked) in spec.service_ports().iter().enumerate() {
            let place = match &asked.publish {
                Some(Publish::Address(address)) if address.port() != 0 => {
                    format!("{} {address}", asked.protocol.as_str())
                }
                Some(name @ Publish::ServerName { .. }) => name.to_string(),
                Some(Publish::Address(_)) | None => continue,
            };
            match places.get(&place) {
                Some(owner) if *owner != own => found.push(Overlap {
                    workload,
                    port: Some(port),
                    message: format!(
                        "port `{}` of workload `{own}` is published at {place}, as is a port of workload `{owner}`; \
                         give each an address or a name of its own",
                        asked.name
                    ),
                }),
                Some(_) => {}
                None => drop(places.insert(place, own.clone())),
            }
        }
    }
    found
}

/// Stands where a workload will.
struct Nobody;

impl Target for Nobody {
    fn name(&self) -> &'static str {
        "nobody"
    }

    fn call(&self, _: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, Fault>> {
        Box::pin(std::future::pending())
    }
}

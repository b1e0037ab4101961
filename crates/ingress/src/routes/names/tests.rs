//! Whose a name is, among names and the routes of HTTP.

use std::io;

use futures::future::BoxFuture;
use http::{Request, Response};
use weft_api::ids::{Tenant, WorkloadName};
use weft_api::spec::TlsEnd;

use super::*;
use crate::forward::Cord;
use crate::routes::{RouteGuard, RoutePattern};
use crate::target::{Body, Fault, Target};

/// A target that only has a name.
struct Named(String);

impl ForwardTarget for Named {
    fn name(&self) -> &str {
        &self.0
    }

    fn connect(&self) -> BoxFuture<'_, io::Result<Box<dyn Cord>>> {
        Box::pin(futures::future::pending())
    }
}

impl Target for Named {
    fn name(&self) -> &str {
        &self.0
    }

    fn call(&self, _request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, Fault>> {
        Box::pin(futures::future::pending())
    }
}

fn ids(owner: &str) -> (Tenant, WorkloadName) {
    let (tenant, workload) = owner.split_once('/').unwrap();
    (tenant.parse().unwrap(), workload.parse().unwrap())
}

fn claim(routes: &Routes, owner: &str, host: &str) -> Result<NameGuard, RouteError> {
    let (tenant, workload) = ids(owner);
    let target = Arc::new(Named(owner.to_owned()));
    let host = host.parse().unwrap();
    routes.publish_name(tenant, workload, host, TlsEnd::Passthrough, target)
}

fn serve(routes: &Routes, owner: &str, host: &str) -> Result<RouteGuard, RouteError> {
    let (tenant, workload) = ids(owner);
    let pattern: HostPattern = host.parse().unwrap();
    let target = Arc::new(Named(owner.to_owned()));
    routes.publish(tenant, workload, vec![RoutePattern::from(pattern)], target)
}

fn found(routes: &Routes, name: &str) -> Option<String> {
    let slot = routes.find_name(name)?;
    Some(slot.target.name().to_owned())
}

#[test]
fn an_exact_name_beats_a_wildcard_and_is_gone_with_its_guard() {
    let routes = Routes::new();
    let _wild = claim(&routes, "t/wild", "*.db.example").unwrap();
    let exact = claim(&routes, "t/exact", "a.db.example").unwrap();
    assert_eq!(found(&routes, "a.db.example").as_deref(), Some("t/exact"));
    assert_eq!(found(&routes, "b.a.db.example").as_deref(), Some("t/wild"));
    assert_eq!(found(&routes, "db.example"), None);
    drop(exact);
    assert_eq!(found(&routes, "a.db.example").as_deref(), Some("t/wild"));
}

#[test]
fn a_name_belongs_to_one_tenant_and_so_does_what_a_wildcard_covers() {
    let routes = Routes::new();
    let _mine = claim(&routes, "a/db", "*.a.example").unwrap();
    for name in ["*.a.example", "x.a.example", "*.x.a.example"] {
        let refused = claim(&routes, "b/db", name).unwrap_err().to_string();
        assert!(
            refused.contains("tenant `a` has `*.a.example`"),
            "{refused}"
        );
        assert_eq!(found(&routes, "x.a.example").as_deref(), Some("a/db"));
    }
    let _own = claim(&routes, "a/other", "x.a.example").unwrap();
    let _elsewhere = claim(&routes, "b/db", "a.example").unwrap();
}

#[test]
fn who_has_a_name_for_http_has_it_for_connections_and_the_other_way_round() {
    let routes = Routes::new();
    let web = serve(&routes, "a/web", "a.example").unwrap();
    assert!(claim(&routes, "b/db", "a.example").is_err());
    assert!(claim(&routes, "b/db", "*.example").is_err());
    let _db = claim(&routes, "a/db", "db.a.example").unwrap();
    assert!(serve(&routes, "b/web", "db.a.example").is_err());
    assert!(serve(&routes, "b/web", "*.a.example").is_err());
    drop(web);
    let _now = claim(&routes, "b/db", "a.example").unwrap();
}

#[test]
fn workloads_of_one_tenant_share_a_name_by_what_they_have_to_do() {
    let routes = Routes::new();
    let _one = claim(&routes, "t/one", "db.example").unwrap();
    let _two = claim(&routes, "t/two", "db.example").unwrap();
    let first = routes.find_name("db.example").unwrap();
    let busy = first.enter(2).unwrap();
    let second = routes.find_name("db.example").unwrap();
    assert_ne!(first.target.name(), second.target.name());
    let _busier = [first.enter(2).unwrap()];
    assert!(first.enter(2).is_none(), "it has as many as it may have");
    drop(busy);
    assert!(first.enter(2).is_some());
}

#[test]
fn connections_of_a_name_are_cut_when_it_is_taken_back() {
    let routes = Routes::new();
    let guard = claim(&routes, "t/db", "db.example").unwrap();
    let slot = routes.find_name("db.example").unwrap();
    assert!(!slot.cut.is_cancelled());
    drop(guard);
    assert!(slot.cut.is_cancelled());
    assert!(routes.find_name("db.example").is_none());
}

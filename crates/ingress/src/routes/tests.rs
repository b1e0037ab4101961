//! Precedence, ownership and sharing of routes, against a naive model.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::{Request, Response};
use weft_api::ids::{Tenant, WorkloadName};

use super::{Miss, RouteError, RouteGuard, RoutePattern, Routes};
use crate::hostname::HostPattern;
use crate::path::PathPrefix;
use crate::target::{Body, Fault, Target};

/// A target that only has a name.
struct Named(String);

impl Target for Named {
    fn name(&self) -> &str {
        &self.0
    }

    fn call(&self, _request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, Fault>> {
        Box::pin(futures::future::pending())
    }
}

/// A route as people write it: `example.com/api`.
fn route(text: &str) -> RoutePattern {
    let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
    let path = if path.is_empty() { "/" } else { path };
    RoutePattern {
        host: host.parse().unwrap(),
        path: path.parse().unwrap(),
    }
}

fn publish(routes: &Routes, owner: &str, patterns: &[&str]) -> Result<RouteGuard, RouteError> {
    let (tenant, workload) = owner.split_once('/').unwrap();
    routes.publish(
        Tenant::parse(tenant).unwrap(),
        WorkloadName::parse(workload).unwrap(),
        patterns.iter().map(|text| route(text)).collect(),
        Arc::new(Named(owner.to_owned())),
    )
}

fn found(routes: &Routes, host: &str) -> Option<String> {
    found_at(routes, host, "/").ok()
}

fn found_at(routes: &Routes, host: &str, path: &str) -> Result<String, Miss> {
    let lease = routes.find(host, path)?;
    Ok(lease.target.name().to_owned())
}

#[test]
fn an_exact_name_beats_a_wildcard_and_a_longer_wildcard_beats_a_shorter_one() {
    let routes = Routes::new();
    let _all = publish(&routes, "t/any", &["*"]).unwrap();
    let _short = publish(&routes, "t/short", &["*.example.com"]).unwrap();
    let _long = publish(&routes, "t/long", &["*.eu.example.com"]).unwrap();
    let _exact = publish(&routes, "t/exact", &["www.eu.example.com"]).unwrap();
    for (host, workload) in [
        ("www.eu.example.com", "t/exact"),
        ("api.eu.example.com", "t/long"),
        ("deep.down.eu.example.com", "t/long"),
        ("eu.example.com", "t/short"),
        ("example.com", "t/any"),
        ("notexample.com", "t/any"),
        ("[::1]", "t/any"),
    ] {
        assert_eq!(found(&routes, host).as_deref(), Some(workload), "{host}");
    }
}

#[test]
fn a_second_tenant_cannot_claim_a_host_name() {
    let routes = Routes::new();
    let _first = publish(&routes, "alice/shop", &["shop.example.com"]).unwrap();
    let error = publish(
        &routes,
        "bob/fake",
        &["bob.example.com", "Shop.Example.com"],
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "host name `shop.example.com` of workload `bob/fake` is taken: tenant `alice` has `shop.example.com` for its \
         workload `shop`, and a host name belongs to one tenant; choose another name, or remove it there"
    );
    assert_eq!(
        found(&routes, "bob.example.com"),
        None,
        "nothing of a refused claim is published"
    );
}

#[test]
fn a_second_tenant_cannot_claim_names_that_a_wildcard_covers() {
    for (first, second) in [
        ("*.example.com", "a.example.com"),
        ("a.b.example.com", "*.example.com"),
        ("*.example.com", "*.b.example.com"),
        ("*", "*"),
    ] {
        let routes = Routes::new();
        let _first = publish(&routes, "alice/a", &[first]).unwrap();
        let refused = publish(&routes, "bob/b", &[second]).unwrap_err();
        assert!(
            matches!(refused, RouteError::Claimed(_)),
            "{first} and {second}: {refused}"
        );
    }
}

#[test]
fn the_catch_all_of_one_tenant_leaves_all_names_to_others() {
    let routes = Routes::new();
    let _all = publish(&routes, "alice/a", &["*"]).unwrap();
    let _one = publish(&routes, "bob/b", &["b.example.com"]).unwrap();
    assert_eq!(found(&routes, "b.example.com").as_deref(), Some("bob/b"));
}

#[test]
fn a_name_is_free_again_when_its_guard_is_dropped() {
    let routes = Routes::new();
    let guard = publish(&routes, "alice/a", &["x.example", "*.y.example", "*"]).unwrap();
    assert_eq!(routes.patterns().len(), 3);
    drop(guard);
    assert_eq!(routes.patterns(), []);
    let _other = publish(&routes, "bob/b", &["x.example", "*.y.example", "*"]).unwrap();
    assert_eq!(found(&routes, "x.example").as_deref(), Some("bob/b"));
}

#[test]
fn a_workload_without_a_host_name_is_refused() {
    let error = publish(&Routes::new(), "alice/a", &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "workload `alice/a` has no host name; give it at least one"
    );
}

#[test]
fn a_shared_name_goes_to_the_target_with_the_fewest_requests_in_flight() {
    let routes = Routes::new();
    let _one = publish(&routes, "t/one", &["x"]).unwrap();
    let _two = publish(&routes, "t/two", &["x"]).unwrap();
    let held: Vec<_> = (0..10).map(|_| routes.find("x", "/").unwrap()).collect();
    let ones = held
        .iter()
        .filter(|lease| lease.target.name() == "t/one")
        .count();
    assert_eq!(ones, 5);

    let (of_one, of_two): (Vec<_>, Vec<_>) = held
        .into_iter()
        .partition(|lease| lease.target.name() == "t/one");
    drop(of_one);
    for _ in 0..4 {
        assert_eq!(found(&routes, "x").as_deref(), Some("t/one"));
    }
    drop(of_two);
}

#[test]
fn idle_targets_of_a_shared_name_take_turns() {
    let routes = Routes::new();
    let _guards: Vec<_> = ["t/one", "t/two", "t/three"]
        .map(|name| publish(&routes, name, &["x"]).unwrap())
        .into();
    let mut names: Vec<_> = (0..3).map(|_| found(&routes, "x").unwrap()).collect();
    names.sort();
    assert_eq!(names, ["t/one", "t/three", "t/two"]);
}

#[test]
fn a_swap_changes_all_names_and_leaves_the_old_target_to_those_who_hold_it() {
    let routes = Routes::new();
    let guard = publish(&routes, "t/old", &["x", "*.x"]).unwrap();
    let held = routes.find("x", "/").unwrap();
    let old = guard.swap(Arc::new(Named("t/new".to_owned())));
    assert_eq!(old.name(), "t/old");
    for host in ["x", "a.x"] {
        assert_eq!(found(&routes, host).as_deref(), Some("t/new"));
    }
    assert_eq!(held.target.name(), "t/old");
    let weak = Arc::downgrade(&old);
    drop((old, held));
    assert!(
        weak.upgrade().is_none(),
        "the last request lets the old target go"
    );
}

#[test]
fn the_longest_path_prefix_wins_on_one_host_and_in_no_other() {
    let routes = Routes::new();
    let _web = publish(&routes, "t/web", &["a.example"]).unwrap();
    let _api = publish(&routes, "t/api", &["a.example/api"]).unwrap();
    let _v2 = publish(&routes, "t/v2", &["a.example/api/v2"]).unwrap();
    let _only = publish(&routes, "t/only", &["b.example/only"]).unwrap();
    let _below = publish(&routes, "t/below", &["*.example"]).unwrap();
    for (host, path, expected) in [
        ("a.example", "/", Ok("t/web")),
        ("a.example", "/apix", Ok("t/web")),
        ("a.example", "/api", Ok("t/api")),
        ("a.example", "/api/v1", Ok("t/api")),
        ("a.example", "/api/v20", Ok("t/api")),
        ("a.example", "/api/v2/", Ok("t/v2")),
        ("a.example", "/api/v2/../../", Ok("t/v2")),
        ("a.example", "/%61pi", Ok("t/web")),
        ("b.example", "/only/x", Ok("t/only")),
        // The exact name decides alone, although the wildcard would take the path.
        ("b.example", "/", Err(Miss::Path)),
        ("c.example", "/only", Ok("t/below")),
        ("example", "/", Err(Miss::Host)),
    ] {
        let answer = found_at(&routes, host, path);
        assert_eq!(
            answer.as_deref(),
            expected.as_ref().map(|name| &**name),
            "{host}{path}"
        );
    }
}

#[test]
fn another_path_of_a_host_name_is_still_the_same_tenants() {
    for (first, second) in [
        ("x.example/a", "x.example/b"),
        ("x.example", "x.example/b"),
        ("*.example/a", "x.example/b"),
        ("x.y.example/a", "*.example/b"),
        ("*/a", "*/b"),
    ] {
        let routes = Routes::new();
        let _first = publish(&routes, "alice/a", &[first]).unwrap();
        let refused = publish(&routes, "bob/b", &[second]).unwrap_err();
        assert!(
            matches!(refused, RouteError::Claimed(_)),
            "{first} and {second}: {refused}"
        );
        let _own = publish(&routes, "alice/b", &[second]).unwrap();
    }
}

#[test]
fn a_path_that_nobody_answers_does_not_fall_to_the_catch_all_of_another_tenant() {
    let routes = Routes::new();
    let _all = publish(&routes, "alice/a", &["*"]).unwrap();
    let _one = publish(&routes, "bob/b", &["b.example/api"]).unwrap();
    assert_eq!(found_at(&routes, "b.example", "/login"), Err(Miss::Path));
}

#[test]
fn paths_come_and_go_one_by_one() {
    let routes = Routes::new();
    let long = publish(&routes, "t/long", &["x/a/b/c"]).unwrap();
    let _short = publish(&routes, "t/short", &["x/a"]).unwrap();
    assert_eq!(found_at(&routes, "x", "/a/b/c/d").unwrap(), "t/long");
    drop(long);
    assert_eq!(found_at(&routes, "x", "/a/b/c/d").unwrap(), "t/short");
    let shown: Vec<_> = routes.patterns().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["x/a"]);
}

#[test]
fn a_host_with_very_many_routes_takes_new_ones_quickly() {
    // One tenant below one wildcard, one host with many paths, and many tenants: the three shapes that could make each
    // claim look at all others. Looking through all of them takes minutes in this build.
    let routes = Routes::new();
    let _wildcard = publish(&routes, "t/all", &["*.apps.example"]).unwrap();
    let start = std::time::Instant::now();
    let guards: Vec<_> = (0..6_000)
        .map(|n| match n % 3 {
            0 => publish(&routes, "t/w", &[&format!("w{n}.apps.example")]),
            1 => publish(&routes, "t/w", &[&format!("paths.example/{n}")]),
            _ => publish(
                &routes,
                &format!("t{n}/w"),
                &[&format!("w{n}.t{n}.example")],
            ),
        })
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(found_at(&routes, "paths.example", "/1/x").unwrap(), "t/w");
    drop(guards);
    assert_eq!(routes.patterns().len(), 1);
    assert!(
        start.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

mod model;

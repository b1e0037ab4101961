//! Precedence, ownership and sharing of host names, against a naive model.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::{Request, Response};
use proptest::prelude::*;
use weft_api::ids::{Tenant, WorkloadName};

use super::{RouteError, RouteGuard, Routes};
use crate::hostname::HostPattern;
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

fn publish(routes: &Routes, owner: &str, hosts: &[&str]) -> Result<RouteGuard, RouteError> {
    let (tenant, workload) = owner.split_once('/').unwrap();
    routes.publish(
        Tenant::parse(tenant).unwrap(),
        WorkloadName::parse(workload).unwrap(),
        hosts.iter().map(|host| host.parse().unwrap()).collect(),
        Arc::new(Named(owner.to_owned())),
    )
}

fn found(routes: &Routes, host: &str) -> Option<String> {
    routes
        .find(host)
        .map(|lease| lease.target.name().to_owned())
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
    assert_eq!(routes.hosts().len(), 3);
    drop(guard);
    assert_eq!(routes.hosts(), []);
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
    let held: Vec<_> = (0..10).map(|_| routes.find("x").unwrap()).collect();
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
    let held = routes.find("x").unwrap();
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

/// What `Routes` should do, written without any index: a list of claims, looked through from end to end.
#[derive(Default)]
struct Model(Vec<(HostPattern, String)>);

impl Model {
    fn refuses(&self, owner: &str, patterns: &[HostPattern], names: &[String]) -> bool {
        let tenant = |owner: &str| owner.split('/').next().unwrap().to_owned();
        self.0.iter().any(|(theirs, other)| {
            let clash = |ours: &HostPattern| {
                if HostPattern::Any == *ours || HostPattern::Any == *theirs {
                    return ours == theirs;
                }
                names
                    .iter()
                    .any(|name| rank(ours, name) > 0 && rank(theirs, name) > 0)
            };
            tenant(other) != tenant(owner) && patterns.iter().any(clash)
        })
    }

    fn find(&self, name: &str) -> Vec<&str> {
        let best = self.0.iter().map(|(pattern, _)| rank(pattern, name)).max();
        let is_best =
            |pattern: &HostPattern| rank(pattern, name) > 0 && Some(rank(pattern, name)) == best;
        self.0
            .iter()
            .filter(|(pattern, _)| is_best(pattern))
            .map(|(_, owner)| owner.as_str())
            .collect()
    }
}

/// How well a pattern fits a name; 0 is not at all.
fn rank(pattern: &HostPattern, name: &str) -> usize {
    match pattern {
        HostPattern::Any => 1,
        HostPattern::Exact(exact) if exact.as_str() == name => usize::MAX,
        HostPattern::Below(suffix) if name.ends_with(&format!(".{suffix}")) => {
            1 + suffix.as_str().len()
        }
        HostPattern::Exact(_) | HostPattern::Below(_) => 0,
    }
}

/// All names of one to four labels over two letters: every clash of the patterns below shows on one of them.
fn all_names() -> Vec<String> {
    let mut names = vec!["a".to_owned(), "b".to_owned()];
    let mut last = names.clone();
    for _ in 0..3 {
        last = last
            .iter()
            .flat_map(|name| [format!("a.{name}"), format!("b.{name}")])
            .collect();
        names.extend(last.iter().cloned());
    }
    names
}

#[derive(Clone, Debug)]
enum Step {
    Publish(String, Vec<String>),
    Drop(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pattern = prop_oneof![
        1 => Just("*".to_owned()),
        5 => "[ab](\\.[ab]){0,2}",
        5 => "\\*\\.[ab](\\.[ab]){0,2}",
    ];
    let publish = ("[tu]/[vw]", prop::collection::vec(pattern, 1..3));
    let step = prop_oneof![
        3 => publish.prop_map(|(owner, hosts)| Step::Publish(owner, hosts)),
        1 => (0..8_usize).prop_map(Step::Drop),
    ];
    prop::collection::vec(step, 1..20)
}

proptest! {
    #[test]
    fn look_ups_and_refusals_equal_a_naive_model(steps in steps()) {
        let names = all_names();
        let routes = Routes::new();
        let mut live: Vec<(RouteGuard, Vec<(HostPattern, String)>)> = Vec::new();
        for step in steps {
            let model = Model(live.iter().flat_map(|(_, claims)| claims.clone()).collect());
            match step {
                Step::Drop(index) if index < live.len() => drop(live.remove(index)),
                Step::Drop(_) => {}
                Step::Publish(owner, hosts) => {
                    let mut patterns: Vec<HostPattern> = hosts.iter().map(|host| host.parse().unwrap()).collect();
                    patterns.sort();
                    patterns.dedup();
                    let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
                    let published = publish(&routes, &owner, &hosts);
                    prop_assert_eq!(published.is_err(), model.refuses(&owner, &patterns, &names));
                    if let Ok(guard) = published {
                        live.push((guard, patterns.into_iter().map(|pattern| (pattern, owner.clone())).collect()));
                    }
                }
            }
            let model = Model(live.iter().flat_map(|(_, claims)| claims.clone()).collect());
            for name in &names {
                let expected = model.find(name);
                match found(&routes, name) {
                    None => prop_assert!(expected.is_empty(), "{} should be answered by {:?}", name, expected),
                    Some(owner) => prop_assert!(expected.contains(&owner.as_str()), "{}: {} is not in {:?}", name, owner, expected),
                }
            }
        }
    }
}

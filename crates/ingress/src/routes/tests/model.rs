//! The table of routes against a model without any index: a list of claims, looked through from end to end.

use proptest::prelude::*;

use super::{
    HostPattern, Miss, PathPrefix, RouteGuard, RoutePattern, Routes, found_at, publish, route,
};

/// The claims that stand, each with its owner, `tenant/workload`.
#[derive(Default)]
struct Model(Vec<(RoutePattern, String)>);

impl Model {
    fn of(live: &[(RouteGuard, String)]) -> Self {
        let claims = live.iter().flat_map(|(guard, owner)| {
            let patterns = guard.patterns().iter().cloned();
            patterns.map(move |pattern| (pattern, owner.clone()))
        });
        Self(claims.collect())
    }

    /// Whether the host name of a claim, or one that it covers, belongs to another tenant. Paths do not matter.
    fn refuses(&self, owner: &str, claims: &[RoutePattern], names: &[String]) -> bool {
        self.0.iter().any(|(theirs, other)| {
            let clash = |ours: &RoutePattern| {
                if HostPattern::Any == ours.host || HostPattern::Any == theirs.host {
                    return ours.host == theirs.host;
                }
                names
                    .iter()
                    .any(|name| rank(&ours.host, name) > 0 && rank(&theirs.host, name) > 0)
            };
            tenant(other) != tenant(owner) && claims.iter().any(clash)
        })
    }

    /// The owners of the best routes; several if they share one.
    fn find(&self, name: &str, path: &str) -> Result<Vec<&str>, Miss> {
        let best = |claims: &[&(RoutePattern, String)], fit: &dyn Fn(&RoutePattern) -> usize| {
            claims.iter().map(|claim| fit(&claim.0)).max().unwrap_or(0)
        };
        let all: Vec<_> = self.0.iter().collect();
        let of_host = |route: &RoutePattern| rank(&route.host, name);
        let host = best(&all, &of_host);
        let claims: Vec<_> = all
            .into_iter()
            .filter(|claim| of_host(&claim.0) == host)
            .collect();
        if host == 0 {
            return Err(Miss::Host);
        }
        let of_path = |route: &RoutePattern| segments(&route.path, path);
        let path = best(&claims, &of_path);
        if path == 0 {
            return Err(Miss::Path);
        }
        let winners = claims.iter().filter(|claim| of_path(&claim.0) == path);
        Ok(winners.map(|claim| claim.1.as_str()).collect())
    }
}

fn tenant(owner: &str) -> &str {
    owner.split('/').next().unwrap()
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

/// How many segments of a path a prefix has, and one; 0 if it is not a prefix.
fn segments(prefix: &PathPrefix, path: &str) -> usize {
    let prefix: Vec<_> = prefix.as_str().trim_end_matches('/').split('/').collect();
    let path: Vec<_> = path.split('/').collect();
    if path.starts_with(&prefix) {
        prefix.len()
    } else {
        0
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

const PATHS: [&str; 8] = ["/", "/a", "/a/", "/a/b", "/a/a/b", "/ab", "/b/../a", "/%61"];

#[derive(Clone, Debug)]
enum Step {
    Publish(String, Vec<String>),
    Drop(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let host = prop_oneof![
        1 => Just("*".to_owned()),
        5 => "[ab](\\.[ab]){0,2}",
        5 => "\\*\\.[ab](\\.[ab]){0,2}",
    ];
    let path = prop_oneof![2 => Just(String::new()), 3 => "(/[ab]){1,3}"];
    let pattern = (host, path).prop_map(|(host, path)| host + &path);
    let publish = ("[tu]/[vw]", prop::collection::vec(pattern, 1..3));
    let step = prop_oneof![
        3 => publish.prop_map(|(owner, patterns)| Step::Publish(owner, patterns)),
        1 => (0..8_usize).prop_map(Step::Drop),
    ];
    prop::collection::vec(step, 1..20)
}

proptest! {
    #[test]
    fn look_ups_and_refusals_equal_a_naive_model(steps in steps()) {
        let names = all_names();
        let routes = Routes::new();
        let mut live: Vec<(RouteGuard, String)> = Vec::new();
        for step in steps {
            match step {
                Step::Drop(index) if index < live.len() => drop(live.remove(index)),
                Step::Drop(_) => {}
                Step::Publish(owner, texts) => {
                    let claims: Vec<_> = texts.iter().map(|text| route(text)).collect();
                    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
                    let published = publish(&routes, &owner, &texts);
                    prop_assert_eq!(published.is_err(), Model::of(&live).refuses(&owner, &claims, &names));
                    if let Ok(guard) = published {
                        live.push((guard, owner));
                    }
                }
            }
            let model = Model::of(&live);
            let mut claimed: Vec<_> = model.0.iter().map(|claim| claim.0.clone()).collect();
            claimed.sort();
            claimed.dedup();
            prop_assert_eq!(routes.patterns(), claimed);
            for name in &names {
                let mut tenants = Vec::new();
                for path in PATHS {
                    match (found_at(&routes, name, path), model.find(name, path)) {
                        (Ok(owner), Ok(expected)) => {
                            prop_assert!(expected.contains(&owner.as_str()), "{name}{path}: {owner}, not {expected:?}");
                            tenants.push(tenant(&owner).to_owned());
                        }
                        (found, expected) => {
                            prop_assert_eq!(found.err(), expected.err(), "{}{}", name, path);
                        }
                    }
                }
                tenants.dedup();
                prop_assert!(tenants.len() <= 1, "{name} is answered by several tenants: {tenants:?}");
            }
        }
    }
}

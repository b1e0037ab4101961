//! Every refusal with its words, who serves which import, and notes.

mod outlook;
mod refused;
mod resolved;
mod shapes;
mod versions;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Granting, PlanError, Purpose};
use shapes::{Draft, HANDLER};

proptest! {
    #[test]
    fn a_plan_is_made_or_refused_whatever_the_components_say(
        components in prop::collection::vec(
            (prop::collection::vec(0..NAMES.len(), 0..4), prop::collection::vec(0..NAMES.len(), 0..4)),
            0..20,
        ),
        everything: bool,
        command: bool,
    ) {
        let mut draft = Draft::new();
        for (position, (imports, exports)) in components.iter().enumerate() {
            let names = |which: &[usize]| which.iter().map(|name| NAMES[*name]).collect::<Vec<_>>();
            draft = draft.component(&format!("c{position}"), &names(imports), &names(exports));
        }
        draft.granting = if everything { Granting::Everything } else { Granting::Entries };
        draft.purpose = if command { Purpose::Command } else { Purpose::Serve };
        match draft.plan() {
            Err(refused) => {
                prop_assert!(!refused.errors.is_empty());
                prop_assert!(refused.to_string().contains("cannot start"));
            }
            Ok(valid) => {
                let parts = &valid.program.as_ref().unwrap().parts;
                prop_assert!(!parts.is_empty() && parts.len() <= super::resolve::MAX_PARTS);
                for (place, part) in parts.iter().enumerate() {
                    for link in &part.links {
                        prop_assert!(link.provider > place && link.provider < parts.len());
                    }
                }
            }
        }
    }
}

/// What components of the property test import and export.
const NAMES: &[&str] = &[
    HANDLER,
    "wasi:http/handler@0.3.0",
    "wasi:cli/run@0.2.3",
    "wasi:io/streams@0.2.0",
    "wasi:config/store@0.2.0-rc.1",
    "wasi:keyvalue/store@0.2.0-draft",
    "a:b/c@1.0.0",
    "a:b/c@1.2.0",
    "a:b/c@2.0.0",
    "a:b/d",
    "plain-name",
];

#[test]
fn all_problems_are_reported_together() {
    let refused = Draft::new()
        .component(
            "front",
            &["a:b/x@1.0.0", "wasi:config/store@0.2.0-rc.1", "a:b/y@1.0.0"],
            &[HANDLER],
        )
        .entries()
        .with(|spec| {
            spec.components[0].resources.allowed_hosts = vec!["ok.example".to_owned()];
        })
        .plan()
        .unwrap_err();
    assert_snapshot!(refused, @r#"
    workload `team/shop` cannot start:
      - no `wasi:http` entry: nothing would reach the component; add to `hostInterfaces`: {namespace: wasi, package: http, interfaces: [incoming-handler], config: {host: <name>}}
      - component `front` imports `a:b/x@1.0.0`, which nothing provides
        - no component of the workload exports it, and the host does not know it; add the component that does
      - component `front` imports `wasi:config/store@0.2.0-rc.1`, which the host serves but the manifest does not ask for; add to `hostInterfaces`: {namespace: wasi, package: config, interfaces: [store]}
      - component `front` imports `a:b/y@1.0.0`, which nothing provides
        - no component of the workload exports it, and the host does not know it; add the component that does
    "#);
    assert!(matches!(refused.errors[0], PlanError::NoIngress { .. }));
}

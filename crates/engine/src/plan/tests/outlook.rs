//! What is told of a workload: the same as the plan does, also where the plan refuses.

use super::shapes::{Draft, HANDLER};
use crate::plan::{Outlook, Server, Shapes, Use, outlook};

fn look(draft: &Draft) -> Outlook {
    let shapes = Shapes {
        components: &draft.shapes,
        service: draft.service.as_ref(),
    };
    outlook(&draft.spec, shapes, draft.granting, draft.purpose)
}

fn needed(outlook: &Outlook) -> Vec<String> {
    let needed = outlook.needed.iter().map(|needed| {
        let interfaces: Vec<_> = needed.entry.interfaces.iter().map(String::as_str).collect();
        let missing = if needed.missing { " missing" } else { "" };
        format!("{}/{}{missing}", needed.entry.package, interfaces.join(","))
    });
    needed.collect()
}

#[test]
fn each_import_has_its_server_and_each_export_its_use() {
    let draft = Draft::new()
        .component(
            "front",
            &[
                "wasi:io/streams@0.2.0",
                "wasi:config/store@0.2.0-rc.1",
                "a:b/c@1.0.0",
                "a:b/none@1.0.0",
            ],
            &[HANDLER],
        )
        .component("back", &[], &["a:b/c@1.2.0", "a:b/other@1.0.0"])
        .component("spare", &[], &["a:b/spare@1.0.0"])
        .ingress()
        .entry("wasi:config/store", &[]);
    let outlook = look(&draft);
    let servers: Vec<_> = outlook.components[0]
        .imports
        .iter()
        .map(|(_, server)| server)
        .collect();
    assert_eq!(
        servers,
        [
            &Server::Wasi,
            &Server::Capability { entry: Some(1) },
            &Server::Component {
                name: "back".parse().unwrap(),
                export: "a:b/c@1.2.0".to_owned()
            },
            &Server::Nobody,
        ]
    );
    assert_eq!(outlook.components[0].exports[0].1, Use::Requests);
    let back: Vec<_> = outlook.components[1]
        .exports
        .iter()
        .map(|(_, used)| used)
        .collect();
    assert_eq!(
        back,
        [
            &Use::ImportedBy(vec!["front".parse().unwrap()]),
            &Use::Nothing
        ]
    );
    let in_use: Vec<_> = outlook.components.iter().map(|one| one.in_use).collect();
    assert_eq!(in_use, [true, true, false]);
    assert!(outlook.plan.is_err());
}

#[test]
fn the_entries_that_imports_need_are_those_that_make_it_start() {
    let draft = Draft::new()
        .component(
            "front",
            &[
                "wasi:config/store@0.2.0-rc.1",
                "wasi:logging/logging@0.1.0-draft",
            ],
            &[HANDLER],
        )
        .entries();
    let before = look(&draft);
    assert_eq!(
        needed(&before),
        [
            "http/incoming-handler missing",
            "config/store missing",
            "logging/logging missing"
        ]
    );
    let entries = before
        .needed
        .into_iter()
        .map(|needed| needed.entry)
        .collect();
    let draft = draft.with(|spec| spec.host_interfaces = entries);
    let after = look(&draft);
    assert!(after.plan.is_ok(), "{:?}", after.plan);
    assert!(
        needed(&after)
            .iter()
            .all(|entry| !entry.ends_with("missing"))
    );
}

#[test]
fn what_another_component_serves_needs_no_entry() {
    let draft = Draft::new()
        .component("front", &["wasi:config/store@0.2.0-rc.1"], &[HANDLER])
        .component("own", &[], &["wasi:config/store@0.2.0-rc.1"])
        .ingress()
        .entry("wasi:config/store", &[]);
    let outlook = look(&draft);
    assert_eq!(needed(&outlook), ["http/incoming-handler"]);
    assert_eq!(outlook.unused, [1]);
}

#[test]
fn a_service_is_run_and_its_imports_count() {
    let draft = Draft::new()
        .service(
            &["wasi:logging/logging@0.1.0-draft"],
            &["wasi:cli/run@0.2.3"],
        )
        .entries();
    let outlook = look(&draft);
    assert_eq!(needed(&outlook), ["logging/logging missing"]);
    assert_eq!(outlook.service.unwrap().exports[0].1, Use::Run);
}

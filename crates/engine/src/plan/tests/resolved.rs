//! Workloads that start: who serves, who is linked to whom, what is noted.

use insta::assert_snapshot;
use weft_api::spec::Reuse;

use super::shapes::{Draft, HANDLER, links, parts, program};
use crate::plan::Entry;

#[test]
fn a_lone_component_answers_every_name() {
    let valid = Draft::new()
        .component("front", &["wasi:io/streams@0.2.0"], &[HANDLER])
        .valid();
    assert_eq!(parts(&valid), ["front"]);
    assert_eq!(program(&valid).entry, Entry::Http2);
    assert!(valid.hosts.is_empty() && valid.notes.is_empty());
}

#[test]
fn the_entry_is_what_the_purpose_asks_for() {
    let both = Draft::new().component(
        "both",
        &[],
        &["wasi:cli/run@0.2.3", "wasi:http/handler@0.3.0"],
    );
    assert_eq!(program(&both.valid()).entry, Entry::Http3);
    assert_eq!(program(&both.command().valid()).entry, Entry::Command2);
    let later = Draft::new()
        .component("tool", &[], &["wasi:cli/run@0.3.0"])
        .command();
    assert_eq!(program(&later.valid()).entry, Entry::Command3);
}

#[test]
fn host_names_come_from_the_entry() {
    let valid = Draft::new()
        .component("front", &[], &[HANDLER])
        .entry(
            "wasi:http/incoming-handler",
            &[
                ("host", "Shop.example"),
                ("host-aliases", "a.example, b.example"),
            ],
        )
        .valid();
    assert_eq!(valid.hosts, ["shop.example", "a.example", "b.example"]);
}

#[test]
fn a_component_comes_before_the_host() {
    let valid = Draft::new()
        .component("front", &["wasi:config/store@0.2.0-rc.1"], &[HANDLER])
        .component("own", &[], &["wasi:config/store@0.2.0-rc.1"])
        .valid();
    assert_eq!(parts(&valid), ["front", "own"]);
}

#[test]
fn a_handler_in_front_of_another_is_the_entry_and_nothing_is_noted() {
    let valid = Draft::new()
        .component("front", &[HANDLER], &[HANDLER])
        .component("back", &[], &["wasi:http/incoming-handler@0.2.0"])
        .valid();
    assert_eq!(parts(&valid), ["front", "back"]);
    assert_eq!(
        links(&valid),
        ["front <- back: wasi:http/incoming-handler@0.2.3 = wasi:http/incoming-handler@0.2.0"]
    );
    assert!(valid.notes.is_empty(), "{:?}", valid.notes);
}

#[test]
fn a_handler_in_front_of_another_is_the_entry_wherever_it_stands() {
    let valid = Draft::new()
        .component("back", &[], &[HANDLER])
        .component("front", &[HANDLER], &[HANDLER])
        .valid();
    assert_eq!(parts(&valid), ["front", "back"]);
}

#[test]
fn of_several_handlers_the_first_serves_and_the_others_are_named() {
    let valid = Draft::new()
        .component("one", &[], &[HANDLER])
        .component("two", &[], &["wasi:http/handler@0.3.0"])
        .component("three", &[], &[HANDLER])
        .valid();
    assert_eq!(parts(&valid), ["one"]);
    assert_snapshot!(valid.notes.join("\n"), @"several components export wasi:http; `one` serves because it comes first, `two`, `three` get no requests");
}

#[test]
fn a_component_that_nothing_needs_is_named() {
    let valid = Draft::new()
        .component("front", &[], &[HANDLER])
        .component("spare", &["a:b/missing@1.0.0"], &["a:b/c@1.0.0"])
        .valid();
    assert_eq!(parts(&valid), ["front"]);
    assert_snapshot!(valid.notes.join("\n"), @"component `spare` is not used: nothing imports what it exports");
}

#[test]
fn a_chain_is_linked_importers_first() {
    let valid = Draft::new()
        .component("last", &[], &["a:b/y@1.0.0"])
        .component("middle", &["a:b/y@1.0.0"], &["a:b/x@1.0.0"])
        .component("front", &["a:b/x@1.0.0"], &[HANDLER])
        .valid();
    assert_eq!(parts(&valid), ["front", "middle", "last"]);
    assert_eq!(
        links(&valid),
        [
            "front <- middle: a:b/x@1.0.0 = a:b/x@1.0.0",
            "middle <- last: a:b/y@1.0.0 = a:b/y@1.0.0"
        ]
    );
}

#[test]
fn two_importers_share_one_provider() {
    let valid = Draft::new()
        .component("front", &["a:b/left@1.0.0", "a:b/right@1.0.0"], &[HANDLER])
        .component("left", &["a:b/base@1.0.0"], &["a:b/left@1.0.0"])
        .component("right", &["a:b/base@1.1.0"], &["a:b/right@1.0.0"])
        .component("base", &[], &["a:b/base@1.2.0"])
        .valid();
    let order = parts(&valid);
    assert_eq!((order.len(), order[0], order[3]), (4, "front", "base"));
    let to_base = links(&valid)
        .into_iter()
        .filter(|link| link.contains("<- base"));
    assert_eq!(to_base.count(), 2);
}

#[test]
fn an_import_can_skip_a_level() {
    let valid = Draft::new()
        .component("front", &["a:b/base@1.0.0", "a:b/middle@1.0.0"], &[HANDLER])
        .component("base", &[], &["a:b/base@1.0.0"])
        .component("middle", &["a:b/base@1.0.0"], &["a:b/middle@1.0.0"])
        .valid();
    assert_eq!(parts(&valid), ["front", "middle", "base"]);
}

#[test]
fn a_capability_with_an_entry_is_granted() {
    let draft = |entry: &str| {
        Draft::new()
            .component("front", &["wasi:config/store@0.2.0-rc.1"], &[HANDLER])
            .ingress()
            .entry(entry, &[])
    };
    draft("wasi:config/store").valid();
    draft("wasi:config/store@0.2.0-rc.1").valid();
    assert!(draft("wasi:logging/logging").plan().is_err());
}

#[test]
fn configuration_of_the_entry_yields_to_that_of_the_component_and_its_environment() {
    let valid = Draft::new()
        .component("front", &["wasi:config/store@0.2.0-rc.1"], &[HANDLER])
        .ingress()
        .entry(
            "wasi:config/store",
            &[("a", "entry"), ("b", "entry"), ("c", "entry")],
        )
        .with(|spec| {
            let resources = &mut spec.components[0].resources;
            resources.config = [("b", "own"), ("c", "own")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into();
            resources.environment = [("c".to_owned(), "variable".to_owned())].into();
        })
        .valid();
    let config = &program(&valid).parts[0].config;
    let values: Vec<_> = config
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    assert_eq!(values, ["a=entry", "b=own", "c=variable"]);
    assert_eq!(
        program(&valid).parts[0].environment,
        [("c".to_owned(), "variable".to_owned())].into()
    );
}

#[test]
fn a_program_is_reused_as_little_as_its_strictest_part() {
    let reuse = |pool_size, max_invocations, max_concurrency| Reuse {
        pool_size,
        max_invocations,
        max_concurrency,
    };
    let together = |one: Reuse, two: Reuse| {
        let draft = Draft::new()
            .component("front", &["a:b/c@1.0.0"], &[HANDLER])
            .component("back", &[], &["a:b/c@1.0.0"]);
        let draft = draft.with(|spec| {
            spec.components[0].reuse = one;
            spec.components[1].reuse = two;
        });
        program(&draft.valid()).reuse
    };
    assert_eq!(together(reuse(4, 0, 8), reuse(2, 10, 1)), reuse(2, 10, 1));
    assert_eq!(together(reuse(1, 5, 3), reuse(9, 7, 9)), reuse(1, 5, 3));
    assert_eq!(together(reuse(4, 0, 8), Reuse::default()), reuse(0, 0, 1));
}

#[test]
fn an_allowed_host_that_is_never_reached_is_noted() {
    let valid = Draft::new()
        .component("front", &[], &[HANDLER])
        .with(|spec| {
            let hosts =
                ["127.0.0.1", "127.0.0.1:8080", "ok.example", "localhost"].map(str::to_owned);
            spec.components[0].resources.allowed_hosts = hosts.to_vec();
        });
    assert_snapshot!(valid.valid().notes.join("\n"), @r"
    component `front`: `127.0.0.1` in `allowedHosts` has no effect: nothing allows this address: loopback (RFC 1122); the loopback of the host is `host.weft.internal`, with the port in `allowedHostLoopbackPorts`
    component `front`: `localhost` in `allowedHosts` has no effect: the name is answered inside the workload; the loopback of the host is `host.weft.internal`, with the port in `allowedHostLoopbackPorts`
    ");
}

#[test]
fn a_service_is_run_beside_what_answers_requests() {
    let valid = Draft::new()
        .component("front", &[], &[HANDLER])
        .service(
            &["wasi:sockets/tcp@0.2.0"],
            &["wasi:cli/run@0.2.3", "wasi:http/handler@0.3.0"],
        )
        .valid();
    assert_eq!(parts(&valid), ["front"]);
    let service = valid.service.unwrap();
    assert_eq!(service.program.entry, Entry::Command2);
    assert_eq!(service.program.parts[0].component.as_str(), "service");
    assert_eq!(service.max_restarts, 3);
    assert!(service.program.is_resident());
    assert!(!valid.program.unwrap().is_resident());
}

#[test]
fn a_service_alone_needs_no_host_name() {
    let valid = Draft::new()
        .service(&[], &["wasi:cli/run@0.3.0"])
        .entries()
        .valid();
    assert!(valid.program.is_none());
    assert_eq!(valid.service.unwrap().program.entry, Entry::Command3);
}

#[test]
fn a_service_that_only_answers_requests_is_one_instance_that_stays() {
    let valid = Draft::new()
        .service(&[], &["wasi:http/handler@0.3.0"])
        .ingress()
        .valid();
    assert!(valid.service.is_none());
    let program = program(&valid);
    assert!(program.is_resident());
    assert_eq!(program.reuse.pool_size, 1);
    assert_eq!(program.reuse.max_invocations, 0);
}

#[test]
fn components_beside_a_service_that_nothing_leads_to_are_named() {
    let valid = Draft::new()
        .component("library", &[], &["a:b/c@1.0.0"])
        .service(&[], &["wasi:cli/run@0.2.3"])
        .valid();
    assert_eq!(
        valid.notes,
        [
            "component `library` is not used: it exports no wasi:http, and a service imports from no component"
        ]
    );
}

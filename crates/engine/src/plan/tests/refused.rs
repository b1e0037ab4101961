//! The words of every refusal.

use insta::assert_snapshot;

use super::shapes::{Draft, HANDLER, program};

fn front(imports: &[&str]) -> Draft {
    Draft::new().component("front", imports, &[HANDLER])
}

#[test]
fn an_import_that_nobody_knows() {
    let refused = front(&["acme:missing/api@1.0.0"]).refused();
    assert_snapshot!(refused, @r#"
    component `front` imports `acme:missing/api@1.0.0`, which nothing provides
      - no component of the workload exports it, and the host does not know it; add the component that does
    "#);
}

#[test]
fn an_import_whose_name_is_nearly_right() {
    let refused = front(&["acme:store/carts@1.0.0"])
        .component("carts", &[], &["acme:store/cart@1.0.0"])
        .refused();
    assert_snapshot!(refused, @r#"
    component `front` imports `acme:store/carts@1.0.0`, which nothing provides
      - component `carts` exports acme:store/cart@1.0.0: another interface of a similar name; if `acme:store/cart@1.0.0` is what is meant, import it under this name; else add the component that exports `acme:store/carts@1.0.0`
    "#);
}

#[test]
fn an_import_of_a_package_that_the_host_serves_in_another_version() {
    let refused = front(&["wasi:http/types@0.1.0"]).refused();
    assert_snapshot!(refused, @r#"
    component `front` imports `wasi:http/types@0.1.0`, which nothing provides
      - the host serves wasi:http/{types,outgoing-handler}@0.2.x
      - the host serves wasi:http/{types,client}@0.3.x; build the component against an interface and version that the host serves
    "#);
}

#[test]
fn a_plain_function_as_an_import() {
    let refused = front(&["log"]).refused();
    assert_snapshot!(refused, @r#"
    component `front` imports `log`, which nothing provides
      - it is not an interface, and the host offers interfaces only; put what is imported into an interface, and add a component that exports it
    "#);
}

#[test]
fn a_named_import() {
    let refused = front(&[])
        .named_import("team-a", "wasi:config/store@0.2.0-rc.1")
        .refused();
    assert_snapshot!(refused, @r#"
    component `front` imports `team-a`, which nothing provides
      - it is a named import of `wasi:config/store@0.2.0-rc.1`; weft serves that interface only unnamed; import `wasi:config/store@0.2.0-rc.1` without a name of its own
    "#);
}

#[test]
fn a_component_that_would_have_to_serve_itself() {
    let refused = Draft::new()
        .component("front", &["a:b/c@1.0.0"], &[HANDLER, "a:b/c@1.0.0"])
        .refused();
    assert_snapshot!(refused, @r#"
    component `front` imports `a:b/c@1.0.0`, which nothing provides
      - the component exports a:b/c@1.0.0 itself, but a component cannot serve its own import; add another component that exports it
    "#);
}

#[test]
fn a_capability_without_an_entry() {
    let refused = front(&["wasi:config/store@0.2.0-rc.1"]).ingress().refused();
    assert_snapshot!(refused, @"component `front` imports `wasi:config/store@0.2.0-rc.1`, which the host serves but the manifest does not ask for; add to `hostInterfaces`: {namespace: wasi, package: config, interfaces: [store]}");
}

#[test]
fn a_capability_with_an_entry_for_another_version() {
    let refused = front(&["wasi:config/store@0.2.0-rc.1"])
        .ingress()
        .entry("wasi:config/store@0.2.0-draft", &[])
        .refused();
    assert_snapshot!(refused, @"component `front` imports `wasi:config/store@0.2.0-rc.1`, which the host serves, but the entry for `wasi:config` asks for version 0.2.0-draft; write `version: 0.2.0-rc.1` there, or leave `version` out");
}

#[test]
fn a_capability_with_an_entry_for_another_interface() {
    let refused = front(&["wasi:config/store@0.2.0-rc.1"])
        .ingress()
        .entry("wasi:config/runtime", &[])
        .refused();
    assert_snapshot!(refused, @"component `front` imports `wasi:config/store@0.2.0-rc.1`, which the host serves, but the entry for `wasi:config` does not name `store`; add `store` to the `interfaces` of that entry");
}

#[test]
fn two_components_that_export_the_same() {
    let refused = front(&["a:b/c@1.0.0"])
        .component("one", &[], &["a:b/c@1.0.0"])
        .component("two", &[], &["a:b/c@1.3.0"])
        .refused();
    assert_snapshot!(refused, @"component `front` imports `a:b/c@1.0.0`, which several components export: `one` (a:b/c@1.0.0), `two` (a:b/c@1.3.0); keep one of them, or give the interfaces different names");
}

#[test]
fn a_circle_of_two() {
    let refused = front(&["a:b/x@1.0.0"])
        .component("x", &["a:b/y@1.0.0"], &["a:b/x@1.0.0"])
        .component("y", &["a:b/x@1.0.0"], &["a:b/y@1.0.0"])
        .refused();
    assert_snapshot!(refused, @"components import from each other in a circle: `x` (imports a:b/y@1.0.0) -> `y` (imports a:b/x@1.0.0) -> `x`; break it by moving one interface into a third component");
}

#[test]
fn a_circle_of_three_that_the_entry_is_part_of() {
    let refused = Draft::new()
        .component("front", &["a:b/x@1.0.0"], &[HANDLER, "a:b/front@1.0.0"])
        .component("x", &["a:b/y@1.0.0"], &["a:b/x@1.0.0"])
        .component("y", &["a:b/front@1.0.0"], &["a:b/y@1.0.0"])
        .refused();
    assert_snapshot!(refused, @"components import from each other in a circle: `front` (imports a:b/x@1.0.0) -> `x` (imports a:b/y@1.0.0) -> `y` (imports a:b/front@1.0.0) -> `front`; break it by moving one interface into a third component");
}

#[test]
fn nothing_that_serves() {
    let refused = Draft::new()
        .component("one", &[], &["a:b/c@1.0.0", "run"])
        .component("two", &[], &["wasi:cli/run@0.2.3"])
        .refused();
    assert_snapshot!(refused, @"no component exports `wasi:http/incoming-handler@0.2` or `wasi:http/handler@0.3`, so nothing can be served (exported are: a:b/c@1.0.0, run, wasi:cli/run@0.2.3); one of them is a command: make it the `service` of the workload, or run its file alone with `weft run`");
    let refused = Draft::new().component("one", &[], &[]).refused();
    assert_snapshot!(refused, @"no component exports `wasi:http/incoming-handler@0.2` or `wasi:http/handler@0.3`, so nothing can be served (exported are: nothing); add the component that answers requests, or build one against one of these two");
}

#[test]
fn a_handler_of_a_version_that_is_not_known() {
    let refused = Draft::new()
        .component("old", &[], &["wasi:http/incoming-handler@0.1.0"])
        .component("early", &[], &["wasi:http/handler@0.3.0-rc-2025-09-16"])
        .refused();
    assert_snapshot!(refused, @"no component exports `wasi:http/incoming-handler@0.2` or `wasi:http/handler@0.3`, so nothing can be served (exported are: wasi:http/incoming-handler@0.1.0, wasi:http/handler@0.3.0-rc-2025-09-16); add the component that answers requests, or build one against one of these two");
}

#[test]
fn a_handler_where_a_command_is_wanted() {
    let refused = front(&[]).command().refused();
    assert_snapshot!(refused, @"the component exports no `wasi:cli/run`, so it is not a command (exported are: wasi:http/incoming-handler@0.2.3); build it as a command, with a `main` function");
}

#[test]
fn no_entry_for_http() {
    assert_snapshot!(front(&[]).entries().refused(), @"no `wasi:http` entry: nothing would reach the component; add to `hostInterfaces`: {namespace: wasi, package: http, interfaces: [incoming-handler], config: {host: <name>}}");
    let later = Draft::new().component("front", &[], &["wasi:http/handler@0.3.0"]);
    assert_snapshot!(later.entries().refused(), @"no `wasi:http` entry: nothing would reach the component; add to `hostInterfaces`: {namespace: wasi, package: http, interfaces: [handler], config: {host: <name>}}");
}

#[test]
fn an_entry_for_http_without_a_host_name() {
    let refused = front(&[])
        .entry("wasi:http/incoming-handler", &[])
        .refused();
    assert_snapshot!(refused, @"no host name; give the `wasi:http` entry of `hostInterfaces` a name under `config.host`");
}

#[test]
fn a_service_that_cannot_be_run() {
    let refused = Draft::new().service(&[], &["a:b/c@1.0.0", HANDLER]);
    assert_snapshot!(refused.refused(), @"the service exports neither `wasi:cli/run` nor `wasi:http/handler@0.3`, so there is nothing to run (exported are: a:b/c@1.0.0, wasi:http/incoming-handler@0.2.3); it answers requests: move it to `components`");
}

#[test]
fn a_service_with_an_import_that_nobody_has() {
    let refused = front(&[]).service(&["a:b/c@1.0.0"], &["wasi:cli/run@0.2.3"]);
    assert_snapshot!(refused.refused(), @r"
    component `service` imports `a:b/c@1.0.0`, which nothing provides
      - no component of the workload exports it, and the host does not know it; add the component that does
    ");
}

#[test]
fn a_service_that_answers_requests_beside_a_component_that_does() {
    let refused = front(&[]).service(&[], &["wasi:http/handler@0.3.0"]);
    assert_snapshot!(refused.refused(), @"the service exports `wasi:http/handler@0.3` and no `wasi:cli/run`, and a component exports wasi:http as well, so it is not clear which of them answers requests; take one of them out of the workload");
}

#[test]
fn a_component_with_the_name_of_the_service() {
    let draft = || Draft::new().component("service", &[], &[HANDLER]);
    let refused = draft().service(&[], &["wasi:cli/run@0.2.3"]).refused();
    assert_snapshot!(refused, @"a component is called `service`, which is what the service of the workload is called in logs, metrics and policies; give the component another name");
    draft().valid();
}

#[test]
fn a_service_that_answers_requests_without_a_host_name() {
    let refused = Draft::new()
        .service(&[], &["wasi:http/handler@0.3.0"])
        .entries();
    assert_snapshot!(refused.refused(), @"no `wasi:http` entry: nothing would reach the component; add to `hostInterfaces`: {namespace: wasi, package: http, interfaces: [handler], config: {host: <name>}}");
}

#[test]
fn an_allowed_host_that_is_none() {
    let refused = front(&[]).with(|spec| {
        let hosts = ["ok.example", "https://a.example/path"].map(str::to_owned);
        spec.components[0].resources.allowed_hosts = hosts.to_vec();
    });
    assert_snapshot!(refused.refused(), @"component `front`: `https://a.example/path` cannot stand in `allowedHosts`: the part before the `/` is not an address (only scheme, host and port are compared, so there is no path); correct the entry: scheme, host and port, as in `https://api.example.com:443`");
}

#[test]
fn more_components_than_can_be_linked() {
    let chain = |length: usize| {
        (1..length).fold(front(&["a:b/i1@1.0.0"]), |draft, place| {
            let (own, next) = (
                format!("a:b/i{place}@1.0.0"),
                format!("a:b/i{}@1.0.0", place + 1),
            );
            let imports: &[&str] = if place + 1 < length { &[&next] } else { &[] };
            draft.component(&format!("c{place}"), imports, &[&own])
        })
    };
    assert_eq!(program(&chain(16).valid()).parts.len(), 16);
    assert_snapshot!(chain(17).refused(), @"17 components are linked together, more than the 16 that one workload may link; join some of them into one component, or move some into a workload of their own");
}

#[test]
fn no_components() {
    assert_snapshot!(Draft::new().refused(), @"the workload has no components; add a component that answers requests");
    assert_snapshot!(Draft::new().command().refused(), @"the workload has no components; add a component that answers requests");
}

#[test]
fn a_provider_whose_own_import_is_missing() {
    let refused = front(&["a:b/c@1.0.0"])
        .component("back", &["a:b/d@1.0.0"], &["a:b/c@1.0.0"])
        .refused();
    assert_snapshot!(refused, @r#"
    component `back` imports `a:b/d@1.0.0`, which nothing provides
      - component `back` exports a:b/c@1.0.0: another interface of a similar name; if `a:b/c@1.0.0` is what is meant, import it under this name; else add the component that exports `a:b/d@1.0.0`
    "#);
}

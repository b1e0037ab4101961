//! The block that is printed, without its colours.

use std::path::Path;

use weft_api::project::{Format, parse_with_outline};

use super::{Summary, by_package};
use crate::dev::workload;
use crate::settings::Plan;

fn summary(text: &str, imports: &[&str], refusals: &[&str]) -> Summary {
    let folder = Path::new("/project");
    let (project, outline) = parse_with_outline("weft.yaml", folder, text, Format::Yaml).unwrap();
    let plan = Plan::new(&project, &outline, "weft.yaml", folder, false);
    let settings = futures::executor::block_on(plan.resolve());
    let spec = workload::spec(&project, &folder.join("hello.wasm"), &settings).unwrap();
    let imports = imports.iter().map(|&import| import.to_owned()).collect();
    let refusals = refusals.iter().map(|&refusal| refusal.to_owned()).collect();
    Summary::new(
        &spec,
        &[("hello".to_owned(), imports)],
        refusals,
        project.workload.allowed_hosts_given,
    )
}

fn plain(summary: &Summary) -> String {
    let text = summary.lines().join("\n");
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn a_component_without_anything_is_two_lines_and_a_verdict() {
    let text = plain(&summary("workload: {allowedHosts: []}", &[], &[]));
    insta::assert_snapshot!(text, @r"
      component hello
        imports     nothing
        may call    no host
      production would refuse nothing of this
    ");
}

#[test]
fn everything_that_was_granted_is_named_and_no_value_is() {
    let text = "\
workload: {environment: {config: {PASSWORD: hunter2}}, config: {mode: hunter2}}
dev: {volumes: [{host_path: data, guest_path: /data}]}
";
    let imports = [
        "wasi:http/types@0.2.3",
        "wasi:http/outgoing-handler@0.2.3",
        "wasi:io/poll@0.2.3",
        "odd",
    ];
    let shown = plain(&summary(text, &imports, &["one thing\n  - in two lines"]));
    insta::assert_snapshot!(shown, @r"
      component hello
        imports     wasi:http@0.2.3 {types, outgoing-handler}
                    wasi:io@0.2.3 {poll}
                    odd
        environment PASSWORD
        config      mode
        may call    every host, because `workload.allowedHosts` is not set
        sees        /data is /project/data
      production would refuse
        - one thing
            - in two lines
        - outbound HTTP: `workload.allowedHosts` is not set, which means every host here and none in production; list the hosts that are called
        - the folder `/project/data`: a hostPath volume needs a host that was started with --allow-host-path for it
    ");
}

#[test]
fn production_says_nothing_of_hosts_that_nobody_calls() {
    let text = plain(&summary("", &["wasi:http/types@0.2.3"], &[]));
    assert!(
        text.ends_with("production would refuse nothing of this"),
        "{text}"
    );
}

#[test]
fn interfaces_of_one_package_and_version_share_a_line() {
    let imports = ["a:b/c@1.0.0", "a:b/d@2.0.0", "a:b/e@1.0.0", "a:b/f"].map(str::to_owned);
    assert_eq!(
        by_package(&imports),
        ["a:b {f}", "a:b@1.0.0 {c, e}", "a:b@2.0.0 {d}"]
    );
}

//! The table against workspaces that keep to it and that do not.
use super::*;

const TABLE: &str = "# Map\n```\nL0  api   net   gpu     (no edge among them)\n\
                     L1  engine -> api net gpu      ingress -> api\nL2  host -> engine ingress\n```\n";

/// A workspace of crates with dependencies, `name: normal, normal / dev`.
fn workspace(crates: &[(&str, &[&str], &[&str])]) -> Metadata {
    let dependency = |kind: &str| {
        let kind = kind.to_owned();
        move |name: &&str| format!(r#"{{"name":"weft-{name}","kind":{kind}}}"#)
    };
    let package = |(name, normal, dev): &(&str, &[&str], &[&str])| {
        let edges: Vec<String> = normal
            .iter()
            .map(dependency("null"))
            .chain(dev.iter().map(dependency("\"dev\"")))
            .collect();
        let edges = edges.join(",");
        format!(
            r#"{{"id":"{name}","name":"weft-{name}","manifest_path":"","dependencies":[{edges}],"targets":[]}}"#
        )
    };
    let packages: Vec<String> = crates.iter().map(package).collect();
    let members: Vec<String> = crates
        .iter()
        .map(|(name, _, _)| format!("{name:?}"))
        .collect();
    let text = format!(
        r#"{{"packages":[{}],"workspace_members":[{}]}}"#,
        packages.join(","),
        members.join(",")
    );
    serde_json::from_str(&text).unwrap()
}

fn complaints(crates: &[(&str, &[&str], &[&str])]) -> Vec<String> {
    let mut repository = Repository::of(&[(MAP, TABLE)]);
    repository.host = workspace(crates);
    check(&repository).iter().map(Finding::to_string).collect()
}

#[test]
fn a_workspace_like_its_table_is_tidy_even_while_crates_are_missing() {
    let crates: &[(&str, &[&str], &[&str])] = &[
        ("api", &[], &[]),
        ("net", &[], &[]),
        ("engine", &["api", "net"], &[]),
        ("ingress", &["api"], &["testkit"]),
    ];
    assert_eq!(complaints(crates), Vec::<String>::new());
}

#[test]
fn an_edge_that_is_not_in_the_table_is_found_in_its_manifest() {
    let found = complaints(&[("api", &["net"], &[]), ("net", &[], &[])]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("crates/api/Cargo.toml: `api -> net` is not in the table"),
        "{found:?}"
    );
}

#[test]
fn an_edge_that_nobody_uses_is_found_in_the_table() {
    let found = complaints(&[("api", &[], &[]), ("ingress", &[], &["api"])]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("ARCHITECTURE.md: `ingress -> api` is in the table, but not in"),
        "{found:?}"
    );
}

#[test]
fn a_crate_without_a_row_and_a_normal_edge_to_the_testkit_are_found() {
    assert!(complaints(&[("extra", &[], &[])])[0].contains("`extra` is not in the table"));
    assert!(
        complaints(&[("api", &["testkit"], &[])])[0]
            .contains("`api -> testkit` is not in the table")
    );
}

#[test]
fn an_edge_within_a_layer_or_upwards_is_found() {
    for wrong in [
        "L0  api -> net   net",
        "L0  api -> engine   net\nL1  engine -> net",
        "L0  api -> nobody",
    ] {
        let repository = Repository::of(&[(MAP, &format!("```\n{wrong}\n```\n"))]);
        assert_eq!(check(&repository).len(), 1, "{wrong}");
    }
}

#[test]
fn a_missing_map_and_a_map_without_a_table_are_found() {
    assert!(
        check(&Repository::of(&[]))[0]
            .to_string()
            .contains("the file is missing")
    );
    let text = check(&Repository::of(&[(MAP, "# Map\n```\nno table\n```\n")]))[0].to_string();
    assert!(
        text.contains("no fenced block that starts with `L0`"),
        "{text}"
    );
}

//! Names: what is accepted, and the words of each refusal.

use super::*;

fn refusal<T: fmt::Debug>(result: Result<T, IdError>) -> String {
    result.expect_err("the name is refused").to_string()
}

#[test]
fn ordinary_kubernetes_names_are_accepted() {
    for name in ["a", "team-a", "0", "a1", "1-a", &"a".repeat(63)] {
        assert_eq!(Tenant::parse(name).unwrap().as_str(), name);
        assert_eq!(ComponentName::parse(name).unwrap().as_str(), name);
        assert_eq!(WorkloadName::parse(name).unwrap().as_str(), name);
    }
    let long = format!("{}.example", "a".repeat(240));
    assert_eq!(WorkloadName::parse(&long).unwrap().as_str(), long);
}

#[test]
fn a_name_prints_as_its_text_and_debugs_with_its_kind() {
    let tenant = Tenant::parse("team-a").unwrap();
    assert_eq!(tenant.to_string(), "team-a");
    assert_eq!(format!("{tenant:?}"), "Tenant(\"team-a\")");
    assert_eq!("team-a".parse::<Tenant>().unwrap(), tenant);
}

#[test]
fn only_a_workload_name_may_hold_dots() {
    assert!(WorkloadName::parse("a.b").is_ok());
    assert!(Tenant::parse("a.b").is_err());
    assert!(ComponentName::parse("a.b").is_err());
}

#[test]
fn a_refusal_names_the_thing_the_text_and_the_reason() {
    assert_eq!(
        refusal(Tenant::parse("")),
        "a namespace must not be empty; write lower-case letters, digits and `-`"
    );
    assert_eq!(
        refusal(ComponentName::parse("Hello")),
        "component name `Hello` is not a valid name: upper-case letters are not allowed; write `hello`, for instance"
    );
    assert_eq!(
        refusal(WorkloadName::parse("a_b")),
        "workload name `a_b` is not a valid name: only lower-case letters, digits and `-` are allowed; write `a-b`, for instance"
    );
    assert_eq!(
        refusal(WorkloadName::parse("-a")),
        "workload name `-a` is not a valid name: it must start and end with a letter or digit; write `a`, for instance"
    );
    assert_eq!(
        refusal(WorkloadName::parse("a..b")),
        "workload name `a..b` is not a valid name: a dot needs a letter or digit on both sides; write `a-b`, for instance"
    );
}

#[test]
fn a_name_that_is_too_long_is_cut_in_the_message() {
    let message = refusal(Tenant::parse(&"a".repeat(64)));
    assert_eq!(
        message,
        "namespace `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` has 64 characters, more than the 63 that are allowed; shorten it"
    );
    assert!(refusal(WorkloadName::parse(&"a".repeat(254))).contains("254 characters"));
}

//! Addresses as people type them.

use super::Origin;

#[test]
fn a_workload_that_answers_every_name_is_shown_under_the_address() {
    let origin = Origin {
        scheme: "http",
        addr: "127.0.0.1:8000".parse().expect("an address"),
    };
    assert_eq!(origin.url("*"), "http://127.0.0.1:8000/");
    assert_eq!(origin.url("*/api"), "http://127.0.0.1:8000/api");
    assert_eq!(
        origin.url("hello.localhost"),
        "http://hello.localhost:8000/"
    );
    assert_eq!(
        origin.url("hello.localhost/api"),
        "http://hello.localhost:8000/api"
    );
}

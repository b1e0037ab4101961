//! Addresses as people type them.

use super::url;

#[test]
fn a_workload_that_answers_every_name_is_shown_under_the_address() {
    let addr = "127.0.0.1:8000".parse().expect("an address");
    assert_eq!(url("*", addr), "http://127.0.0.1:8000/");
    assert_eq!(url("hello.localhost", addr), "http://hello.localhost:8000/");
}

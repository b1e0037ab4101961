//! Which ids are taken over and how new ones look.

use std::collections::HashSet;

use http::{HeaderMap, HeaderValue};

use super::{REQUEST_ID, RequestIds};

fn headers(id: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(REQUEST_ID, HeaderValue::from_bytes(id).unwrap());
    headers
}

#[test]
fn a_sane_id_of_the_client_is_taken_over() {
    let ids = RequestIds::new();
    for id in ["a", "7f3c-AB_9.z:1+2/3=@", &"x".repeat(128)] {
        assert_eq!(ids.adopt(&headers(id.as_bytes())), id);
    }
}

#[test]
fn an_id_that_could_confuse_a_log_is_replaced() {
    let ids = RequestIds::new();
    let too_long = "x".repeat(129);
    for id in [
        "",
        "two words",
        "quote\"",
        "back\\slash",
        "tab\t",
        &too_long,
    ] {
        let adopted = ids.adopt(&headers(id.as_bytes()));
        assert_ne!(adopted, id);
        assert_eq!(adopted.len(), 16, "{adopted:?} is a generated id");
    }
    assert_ne!(ids.adopt(&headers(b"\xff\xfe")).as_bytes(), b"\xff\xfe");
}

#[test]
fn generated_ids_do_not_repeat() {
    let ids = RequestIds::new();
    let none = HeaderMap::new();
    let seen: HashSet<_> = (0..10_000)
        .map(|_| ids.adopt(&none).as_bytes().to_vec())
        .collect();
    assert_eq!(seen.len(), 10_000);
}

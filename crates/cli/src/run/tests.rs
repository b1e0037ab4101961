//! Sizes and addresses as people write them.

use super::{size, url};

#[test]
fn sizes_are_bytes_or_powers_of_1024() {
    let sizes = ["4096", "64k", "512MiB", "1GiB", "2gb"].map(|text| size(text).expect("a size"));
    assert_eq!(sizes, [4096, 64 << 10, 512 << 20, 1 << 30, 2 << 30]);
}

#[test]
fn a_size_that_means_nothing_is_refused() {
    for text in ["", "much", "1XiB", "-1", "99999999999TiB"] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[test]
fn a_workload_that_answers_every_name_is_shown_under_the_address() {
    let addr = "127.0.0.1:8000".parse().expect("an address");
    assert_eq!(url("*", addr), "http://127.0.0.1:8000/");
    assert_eq!(url("hello.localhost", addr), "http://hello.localhost:8000/");
}

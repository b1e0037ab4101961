//! What values are made of. What guests see of them is tested in the engine.

use std::sync::Arc;

use super::store::Revealed;
use super::{Error, Value};

#[test]
fn utf_8_is_revealed_as_text_and_everything_else_as_bytes() {
    let Revealed::String(text) = Value::new("naïve".as_bytes()).reveal() else {
        panic!("text is bytes");
    };
    assert_eq!(&*text, "naïve");
    let Revealed::Bytes(bytes) = Value::new(&[0xff, 0, 1]).reveal() else {
        panic!("bytes are text");
    };
    assert_eq!(&*bytes, [0xff, 0, 1]);
}

#[test]
fn no_debug_shows_a_value() {
    assert_eq!(format!("{:?}", Value::new(b"hunter2")), "Value(…)");
}

#[test]
fn what_a_guest_is_given_is_the_shared_bytes_and_no_copy() {
    let value = Value::new(b"hunter2");
    let (Revealed::String(one), Revealed::String(other)) = (value.reveal(), value.reveal()) else {
        panic!("text is bytes");
    };
    assert!(Arc::ptr_eq(&one, &other));
}

#[test]
fn a_value_that_somebody_else_still_has_is_left_alone() {
    let value = Value::new(b"hunter2");
    let other = value.clone();
    drop(value);
    assert_eq!(other.expose(), b"hunter2");
}

#[test]
fn errors_read_as_the_end_of_a_sentence() {
    let text = format!("the secret `k` {}", Error::Upstream("no answer".to_owned()));
    assert_eq!(text, "the secret `k` cannot be had: no answer");
}

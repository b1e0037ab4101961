//! Durations: what people write, and what they should not.

use super::*;

#[test]
fn numbers_with_units_add_up() {
    for (text, millis) in [
        ("5s", 5_000),
        ("500ms", 500),
        ("1m 30s", 90_000),
        ("1h2m3s4ms", 3_723_004),
        (" 2 min ", 120_000),
        ("1d", 86_400_000),
        ("3 seconds", 3_000),
        ("0s", 0),
        ("1000us", 1),
    ] {
        assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
    }
}

#[test]
fn other_texts_are_refused() {
    for text in [
        "",
        " ",
        "5",
        "s",
        "five s",
        "-1s",
        "1.5s",
        "1 fortnight",
        "5s5",
        "99999999999999999999s",
        "999999999d",
    ] {
        let why = parse(text).expect_err(text);
        assert!(
            why.starts_with(&format!("`{text}` is not a duration")),
            "{why}"
        );
    }
}

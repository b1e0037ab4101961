//! Queries, and ids.

use super::*;

#[test]
fn a_query_is_read_whatever_is_in_it() {
    let query =
        Query::of("service=a+b&q=%20FOO%2F&failed=1&least=1.5&level=warn&limit=99999&after=7");
    assert_eq!(query.service.as_deref(), Some("a b"));
    assert_eq!(query.text, "foo/");
    assert!(query.failed);
    assert_eq!(query.least, 1_500_000);
    assert_eq!((query.level, query.limit, query.after), (3, LIMIT_MAX, 7));
    let hostile = Query::of(
        "least=-1&limit=x&after=-2&level=loud&trace=zz&service=&least=nan&least=1e300&%ff=%zz&=&&",
    );
    assert_eq!((hostile.least, hostile.limit, hostile.after), (0, LIMIT, 0));
    assert!(hostile.service.is_none() && hostile.trace.is_none());
}

#[test]
fn ids_are_hexadecimal() {
    let id = [0xab; 16];
    assert_eq!(unhex(&hex(&id)), Some(id));
    for wrong in [
        "",
        "00000000000000000000000000000000",
        "abab",
        "é".repeat(16).as_str(),
        &"+1".repeat(16),
    ] {
        assert_eq!(unhex(wrong), None, "{wrong}");
    }
}

//! The protocol: what is written is read again, and no bytes do harm.

use proptest::prelude::*;
use sql_pool_protocol::{
    Fault, HEADER, MAX_FRAME, Malformed, Message, Reply, Request, Stats, VERSION, Value, decode,
    encode, take,
};

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-1e300..1e300_f64).prop_map(Value::Float),
        ".{0,40}".prop_map(Value::Text),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
    ]
}

fn values() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(value(), 0..8)
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (".{0,80}", values()).prop_map(|(sql, params)| Request::Query { sql, params }),
        (".{0,80}", values()).prop_map(|(sql, params)| Request::Execute { sql, params }),
        Just(Request::Begin),
        Just(Request::Commit),
        Just(Request::Rollback),
        Just(Request::Ping),
        Just(Request::Stats),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        proptest::collection::vec(".{0,20}", 0..8).prop_map(Reply::Columns),
        proptest::collection::vec(values(), 0..8).prop_map(Reply::Rows),
        Just(Reply::End),
        (any::<u64>(), any::<Option<i64>>())
            .prop_map(|(affected, last_id)| Reply::Done { affected, last_id }),
        (any::<[u32; 6]>(), any::<[u64; 8]>(), any::<bool>()).prop_map(stats),
        (".{0,8}", ".{0,80}").prop_map(|(code, message)| Reply::Error(Fault { code, message })),
    ]
}

fn stats((now, since, healthy): ([u32; 6], [u64; 8], bool)) -> Reply {
    Reply::Stats(Stats {
        size: now[0],
        connections: now[1],
        idle: now[2],
        waiters: now[3],
        clients: now[4],
        transactions: now[5],
        queries_per_second_milli: since[0],
        queries: since[1],
        errors: since[2],
        timeouts: since[3],
        opened: since[4],
        reconnects: since[5],
        abandoned: since[6],
        refused: since[7],
        healthy,
    })
}

/// Written and read, whole, cut short at each place, and with another behind it.
fn goes_through<M: Message + PartialEq + std::fmt::Debug>(message: &M) {
    let mut bytes = Vec::new();
    encode(message, &mut bytes).unwrap();
    for end in 0..bytes.len() {
        assert_eq!(take::<M>(&bytes[..end]).unwrap(), None);
        if end > HEADER {
            assert!(decode::<M>(&bytes[HEADER..end]).is_err(), "cut at {end}");
        }
    }
    let length = bytes.len();
    encode(message, &mut bytes).unwrap();
    let (read, taken) = take::<M>(&bytes).unwrap().unwrap();
    assert_eq!((&read, taken), (message, length));
}

proptest! {
    #[test]
    fn requests_are_read_as_they_were_written(request in request()) {
        goes_through(&request);
    }

    #[test]
    fn replies_are_read_as_they_were_written(reply in reply()) {
        goes_through(&reply);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = take::<Request>(&bytes);
        let _ = take::<Reply>(&bytes);
        let mut frame = vec![VERSION];
        frame.extend(&bytes);
        let _ = decode::<Request>(&frame);
        let _ = decode::<Reply>(&frame);
    }

    #[test]
    fn a_message_with_a_changed_byte_is_another_message_or_none(
        reply in reply(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = Vec::new();
        encode(&reply, &mut bytes).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let _ = take::<Reply>(&bytes); // it neither panics nor asks for memory that is not there
    }
}

#[test]
fn a_message_that_is_too_long_is_refused_and_leaves_nothing_behind() {
    let sql = "x".repeat(MAX_FRAME);
    let params = Vec::new();
    let mut bytes = vec![7];
    let refused = encode(&Request::Query { sql, params }, &mut bytes);
    assert!(matches!(refused, Err(Malformed::Length(_))));
    assert_eq!(bytes, [7]);
}

#[test]
fn counts_that_the_bytes_cannot_hold_are_refused_before_memory_is_asked_for() {
    // `Rows` with four thousand million rows in a frame of six bytes.
    let frame = [VERSION, 130, 0xff, 0xff, 0xff, 0xff];
    assert!(matches!(decode::<Reply>(&frame), Err(Malformed::Body(_))));
}

#[test]
fn each_kind_of_error_has_words() {
    let words = [
        (Malformed::Length(0), "a frame of 0 bytes"),
        (Malformed::Version(9), "version 9 of the protocol"),
        (Malformed::Kind(99), "unknown kind 99"),
        (Malformed::Body("text that is not UTF-8"), "not UTF-8"),
    ];
    for (error, part) in words {
        assert!(error.to_string().contains(part), "{error}");
    }
}

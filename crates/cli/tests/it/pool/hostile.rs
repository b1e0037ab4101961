//! A component that breaks the protocol ends its own connection and nothing else.

use std::io::Write;

use sql_pool_protocol::{MAX_FRAME, Reply, Request, VERSION, Value, encode};
use weft_testkit::database::Kind;

use super::service::with_shared;

#[test]
fn bytes_that_are_no_request_are_refused_and_the_others_go_on() {
    let (_database, service) = with_shared(Kind::MariaDb, &[]);
    let mut good = service.client();
    let frames: [&[u8]; 7] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff; 64],
        &[0, 0, 0, 0],
        &[0, 0, 0, 2, VERSION + 1, 6],
        &[0, 0, 0, 2, VERSION, 99],
        &[0, 0, 0, 3, VERSION, 6, 0],
        &[0, 0, 0, 10, VERSION, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
    ];
    for bytes in frames {
        let mut bad = service.client();
        bad.stream.write_all(bytes).unwrap();
        let Some(Reply::Error(fault)) = bad.receive() else {
            panic!("{bytes:?} was taken for a request");
        };
        assert_eq!(fault.code, "08P01", "{bytes:?}");
        assert_eq!(bad.receive(), None);
        assert_eq!(good.value("SELECT 40 + 2", &[]), Value::Int(42));
    }
}

#[test]
fn random_bytes_never_stop_the_service() {
    let (_database, service) = with_shared(Kind::MariaDb, &[]);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64; // the same bytes in each run
    for _ in 0..300 {
        let mut bytes = Vec::new();
        encode(&Request::Stats, &mut bytes).unwrap();
        for _ in 0..64 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.push(state as u8);
        }
        let mut client = service.client();
        drop(client.stream.write_all(&bytes)); // it may be closed by then
        assert!(matches!(client.receive(), Some(Reply::Stats(_))));
    }
    assert_eq!(service.client().value("SELECT 40 + 2", &[]), Value::Int(42));
}

#[test]
fn requests_may_be_sent_ahead_and_in_pieces() {
    let (_database, service) = with_shared(Kind::PostgreSql, &[]);
    let mut client = service.client();
    let mut bytes = Vec::new();
    for number in 0..100 {
        let (sql, params) = ("SELECT $1::int8".to_owned(), vec![Value::Int(number)]);
        encode(&Request::Query { sql, params }, &mut bytes).unwrap();
    }
    for piece in bytes.chunks(7) {
        client.stream.write_all(piece).unwrap();
    }
    for number in 0..100 {
        assert!(matches!(client.receive(), Some(Reply::Columns(_))));
        assert_eq!(
            client.receive(),
            Some(Reply::Rows(vec![vec![Value::Int(number)]]))
        );
        assert_eq!(client.receive(), Some(Reply::End));
    }
}

#[test]
fn a_component_that_announces_a_long_frame_and_sends_nothing_is_let_go() {
    let (_database, service) = with_shared(Kind::MariaDb, &[("POOL_IDLE_CLIENT_MS", "1000")]);
    let mut client = service.client();
    let length = u32::try_from(MAX_FRAME).unwrap();
    client.stream.write_all(&length.to_be_bytes()).unwrap();
    client.stream.write_all(&[VERSION, 1]).unwrap();
    assert_eq!(client.receive(), None);
}

//! Heads and bodies: too much of them, or not as they should be.
//!
//! - `/headers?N&BYTES`: N headers with values of BYTES bytes; where the host takes no more of them, those it took
//! - `/body-endless`: a body that goes on for as long as somebody reads it
//! - `/no-end`: head, a piece of a body, and nothing more; `/no-finish`: a body that is dropped instead of ended
//! - `/swallow`: reads the request's body, says how many bytes; `/hoard`: keeps it in memory, too
//! - `/ignore`: never reads the request's body, answers; `/ignore-hold`: neither reads nor answers

use std::io::Write;

use wasip2::http::types::{Fields, IncomingRequest, OutgoingResponse, ResponseOutparam};
use weft_guests::{answer, number};

/// Whether a route belongs here.
pub(crate) fn is_one(route: &str) -> bool {
    matches!(
        route,
        "/headers"
            | "/body-endless"
            | "/no-end"
            | "/no-finish"
            | "/swallow"
            | "/hoard"
            | "/ignore"
            | "/ignore-hold"
    )
}

/// Serves a route of this file.
pub(crate) fn answer(route: &str, query: &str, request: IncomingRequest, out: ResponseOutparam) {
    match route {
        "/headers" => headers(query, out),
        "/body-endless" => answer::write(out, 200, |to| {
            let chunk = vec![b'x'; 64 << 10];
            while to.write_all(&chunk).is_ok() {}
        }),
        "/no-end" => answer::write(out, 200, |to| {
            let _ = to.write_all(b"a beginning");
            let _ = to.flush();
            crate::sleep();
        }),
        "/no-finish" => no_finish(out),
        "/swallow" => {
            let mut total = 0;
            each_piece(request, |piece| total += piece.len());
            answer::text(out, 200, &format!("{total} bytes"));
        }
        "/hoard" => {
            let mut all = Vec::new();
            each_piece(request, |piece| all.push(piece));
            answer::text(out, 200, &format!("{} pieces", all.len()));
        }
        "/ignore" => answer::text(out, 200, "not read"),
        _ => crate::sleep(),
    }
}

fn headers(query: &str, out: ResponseOutparam) {
    let fields = Fields::new();
    let value = vec![b'v'; number(query, 1) as usize];
    for index in 0..number(query, 0) {
        if fields.append(&format!("x-flood-{index}"), &value).is_err() {
            break;
        }
    }
    let response = OutgoingResponse::new(fields);
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));
    let _ = wasip2::http::types::OutgoingBody::finish(body, None);
}

fn no_finish(out: ResponseOutparam) {
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));
    let mut stream = body.write().expect("the stream is taken once");
    let _ = stream.write_all(b"a beginning");
    let _ = stream.flush();
}

/// Hands each piece of the request's body to `piece` until its end or a failure.
fn each_piece(request: IncomingRequest, mut piece: impl FnMut(Vec<u8>)) {
    let body = request.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    while let Ok(bytes) = stream.blocking_read(64 * 1024) {
        piece(bytes);
    }
}

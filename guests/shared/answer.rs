//! Answers over `wasi:http` 0.2: a text, or a body that is written piece by piece.

use std::io::Write;

use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::OutputStream;

/// Answers with a plain text.
pub fn text(out: ResponseOutparam, status: u16, text: &str) {
    write(out, status, |body| {
        // The client may have gone; nobody is left to tell.
        let _ = body.write_all(text.as_bytes());
    });
}

/// Sends the head, then lets `fill` write the body, then ends it.
pub fn write(out: ResponseOutparam, status: u16, fill: impl FnOnce(&mut OutputStream)) {
    let headers = Fields::new();
    headers
        .append("content-type", b"text/plain; charset=utf-8")
        .expect("a valid header");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("a valid status");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));

    let mut stream = body.write().expect("the stream is taken once");
    fill(&mut stream);
    let _ = stream.flush();
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

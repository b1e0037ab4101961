//! Answers over `wasi:http` 0.3: a text, or a body that a task goes on writing after the head is out.

use wasip3::http::types::{Fields, Response};
use wasip3::{wit_bindgen, wit_future, wit_stream};
use wit_bindgen::StreamWriter;

/// A plain text.
pub fn text(status: u16, text: impl Into<Vec<u8>>) -> Response {
    let text = text.into();
    write(status, async |mut body| {
        // What remains unwritten when the client has gone is of no use to anybody.
        let _ = body.write_all(text).await;
    })
}

/// A response whose body `fill` writes, in a task of its own; the body ends when `fill` drops the writer.
pub fn write(status: u16, fill: impl AsyncFnOnce(StreamWriter<u8>) + 'static) -> Response {
    let (writer, reader) = wit_stream::new();
    wit_bindgen::spawn_local(async move { fill(writer).await });
    stream(status, reader)
}

/// A response whose body is a stream that somebody else writes.
pub fn stream(status: u16, body: wit_bindgen::StreamReader<u8>) -> Response {
    let headers = Fields::new();
    headers
        .append("content-type", b"text/plain; charset=utf-8")
        .expect("a valid header");
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(headers, Some(body), no_trailers);
    drop(trailers);
    response.set_status_code(status).expect("a valid status");
    response
}

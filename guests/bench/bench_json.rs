//! Reads a JSON body over `wasi:http` 0.2, takes it apart, and answers with what it has understood, written anew.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{OutputStream, StreamError};
use weft_guests::answer;

wasip2::http::proxy::export!(Echo);

struct Echo;

/// Bytes asked for at once.
const PIECE: u64 = 64 << 10;

impl Guest for Echo {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let body = read(&request);
        match serde_json::from_slice::<serde_json::Value>(&body) {
            Ok(value) => respond(out, value.to_string().as_bytes()),
            Err(error) => answer::text(out, 400, &error.to_string()),
        }
    }
}

fn read(request: &IncomingRequest) -> Vec<u8> {
    let body = request.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    let mut bytes = Vec::new();
    while let Ok(piece) = stream.blocking_read(PIECE) {
        bytes.extend(piece);
    }
    drop(stream);
    IncomingBody::finish(body);
    bytes
}

fn respond(out: ResponseOutparam, json: &[u8]) {
    let headers = Fields::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("content-length", &json.len().to_string()),
    ] {
        headers
            .append(name, value.as_bytes())
            .expect("a valid header");
    }
    let response = OutgoingResponse::new(headers);
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("the stream is taken once");
    // The client may have gone; nobody is left to tell.
    let _ = write(&stream, json);
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

fn write(stream: &OutputStream, mut left: &[u8]) -> Result<(), StreamError> {
    let ready = stream.subscribe();
    while !left.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        let (piece, rest) = left.split_at(room.min(left.len()));
        if piece.is_empty() {
            ready.block();
        } else {
            stream.write(piece)?;
        }
        left = rest;
    }
    Ok(())
}

//! The route that calls out: a GET over `wasi:http/outgoing-handler@0.2`.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{ErrorCode, Fields, IncomingResponse, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

/// `STATUS BODY`, or `error: NAME` with the error code's name (`error: HttpRequestDenied`).
pub(crate) fn fetch(url: &str) -> String {
    match get(url) {
        Ok((status, body)) => format!("{status} {body}"),
        Err(code) => {
            let name = format!("{code:?}");
            format!("error: {}", name.trim_start_matches("ErrorCode::"))
        }
    }
}

fn get(url: &str) -> Result<(u16, String), ErrorCode> {
    let (scheme, rest) = url
        .split_once("://")
        .ok_or(ErrorCode::HttpRequestUriInvalid)?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.into()),
    };
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let request = OutgoingRequest::new(Fields::new());
    request
        .set_scheme(Some(&scheme))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request
        .set_authority(Some(authority))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request
        .set_path_with_query(Some(path))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;

    let answer = outgoing_handler::handle(request, None)?;
    answer.subscribe().block();
    let response = answer
        .get()
        .expect("it is ready")
        .expect("it is taken once")?;
    Ok((response.status(), body(&response)))
}

fn body(response: &IncomingResponse) -> String {
    let body = response.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    let mut bytes = Vec::new();
    let failure = loop {
        match stream.blocking_read(64 * 1024) {
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed) => break String::new(),
            Err(StreamError::LastOperationFailed(error)) => {
                break format!(" error: {}", error.to_debug_string());
            }
        }
    };
    String::from_utf8_lossy(&bytes).into_owned() + &failure
}

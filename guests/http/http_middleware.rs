//! Exports `wasi:http/incoming-handler@0.2` and imports it: stands between the host and another handler.
//! `/forbidden` it answers itself with 403; all else it hands on, the resources of `wasi:http/types` with it.
//! Each answer of its own carries `x-middleware: yes`, and each request that it hands on is a line on stdout:
//! WASI 0.2 gives a component no way to change the headers of a request or of somebody else's response.

wit_bindgen::generate!({
    path: "../wit/wasi-0.2",
    inline: "
        package weft-test:http-middleware;
        world middleware {
            import wasi:http/incoming-handler@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    with: {
        "wasi:clocks/monotonic-clock@0.2.12": wasip2::clocks::monotonic_clock,
        "wasi:http/types@0.2.12": wasip2::http::types,
        "wasi:io/error@0.2.12": wasip2::io::error,
        "wasi:io/poll@0.2.12": wasip2::io::poll,
        "wasi:io/streams@0.2.12": wasip2::io::streams,
        "wasi:http/incoming-handler@0.2.12": generate,
    },
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::http::incoming_handler;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Middleware;

export!(Middleware);

impl Guest for Middleware {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        if target == "/forbidden" {
            forbid(out);
        } else {
            println!("middleware: {target}");
            incoming_handler::handle(request, out);
        }
    }
}

fn forbid(out: ResponseOutparam) {
    let headers = Fields::new();
    headers
        .append("x-middleware", b"yes")
        .expect("a valid header");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(403).expect("a valid status");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));
    let _ = OutgoingBody::finish(body, None);
}

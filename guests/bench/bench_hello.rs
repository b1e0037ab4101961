//! The least that a handler over `wasi:http` 0.2 does: a head and a few bytes, whatever is asked.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::answer;

wasip2::http::proxy::export!(Hello);

struct Hello;

impl Guest for Hello {
    fn handle(_: IncomingRequest, out: ResponseOutparam) {
        answer::text(out, 200, "hello");
    }
}

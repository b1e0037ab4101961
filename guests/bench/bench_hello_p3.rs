//! The least that a handler over `wasi:http` 0.3 does: a head and a few bytes, whatever is asked.

use wasip3::http::types::{ErrorCode, Request, Response};
use weft_guests::answer_p3;

wasip3::http::service::export!(Hello);

struct Hello;

impl wasip3::exports::http::handler::Guest for Hello {
    async fn handle(_: Request) -> Result<Response, ErrorCode> {
        Ok(answer_p3::text(200, "hello"))
    }
}

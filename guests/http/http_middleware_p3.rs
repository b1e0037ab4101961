//! Exports `wasi:http/handler@0.3` and imports it: stands between the host and another handler.
//! Hands each request on, and adds `x-middleware: yes` to the response, whose body streams through untouched.
//! `/forbidden` it answers itself with 403.

use wasip3::http::types::{ErrorCode, Request, Response};
use wasip3::wit_future;
use weft_guests::answer_p3;

wit_bindgen::generate!({
    path: "../wit/wasi-0.3",
    inline: "
        package weft-test:http-middleware-p3;
        world middleware {
            import wasi:http/handler@0.3.2;
            export wasi:http/handler@0.3.2;
        }
    ",
    with: {
        "wasi:clocks/types@0.3.2": wasip3::clocks::types,
        "wasi:http/types@0.3.2": wasip3::http::types,
        "wasi:http/handler@0.3.2": generate,
    },
});

use exports::wasi::http::handler::Guest;
use wasi::http::handler;

struct Middleware;

export!(Middleware);

impl Guest for Middleware {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        if request.get_path_with_query().as_deref() == Some("/forbidden") {
            return Ok(answer_p3::text(403, "forbidden"));
        }
        let response = handler::handle(request).await?;
        let status = response.get_status_code();
        let headers = response.get_headers().clone();
        headers
            .append("x-middleware", b"yes")
            .map_err(|error| ErrorCode::InternalError(Some(format!("{error:?}"))))?;

        let (done, wanted) = wit_future::new(|| Ok(()));
        let (body, trailers) = Response::consume_body(response, wanted);
        drop(done);
        let (marked, _sent) = Response::new(headers, Some(body), trailers);
        marked
            .set_status_code(status)
            .map_err(|()| ErrorCode::InternalError(None))?;
        Ok(marked)
    }
}

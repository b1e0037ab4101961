//! Answers over HTTP.

use wasip3::http::types::{ErrorCode, Fields, Response};
use wasip3::{wit_future, wit_stream};
use wit_bindgen::spawn_local;

pub(crate) const JSON: &str = "application/json";

pub(crate) fn respond(status: u16, kind: &str, body: String) -> Result<Response, ErrorCode> {
    let internal = |what: &str| ErrorCode::InternalError(Some(what.to_owned()));
    let headers = Fields::new();
    headers
        .append("content-type", kind.as_bytes())
        .map_err(|_| internal("the content type was refused"))?;
    let (mut writer, stream) = wit_stream::new();
    spawn_local(async move {
        writer.write_all(body.into_bytes()).await;
    });
    // Dropping the writer sends what the closure makes: no trailers.
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(headers, Some(stream), trailers);
    response
        .set_status_code(status)
        .map_err(|()| internal("the status was refused"))?;
    Ok(response)
}

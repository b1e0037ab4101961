//! The route that calls out: a GET over `wasi:http/client@0.3`.

use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Request, Response, Scheme};
use wasip3::wit_future;

/// `STATUS BODY`, or `error: NAME` with the error code's name (`error: HttpRequestDenied`).
pub(crate) async fn fetch(url: &str) -> String {
    match get(url).await {
        Ok((status, body)) => format!("{status} {}", String::from_utf8_lossy(&body)),
        Err(code) => {
            let name = format!("{code:?}");
            format!("error: {}", name.trim_start_matches("ErrorCode::"))
        }
    }
}

async fn get(url: &str) -> Result<(u16, Vec<u8>), ErrorCode> {
    let (scheme, rest) = url
        .split_once("://")
        .ok_or(ErrorCode::HttpRequestUriInvalid)?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.into()),
    };
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    let (request, _sent) = Request::new(Fields::new(), None, no_trailers, None);
    drop(trailers);
    request
        .set_scheme(Some(&scheme))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request
        .set_authority(Some(authority))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request
        .set_path_with_query(Some(path))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;

    let response = client::send(request).await?;
    let status = response.get_status_code();
    let (done, wanted) = wit_future::new(|| Ok(()));
    let (body, trailers) = Response::consume_body(response, wanted);
    drop(done);
    let body = body.collect().await;
    trailers.await?;
    Ok((status, body))
}

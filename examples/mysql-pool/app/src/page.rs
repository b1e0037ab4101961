//! The page: one document with nothing from elsewhere.

use wstd::http::{Body, Error, Response};

const PAGE: &str = include_str!("page.html");
/// The page may run its own script and style, ask this host, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      connect-src 'self'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) fn respond() -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .header("content-type", "text/html; charset=utf-8")
        .header("content-security-policy", POLICY)
        .body(PAGE.into())?)
}

//! One link of a chain: it answers with its own name and with what the next link answered, and tells OpenTelemetry about
//! it. Which link it is, and which one is next, its configuration says.

mod otel;

use std::env;
use std::time::Duration;

use wstd::http::{Body, Client, Error, HeaderMap, Request, Response, StatusCode};

use crate::otel::{Severity, Span};

/// How long the last link of the chain takes over its work.
const WORK: Duration = Duration::from_millis(5);

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    let name = env::var("CHAIN_NAME").unwrap_or_else(|_| "link".to_owned());
    let mut span = Span::of_request("chain link");
    span.set("chain.name", &name);
    otel::count("chain.requests", &name);

    let (status, text) = match may_ask(request.headers()) {
        false => (
            StatusCode::UNAUTHORIZED,
            format!("{name}: the token is missing or wrong\n"),
        ),
        true => answer(&name, &span).await,
    };
    if status.is_server_error() {
        span.fail(text.trim_end());
        otel::log(&span, Severity::Error, text.trim_end());
    }
    span.set("http.response.status_code", &status.as_u16().to_string());
    drop(span);
    Ok(Response::builder()
        .status(status)
        .header("content-type", "text/plain; charset=utf-8")
        .body(text.into())?)
}

/// Where `CHAIN_CHECKS_TOKEN` says so, only who has the secret is answered. The first link answers everybody.
fn may_ask(headers: &HeaderMap) -> bool {
    if env::var("CHAIN_CHECKS_TOKEN").as_deref() != Ok("true") {
        return true;
    }
    let given = headers.get("authorization");
    given.and_then(|value| value.to_str().ok()) == Some(authorization().as_str())
}

/// The secret, as all links of the chain send it.
fn authorization() -> String {
    let token = env::var("UPSTREAM_API_TOKEN").unwrap_or_default();
    format!("Bearer {token}")
}

async fn answer(name: &str, span: &Span) -> (StatusCode, String) {
    let Ok(next) = env::var("CHAIN_NEXT") else {
        let _work = span.child("work");
        wstd::task::sleep(WORK.into()).await;
        return (StatusCode::OK, format!("{name}\n"));
    };
    match ask(&next).await {
        Ok((status, text)) if status.is_success() => (StatusCode::OK, format!("{name} -> {text}")),
        Ok((status, text)) => {
            let text = format!("{name}: {next} answered {status}: {}\n", text.trim_end());
            (StatusCode::BAD_GATEWAY, text)
        }
        Err(error) => {
            let text = format!("{name}: {next} cannot be asked: {error}\n");
            (StatusCode::BAD_GATEWAY, text)
        }
    }
}

/// Asks the next link. The host sends the trace along.
async fn ask(next: &str) -> Result<(StatusCode, String), Error> {
    let request = Request::get(next)
        .header("authorization", authorization())
        .body(Body::empty())?;
    let response = Client::new().send(request).await?;
    let status = response.status();
    let mut body = response.into_body();
    Ok((status, body.str_contents().await?.to_owned()))
}

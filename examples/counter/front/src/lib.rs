//! Shows a counter and bumps it. The counting is done by whichever component serves the interface `counter`.
//!
//! - `GET /` shows the counter; `?name=` picks one
//! - `POST /bump?by=2` bumps it; a browser is sent back to the page, other clients get the new value

use wstd::http::{Body, Error, Method, Request, Response, StatusCode};

wit_bindgen::generate!({ path: "../wit", world: "front" });

use weft_example::counter::counter::Counter;

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    let name = parameter(&request, "name").unwrap_or_else(|| "visits".to_owned());
    let counter = match Counter::open(&name) {
        Ok(counter) => counter,
        Err(reason) => return text(StatusCode::BAD_REQUEST, &reason),
    };
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => show(&request, &name, counter.value()),
        (&Method::POST, "/bump") => {
            let by = parameter(&request, "by");
            match by.as_deref().unwrap_or("1").parse() {
                Ok(by) => bumped(&request, &name, counter.bump(by)),
                Err(_) => text(
                    StatusCode::BAD_REQUEST,
                    "`by` takes a whole number from 0 to 4294967295",
                ),
            }
        }
        _ => text(StatusCode::NOT_FOUND, "try GET / or POST /bump?by=2"),
    }
}

fn show(
    request: &Request<Body>,
    name: &str,
    value: Result<u64, String>,
) -> Result<Response<Body>, Error> {
    match value {
        Ok(value) if wants_html(request) => respond(StatusCode::OK, "text/html", page(name, value)),
        Ok(value) => text(StatusCode::OK, &value.to_string()),
        Err(reason) => text(StatusCode::INTERNAL_SERVER_ERROR, &reason),
    }
}

fn bumped(
    request: &Request<Body>,
    name: &str,
    value: Result<u64, String>,
) -> Result<Response<Body>, Error> {
    match value {
        Ok(_) if wants_html(request) => {
            let back = Response::builder().status(StatusCode::SEE_OTHER);
            Ok(back
                .header("location", format!("/?name={name}"))
                .body(Body::empty())?)
        }
        Ok(value) => text(StatusCode::OK, &value.to_string()),
        Err(reason) => text(StatusCode::INTERNAL_SERVER_ERROR, &reason),
    }
}

/// A query parameter, as it is written: neither names nor numbers need percent-decoding.
fn parameter(request: &Request<Body>, name: &str) -> Option<String> {
    let mut pairs = request
        .uri()
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

fn wants_html(request: &Request<Body>) -> bool {
    let accept = request.headers().get("accept");
    accept
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

/// The store accepts letters, digits and hyphens only as a name, so the name needs no escaping here.
fn page(name: &str, value: u64) -> String {
    format!(
        "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>{name}: {value}</title>
<style>body {{ font: 1.2rem/1.6 system-ui; margin: 15vh auto; max-width: 36rem; padding: 0 1rem }}</style>
<h1>{name}: {value}</h1>
<form method=\"post\" action=\"/bump?name={name}&amp;by=1\"><button>Count one more</button></form>
<form method=\"post\" action=\"/bump?name={name}&amp;by=10\"><button>Count ten more</button></form>
</html>
"
    )
}

fn text(status: StatusCode, line: &str) -> Result<Response<Body>, Error> {
    respond(status, "text/plain", format!("{line}\n"))
}

fn respond(status: StatusCode, kind: &str, body: String) -> Result<Response<Body>, Error> {
    let kind = format!("{kind}; charset=utf-8");
    Ok(Response::builder()
        .status(status)
        .header("content-type", kind)
        .body(body.into())?)
}

//! Greets whoever asks: with a page if the client wants HTML, else with a line of text.

use wstd::http::{Body, Error, Request, Response, StatusCode};

wit_bindgen::generate!({
    path: "../../wit/wasi-config",
    inline: "
        package weft-example:hello;
        world hello { import wasi:config/store@0.2.0-rc.1; }
    ",
    generate_all,
});

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    if request.uri().path() != "/" {
        return respond(
            StatusCode::NOT_FOUND,
            "text/plain",
            "There is only one page here: /\n".into(),
        );
    }
    let greeting = greeting();
    if wants_html(&request) {
        respond(StatusCode::OK, "text/html", page(&greeting))
    } else {
        respond(StatusCode::OK, "text/plain", format!("{greeting}\n"))
    }
}

/// The greeting that the manifest sets: as configuration, else as an environment variable, else a plain one.
fn greeting() -> String {
    let configured = wasi::config::store::get("greeting").ok().flatten();
    configured
        .or_else(|| std::env::var("GREETING").ok())
        .unwrap_or_else(|| "Hello from WebAssembly!".to_owned())
}

fn wants_html(request: &Request<Body>) -> bool {
    let accept = request.headers().get("accept");
    accept
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

fn page(greeting: &str) -> String {
    let greeting = greeting.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>{greeting}</title>
<style>body {{ font: 1.2rem/1.6 system-ui; margin: 15vh auto; max-width: 36rem; padding: 0 1rem }}</style>
<h1>{greeting}</h1>
<p>This page was made by a WebAssembly component written in Rust, in an instance that lived for this request only.
<p><a href=\"https://component-model.bytecodealliance.org\">What is a component?</a>
</html>
"
    )
}

fn respond(status: StatusCode, kind: &str, body: String) -> Result<Response<Body>, Error> {
    let kind = format!("{kind}; charset=utf-8");
    Ok(Response::builder()
        .status(status)
        .header("content-type", kind)
        .body(body.into())?)
}

//! WASI 0.3: handlers are async functions, bodies are streams, and one instance serves many requests at once.
//!
//! - `/` greets
//! - `/countdown?SECONDS` streams one line each second
//! - `/gather?N` waits N times a tenth of a second, all at once, and tells how long that took

use futures::future::join_all;
use wasip3::clocks::monotonic_clock;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::{StreamReader, StreamWriter};
use wasip3::{spawn_local, wit_future, wit_stream};

const MILLISECOND: u64 = 1_000_000;
/// The longest countdown and the largest gathering.
const MOST: u64 = 1_000;

wasip3::http::service::export!(Hello);

struct Hello;

impl wasip3::exports::http::handler::Guest for Hello {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        match path {
            "/" => respond(200, async |mut body| {
                say(
                    &mut body,
                    "Hello from WASI 0.3! Try /countdown?3 and /gather?10",
                )
                .await;
            }),
            "/countdown" => respond(200, countdown(number(query, 3))),
            "/gather" => respond(200, gather(number(query, 10))),
            _ => respond(404, async |mut body| {
                say(
                    &mut body,
                    "There is nothing here. Try /countdown?3 and /gather?10",
                )
                .await;
            }),
        }
    }
}

fn countdown(seconds: u64) -> impl AsyncFnOnce(StreamWriter<u8>) {
    async move |mut body| {
        for left in (1..=seconds).rev() {
            if !say(&mut body, &format!("{left} ..")).await {
                return; // The client has gone.
            }
            monotonic_clock::wait_for(1_000 * MILLISECOND).await;
        }
        say(&mut body, "lift-off!").await;
    }
}

fn gather(waits: u64) -> impl AsyncFnOnce(StreamWriter<u8>) {
    async move |mut body| {
        let start = monotonic_clock::now();
        join_all((0..waits).map(|_| monotonic_clock::wait_for(100 * MILLISECOND))).await;
        let took = (monotonic_clock::now() - start) / MILLISECOND;
        say(
            &mut body,
            &format!("{waits} waits of 100 ms took {took} ms together"),
        )
        .await;
    }
}

fn number(query: &str, otherwise: u64) -> u64 {
    query.parse().unwrap_or(otherwise).min(MOST)
}

/// Writes a line; false when nobody reads any more.
async fn say(body: &mut StreamWriter<u8>, line: &str) -> bool {
    body.write_all(format!("{line}\n").into_bytes())
        .await
        .is_empty()
}

/// The head goes out at once; `write` goes on with the body in a task of its own.
fn respond(
    status: u16,
    write: impl AsyncFnOnce(StreamWriter<u8>) + 'static,
) -> Result<Response, ErrorCode> {
    let (writer, body) = wit_stream::new();
    spawn_local(async move { write(writer).await });
    response(status, body)
}

fn response(status: u16, body: StreamReader<u8>) -> Result<Response, ErrorCode> {
    let internal = |what: &str| ErrorCode::InternalError(Some(what.to_owned()));
    let headers = Fields::new();
    let kind = b"text/plain; charset=utf-8";
    headers
        .append("content-type", kind)
        .map_err(|_| internal("the content type was refused"))?;
    // Dropping the writer sends what the closure makes: no trailers.
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(headers, Some(body), trailers);
    response
        .set_status_code(status)
        .map_err(|()| internal("the status was refused"))?;
    Ok(response)
}

//! Things under way at the same time, more than anybody needs.
//!
//! - `/tasks?N&MS`: waits N times for MS milliseconds at once, answers N
//! - `/tasks-hold?N`: has N waits of centuries under way, and joins them
//! - `/tasks-leave?N`: leaves N such waits behind and answers N
//! - `/streams?N`, `/futures?N`: opens N streams or futures and drops none; answers N
//! - `/fields?N`: opens N header lists and drops none; answers N; `/full-fields?N`: each with as much in it as goes in
//! - `/outbound?N&URL`: begins N requests to URL whose bodies it never ends, then sleeps for ever

use std::mem::forget;

use futures::future::join_all;
use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::client;
use wasip3::http::types::{Fields, Method, Request, Scheme};
use wasip3::{wit_future, wit_stream};
use weft_guests::{number, part};

/// The answer of a route of this file.
pub(crate) async fn text(route: &str, query: &str) -> Option<String> {
    let count = number(query, 0);
    match route {
        "/tasks" => {
            let pause = number(query, 1) * 1_000_000;
            join_all((0..count).map(|_| wait_for(pause))).await;
        }
        "/tasks-hold" => {
            join_all((0..count).map(|_| wait_for(u64::MAX))).await;
        }
        "/tasks-leave" => {
            for _ in 0..count {
                wit_bindgen::spawn_local(wait_for(u64::MAX));
            }
        }
        "/streams" => (0..count).for_each(|_| forget(wit_stream::new::<u8>())),
        "/futures" => {
            (0..count)
                .for_each(|_| forget(wit_future::new::<Result<Option<Fields>, _>>(|| Ok(None))));
        }
        "/fields" => (0..count).for_each(|_| forget(Fields::new())),
        "/full-fields" => (0..count).for_each(|_| {
            let fields = Fields::new();
            while fields.append("x-full", &[b'v'; 4000]).is_ok() {}
            forget(fields);
        }),
        "/outbound" => {
            let url = part(query, 1);
            for _ in 0..count {
                let url = url.clone();
                wit_bindgen::spawn_local(async move { forget(begin(&url).await) });
            }
            crate::sleep().await
        }
        _ => return None,
    }
    Some(count.to_string())
}

/// Begins a request whose body never ends.
async fn begin(url: &str) -> Option<wasip3::http::types::Response> {
    let (authority, path) = url.trim_start_matches("http://").split_once('/')?;
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    let (writer, body) = wit_stream::new();
    let (request, sent) = Request::new(Fields::new(), Some(body), no_trailers, None);
    forget((writer, trailers, sent));
    request.set_method(&Method::Post).ok()?;
    request.set_scheme(Some(&Scheme::Http)).ok()?;
    request.set_authority(Some(authority)).ok()?;
    request
        .set_path_with_query(Some(&format!("/{path}")))
        .ok()?;
    client::send(request).await.ok()
}

//! A `wasi:http/handler@0.3` with one route for each thing to do with `wasmcloud:secrets`. KEY is the query.
//!
//! - `/reveal?KEY`: `text VALUE`, `bytes N..` (each byte as a number), or `error: ..`
//! - `/size?KEY`: how many bytes, and whether they are text
//! - `/hold?KEY`: gets the secret and does not look at it
//! - `/keep?KEY`: gets the secret and keeps it in this instance; `/again`: looks at what was kept
//! - `/flood?KEY&N`: gets it N times and keeps all handles
//! - `/trap?KEY`: looks at the secret, then traps with it in memory
//! - `/fail?KEY`: looks at the secret, then answers with an error code
//! - `/env?NAME`: a variable, or `NAME is not set`

use std::cell::RefCell;

use wasip3::cli::environment;
use wasip3::http::types::{ErrorCode, Request, Response};
use weft_guests::{answer_p3, number, part, split_target};

mod bindings {
    wit_bindgen::generate!({
        path: "../wit/wasmcloud-secrets",
        world: "imports",
        generate_all,
    });
}

use bindings::wasmcloud::secrets::reveal::reveal;
use bindings::wasmcloud::secrets::store::{self, Secret, SecretValue, SecretsError};

wasip3::http::service::export!(Secrets);

struct Secrets;

thread_local! {
    /// What `/keep` got.
    static KEPT: RefCell<Option<Secret>> = const { RefCell::new(None) };
}

impl wasip3::exports::http::handler::Guest for Secrets {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        Ok(match route {
            "/reveal" => answer_p3::text(200, value(query).await.unwrap_or_else(named)),
            "/size" => answer_p3::text(200, size(query).await.unwrap_or_else(named)),
            "/hold" => match store::get(query.to_owned()).await {
                Ok(_) => answer_p3::text(200, "held"),
                Err(error) => answer_p3::text(200, named(error)),
            },
            "/keep" => keep(query).await,
            "/again" => {
                let kept = KEPT.take();
                match &kept {
                    Some(secret) => answer_p3::text(200, shown(reveal(secret).await)),
                    None => answer_p3::text(404, "nothing is kept"),
                }
            }
            "/flood" => flood(&part(query, 0), number(query, 1)).await,
            "/trap" => {
                let value = value(query).await.unwrap_or_else(named);
                std::hint::black_box(&value);
                std::arch::wasm32::unreachable()
            }
            "/fail" => {
                let value = value(query).await.unwrap_or_else(named);
                std::hint::black_box(&value);
                return Err(ErrorCode::InternalError(None));
            }
            "/env" => answer_p3::text(200, variable(query)),
            _ => answer_p3::text(404, "no such route"),
        })
    }
}

async fn value(key: &str) -> Result<String, SecretsError> {
    Ok(shown(reveal(&store::get(key.to_owned()).await?).await))
}

async fn size(key: &str) -> Result<String, SecretsError> {
    Ok(match reveal(&store::get(key.to_owned()).await?).await {
        SecretValue::String(text) => format!("{} bytes of text", text.len()),
        SecretValue::Bytes(bytes) => format!("{} bytes", bytes.len()),
    })
}

async fn keep(key: &str) -> Response {
    match store::get(key.to_owned()).await {
        Ok(secret) => {
            KEPT.set(Some(secret));
            answer_p3::text(200, "kept")
        }
        Err(error) => answer_p3::text(200, named(error)),
    }
}

async fn flood(key: &str, times: u64) -> Response {
    let mut held = Vec::new();
    for _ in 0..times {
        match store::get(key.to_owned()).await {
            Ok(secret) => held.push(secret),
            Err(error) => return answer_p3::text(200, named(error)),
        }
    }
    answer_p3::text(200, format!("{} handles", held.len()))
}

fn shown(value: SecretValue) -> String {
    match value {
        SecretValue::String(text) => format!("text {text}"),
        SecretValue::Bytes(bytes) => {
            let bytes: Vec<_> = bytes.iter().map(ToString::to_string).collect();
            format!("bytes {}", bytes.join(" "))
        }
    }
}

fn named(error: SecretsError) -> String {
    match error {
        SecretsError::NotFound => "error: not-found".to_owned(),
        SecretsError::Io(why) => format!("error: io: {why}"),
        SecretsError::Upstream(why) => format!("error: upstream: {why}"),
    }
}

fn variable(name: &str) -> String {
    let variables = environment::get_environment();
    match variables.into_iter().find(|(key, _)| key == name) {
        Some((_, value)) => value,
        None => format!("{name} is not set"),
    }
}

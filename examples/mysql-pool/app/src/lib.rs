//! A small application on top of the pool: accounts with balances, money that goes from one to another, and a page that
//! shows the pool at work. Nothing is kept between two requests.
//!
//! - `GET /` the page
//! - `GET /pool.json` how the pool is
//! - `GET /accounts` all accounts; `GET /accounts/7` one
//! - `POST /accounts?name=Ada&balance=100` a new one
//! - `POST /transfer?from=1&to=2&amount=5` in one transaction
//! - `GET /environment` what this component's environment has: nothing of the database

mod accounts;
mod client;
mod dialect;
mod page;

pub use dialect::Dialect;

use client::{Connection, Failed};
use serde_json::{Value as Json, json};
use wstd::http::{Body, Error, Method, Request, Response, StatusCode};

/// Answers one request.
pub fn handle(request: &Request<Body>, dialect: Dialect) -> Result<Response<Body>, Error> {
    let path = request.uri().path();
    if request.method() == Method::GET && path == "/" {
        return page::respond();
    }
    let answer = match (request.method(), path) {
        (&Method::GET, "/pool.json") => pool(),
        (&Method::GET, "/accounts") => accounts::list(dialect),
        (&Method::POST, "/accounts") => match parameters(request, ["name", "balance"]) {
            Some([name, balance]) => accounts::add(dialect, &name, &balance),
            None => Err(Failed::Request("give `name` and `balance`".to_owned())),
        },
        (&Method::POST, "/transfer") => match parameters(request, ["from", "to", "amount"]) {
            Some(values) => accounts::transfer(dialect, &values),
            None => Err(Failed::Request("give `from`, `to` and `amount`".to_owned())),
        },
        (&Method::GET, "/environment") => Ok(environment()),
        (&Method::GET, path) => match path.strip_prefix("/accounts/") {
            Some(id) => accounts::one(dialect, id),
            None => Err(Failed::NotThere),
        },
        _ => Err(Failed::NotThere),
    };
    match answer {
        Ok(body) => respond(StatusCode::OK, &body),
        Err(failed) => {
            let (status, body) = failed.answer();
            respond(status, &body)
        }
    }
}

fn pool() -> Result<Json, Failed> {
    let stats = Connection::open()?.stats()?;
    Ok(json!({
        "size": stats.size,
        "connections": stats.connections,
        "idle": stats.idle,
        "waiters": stats.waiters,
        "clients": stats.clients,
        "transactions": stats.transactions,
        "queriesPerSecond": stats.queries_per_second_milli as f64 / 1000.0,
        "queries": stats.queries,
        "errors": stats.errors,
        "timeouts": stats.timeouts,
        "opened": stats.opened,
        "reconnects": stats.reconnects,
        "abandoned": stats.abandoned,
        "refused": stats.refused,
        "healthy": stats.healthy,
    }))
}

/// Names and values: a demonstration that there is nothing to steal here.
fn environment() -> Json {
    std::env::vars()
        .map(|(name, value)| (name, Json::String(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Query parameters, all of which have to be there.
fn parameters<const N: usize>(request: &Request<Body>, names: [&str; N]) -> Option<[String; N]> {
    let query = request.uri().query().unwrap_or_default();
    let find = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name)?;
        Some(decoded(value))
    };
    let found: Vec<String> = names.into_iter().filter_map(find).collect();
    found.try_into().ok()
}

/// A value without its percent signs and plus signs.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let hex = after.get(..2).and_then(|two| str::from_utf8(two).ok());
        match (first, hex.map(|two| u8::from_str_radix(two, 16))) {
            (b'%', Some(Ok(byte))) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn respond(status: StatusCode, body: &Json) -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("cache-control", "no-store")
        .body(format!("{body}\n").into())?)
}

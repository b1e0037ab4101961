//! What the functions of `weft-test:linked/plain` do, for the three versions of the callee.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use wasip2::http::outgoing_handler;
use wasip2::http::types::{ErrorCode, Fields, OutgoingRequest, Scheme};

mod bindings {
    wit_bindgen::generate!({
        path: "../wit/wasi-config",
        inline: "
            package weft-test:linked-callee-config;
            world config { import wasi:config/store@0.2.0-rc.1; }
        ",
        generate_all,
    });
}

use bindings::wasi::config::store;

pub(crate) fn config(key: &str) -> Option<String> {
    store::get(key).unwrap_or_else(|error| Some(format!("error: {error:?}")))
}

pub(crate) fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The status, or the error code's name.
pub(crate) fn fetch(url: &str) -> Result<u16, String> {
    if let Some(address) = url.strip_prefix("tcp://") {
        return connect(address);
    }
    get(url).map_err(|code| {
        format!("{code:?}")
            .trim_start_matches("ErrorCode::")
            .to_owned()
    })
}

/// 0 for a connection.
fn connect(address: &str) -> Result<u16, String> {
    match std::net::TcpStream::connect(address) {
        Ok(_) => Ok(0),
        Err(error) => Err(error.kind().to_string()),
    }
}

fn get(url: &str) -> Result<u16, ErrorCode> {
    let rest = url
        .strip_prefix("http://")
        .ok_or(ErrorCode::HttpRequestUriInvalid)?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let request = OutgoingRequest::new(Fields::new());
    request
        .set_scheme(Some(&Scheme::Http))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request
        .set_authority(Some(authority))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    request
        .set_path_with_query(Some(path))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    let answer = outgoing_handler::handle(request, None)?;
    answer.subscribe().block();
    let response = answer
        .get()
        .expect("it is ready")
        .expect("it is taken once")?;
    Ok(response.status())
}

/// Counters that are alive in this instance.
pub(crate) static ALIVE: AtomicU32 = AtomicU32::new(0);

/// The resource `counter`.
pub(crate) struct Counter(pub(crate) Cell<u32>);

impl Counter {
    pub(crate) fn starting_at(start: u32) -> Self {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Self(Cell::new(start))
    }

    pub(crate) fn add_one(&self) -> u32 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

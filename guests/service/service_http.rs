//! A service that only answers requests (`wasi:http` 0.3): what it remembers shows that there is one instance.
//!
//! - `/count`: how many requests there were with this one
//! - `/wait`: answers when another request has come to `/go`
//! - `/trap`

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use wasip3::clocks::monotonic_clock;
use wasip3::http::types::{ErrorCode, Request, Response};
use weft_guests::answer_p3;

wasip3::http::service::export!(Counter);

struct Counter;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static GONE: Cell<bool> = const { Cell::new(false) };
}

impl wasip3::exports::http::handler::Guest for Counter {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let count = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        match request.get_path_with_query().as_deref() {
            Some("/trap") => std::process::abort(),
            Some("/go") => GONE.set(true),
            Some("/wait") => {
                while !GONE.get() {
                    monotonic_clock::wait_for(1_000_000).await;
                }
            }
            _ => {}
        }
        Ok(answer_p3::text(200, count.to_string()))
    }
}

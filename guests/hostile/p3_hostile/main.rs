//! A `wasi:http/handler@0.3` that does what a host must survive, over WASI 0.3, one route for each attack.
//!
//! - `/hello`: behaves
//! - computing: `/spin`, `/spin-body` (head, then an endless loop), `/spin-after` (answers, then an endless loop in a task
//!   of its own), `/pulse?COMPUTE&PAUSE&ALL` (as in `http_hostile`), `/yield` (gives way to the host again and again, and never does anything)
//! - `/no-answer` (waits for what never comes), `/sleep`, `/panic?PHASE` (`before`, `head`, `body`, `after`), `/error`
//! - `/recurse`, `/oom`, `/grow?PAGES` (answers how many bytes there are once more are refused)
//! - `/backpressure`: answers, and takes no further call from then on
//! - `/headers?N&BYTES`, `/body-endless`, `/no-end`, `/swallow`, `/hoard`, `/ignore`, `/ignore-hold`: as in `http_hostile`
//! - tasks, streams and requests under way: see `tasks.rs`

mod tasks;

use wasip3::clocks::monotonic_clock;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::{StreamReader, StreamResult};
use wasip3::wit_future;
use weft_guests::{answer_p3, number, part, split_target};

wasip3::http::service::export!(Hostile);

struct Hostile;

impl wasip3::exports::http::handler::Guest for Hostile {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        Ok(match route {
            "/panic" => panic_in(query),
            "/error" => return Err(ErrorCode::InternalError(Some("asked to fail".into()))),
            "/headers" => headers(query),
            "/body-endless" => answer_p3::write(200, async |mut to| {
                while to.write_all(vec![b'x'; 64 << 10]).await.is_empty() {}
            }),
            "/no-end" => answer_p3::write(200, async |mut to| {
                let _ = to.write_all(b"a beginning".to_vec()).await;
                std::future::pending::<()>().await;
            }),
            "/spin-body" => answer_p3::write(200, async |_| spin()),
            "/spin-after" => {
                wit_bindgen::spawn_local(async { spin() });
                answer_p3::text(200, "answered")
            }
            "/backpressure" => {
                wit_bindgen::backpressure_inc();
                answer_p3::text(200, "no more")
            }
            "/swallow" | "/hoard" => {
                let keep = route == "/hoard";
                answer_p3::text(200, format!("{} bytes", read(request, keep).await))
            }
            "/ignore" => answer_p3::text(200, "not read"),
            "/ignore-hold" => {
                let _held = body(request);
                sleep().await
            }
            _ => match text(route, query).await {
                Some(text) => answer_p3::text(200, text),
                None => answer_p3::text(404, "no such route"),
            },
        })
    }
}

/// The routes that answer with one text, if at all.
async fn text(route: &str, query: &str) -> Option<String> {
    Some(match route {
        "/hello" => "hello".into(),
        "/spin" => spin(),
        "/yield" => loop {
            wit_bindgen::yield_async().await;
        },
        "/pulse" => pulse(query).await,
        "/no-answer" => std::future::pending().await,
        "/sleep" => sleep().await,
        "/recurse" => recurse(0).to_string(),
        "/oom" => loop {
            std::mem::forget(std::hint::black_box(vec![1_u8; 1 << 20]));
        },
        "/grow" => {
            let pages = (number(query, 0) as usize).max(1);
            while core::arch::wasm32::memory_grow::<0>(pages) != usize::MAX {}
            (core::arch::wasm32::memory_size::<0>() << 16).to_string()
        }
        _ => return tasks::text(route, query).await,
    })
}

/// Computes for a while, waits for a moment, and so on for some milliseconds.
async fn pulse(query: &str) -> String {
    let [compute, pause, all] = [0, 1, 2].map(|at| number(query, at));
    let start = monotonic_clock::now();
    let mut pulses = 0;
    while monotonic_clock::now().saturating_sub(start) < all * 1_000_000 {
        let begun = monotonic_clock::now();
        while monotonic_clock::now().saturating_sub(begun) < compute * 1000 {
            for _ in 0..1000 {
                std::hint::black_box(());
            }
        }
        monotonic_clock::wait_for(pause).await;
        pulses += 1;
    }
    pulses.to_string()
}

fn spin() -> ! {
    loop {
        std::hint::black_box(());
    }
}

/// Sleeps for some centuries.
pub(crate) async fn sleep() -> ! {
    loop {
        monotonic_clock::wait_for(u64::MAX).await;
    }
}

/// Deeper than any stack, and light on memory, so that it is the stack that ends first.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX {
        return 0;
    }
    std::hint::black_box(recurse(std::hint::black_box(depth) + 1)) + 1
}

fn panic_in(query: &str) -> Response {
    match part(query, 0).as_str() {
        "head" => answer_p3::write(200, async |_| panic!("asked to panic after the head")),
        "body" => answer_p3::write(200, async |mut to| {
            let _ = to.write_all(b"half of ".to_vec()).await;
            panic!("asked to panic in the body");
        }),
        "after" => answer_p3::write(200, async |mut to| {
            let _ = to.write_all(b"answered".to_vec()).await;
            drop(to);
            panic!("asked to panic after the answer");
        }),
        _ => panic!("asked to panic before the answer"),
    }
}

fn headers(query: &str) -> Response {
    let fields = Fields::new();
    let value = vec![b'v'; number(query, 1) as usize];
    for index in 0..number(query, 0) {
        if fields.append(&format!("x-flood-{index}"), &value).is_err() {
            break;
        }
    }
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(fields, None, no_trailers);
    drop(trailers);
    response
}

/// The request's body; its trailers and its success are of no interest here.
fn body(request: Request) -> StreamReader<u8> {
    let (done, wanted) = wit_future::new(|| Ok(()));
    let (body, _trailers) = Request::consume_body(request, wanted);
    drop(done);
    body
}

/// Reads the request's body, and keeps it if asked to; tells how many bytes it had.
async fn read(request: Request, keep: bool) -> usize {
    let mut body = body(request);
    let (mut total, mut kept) = (0, Vec::new());
    loop {
        let (state, bytes) = body.read(Vec::with_capacity(64 << 10)).await;
        total += bytes.len();
        if !matches!(state, StreamResult::Complete(_)) {
            return total;
        }
        if keep {
            kept.push(bytes);
        }
    }
}

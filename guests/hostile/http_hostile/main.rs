//! A `wasi:http/incoming-handler@0.2` that does what a host must survive, one route for each attack.
//!
//! - `/hello`: behaves
//! - computing: `/spin`, `/spin-head` (head, then an endless loop), `/spin-after` (a whole answer, then an endless loop),
//!   `/spin-calls` (calls the host without a pause), `/spin-yield` (waits for nothing, again and again),
//!   `/pulse?COMPUTE&PAUSE&ALL` (computes for COMPUTE µs, waits for PAUSE ns, and so on for ALL ms; answers how often)
//! - `/recurse`; memory: see `memory.rs`; heads and bodies: see `messages.rs`; panics, exits and misuse: see `ends.rs`
//! - what the host holds for a guest: see `handles.rs`; output: see `output.rs`

mod ends;
mod handles;
mod memory;
mod messages;
mod output;

use wasip2::clocks::monotonic_clock;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::{answer, number, split_target};

wasip2::http::proxy::export!(Hostile);

struct Hostile;

impl Guest for Hostile {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        match route {
            "/spin-head" => answer::write(out, 200, |_| spin()),
            "/spin-after" => {
                answer::text(out, 200, "answered");
                spin();
            }
            "/twice" => ends::answer_twice(out),
            "/panic" => ends::panic_in(query, out),
            "/exit-after" => {
                answer::text(out, 200, "answered");
                ends::exit(query);
            }
            "/no-answer" => drop(out),
            "/no-head" => sleep(),
            _ if messages::is_one(route) => messages::answer(route, query, request, out),
            _ => match text(route, query) {
                Some(text) => answer::text(out, 200, &text),
                None => answer::text(out, 404, "no such route"),
            },
        }
    }
}

/// The routes that answer with one text, if at all.
fn text(route: &str, query: &str) -> Option<String> {
    Some(match route {
        "/hello" => "hello".into(),
        "/spin" => spin(),
        "/spin-calls" => loop {
            std::hint::black_box(monotonic_clock::now());
        },
        "/spin-yield" => loop {
            monotonic_clock::subscribe_duration(0).block();
        },
        "/pulse" => pulse(query),
        "/sleep" => sleep(),
        "/recurse" => recurse(0).to_string(),
        "/exit" => ends::exit(query),
        _ => {
            return memory::text(route, query)
                .or_else(|| handles::text(route, query))
                .or_else(|| output::text(route, query));
        }
    })
}

/// Computes for a while, waits for a moment, and so on for some milliseconds.
fn pulse(query: &str) -> String {
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
        monotonic_clock::subscribe_duration(pause).block();
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
pub(crate) fn sleep() -> ! {
    loop {
        monotonic_clock::subscribe_duration(u64::MAX).block();
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

//! A `wasi:http/incoming-handler@0.2` that does its worst while it is instantiated, as the variable `INIT` says:
//! `spin`, `sleep`, `panic`, `exit`, `recurse`, `grow` (takes memory until there is no more, and keeps it), `oom` (the
//! same, and traps), `print` (prints for ever), `hoard` (opens handles for ever). Without the variable it is harmless.
//! Every request is answered `born`.

use std::io::Write;

use wasip2::clocks::monotonic_clock;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::answer;

wasip2::http::proxy::export!(Born);

struct Born;

impl Guest for Born {
    fn handle(_: IncomingRequest, out: ResponseOutparam) {
        answer::text(out, 200, "born");
    }
}

/// Static constructors run when a component is instantiated, before any of its functions is called.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_ANYTHING: extern "C" fn() = misbehave;

extern "C" fn misbehave() {
    match std::env::var("INIT").unwrap_or_default().as_str() {
        "spin" => loop {
            std::hint::black_box(());
        },
        "sleep" => monotonic_clock::subscribe_duration(u64::MAX).block(),
        "panic" => panic!("asked to panic at the start"),
        "exit" => std::process::exit(7),
        "recurse" => {
            recurse(0);
        }
        "grow" => while core::arch::wasm32::memory_grow::<0>(1) != usize::MAX {},
        "oom" => loop {
            std::mem::forget(vec![1_u8; 1 << 20]);
        },
        "print" => loop {
            println!("still starting");
        },
        "hoard" => loop {
            std::mem::forget(monotonic_clock::subscribe_duration(u64::MAX));
        },
        _ => {}
    }
    let _ = std::io::stdout().flush();
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX {
        return 0;
    }
    std::hint::black_box(recurse(std::hint::black_box(depth) + 1)) + 1
}

//! A `wasi:http/incoming-handler@0.2` with one route for each thing that a host must get right.
//!
//! - `/hello`, `/headers` (request headers, a line each), `/env?NAME`, `/args`, `/clock`, `/random`
//! - `/config?KEY`, `/config-all` (`wasi:config/store`); `/log?LEVEL&TEXT` (`wasi:logging`, context `kitchen`)
//! - `/print?TEXT`, `/eprint?TEXT`, `/print-raw?TEXT` (no line end), `/printmany?N` (`line 0` to `line N-1`)
//! - `/echo` (the request body, while it arrives), `/stream?N&BYTES` (N chunks of BYTES bytes)
//! - `/stream-slow?N&MS` (N lines `tick I`, MS milliseconds apart), `/swallow` (reads the body, says how many bytes)
//! - `/count` (calls of this instance), `/sleep?MS`, `/spin`, `/spin-ms?MS` (burns CPU for MS)
//! - `/trap`, `/panic`, `/exit?CODE`, `/oom` (takes memory until there is no more), `/alloc?BYTES` (takes so much, and keeps it)
//! - `/early-drop` (never answers), `/half` (head and half a body, then a trap)
//! - `/fetch?URL` (status and body, or `error: NAME`), see `outbound.rs`
//! - `/read?PATH`, `/write?PATH&TEXT`, `/fill?PATH&BYTES`, `/ls?PATH`, `/rm?PATH`, `/rename?FROM&TO`,
//!   `/link?FROM&TO`, `/resize?PATH&BYTES`, `/patch?PATH&OFFSET&TEXT`: see `files.rs`

mod files;
mod outbound;

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use wasip2::clocks::monotonic_clock;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use wasip2::io::streams::StreamError;
use weft_guests::{answer, lines, number, part, split_target};

wit_bindgen::generate!({
    path: ["../wit/wasi-config", "../wit/wasi-logging"],
    inline: "
        package weft-test:http-kitchen;
        world kitchen {
            import wasi:config/store@0.2.0-rc.1;
            import wasi:logging/logging@0.1.0-draft;
        }
    ",
    generate_all,
});

use wasi::config::store;
use wasi::logging::logging::{self, Level};

wasip2::http::proxy::export!(Kitchen);

struct Kitchen;

/// Calls that this instance has served.
static CALLS: AtomicU64 = AtomicU64::new(0);
/// What `/alloc` keeps.
static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

impl Guest for Kitchen {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        let target = request.path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        match route {
            "/echo" => echo(request, out),
            "/swallow" => swallow(request, out),
            "/stream" => stream(query, out),
            "/stream-slow" => stream_slow(query, out),
            "/half" => half(out),
            "/early-drop" => drop(out),
            "/headers" => answer::text(out, 200, &headers(&request)),
            "/count" => answer::text(out, 200, &calls.to_string()),
            _ => match text(route, query) {
                Some(text) => answer::text(out, 200, &text),
                None => answer::text(out, 404, "no such route"),
            },
        }
    }
}

/// The routes that answer with one text.
fn text(route: &str, query: &str) -> Option<String> {
    let first = part(query, 0);
    Some(match route {
        "/hello" => "hello".into(),
        "/env" => std::env::var(&first).unwrap_or_else(|_| format!("{first} is not set")),
        "/env-all" => lines(std::env::vars().collect()),
        "/args" => std::env::args().map(|arg| arg + "\n").collect(),
        "/clock" => clock(),
        "/random" => hex(&wasip2::random::random::get_random_bytes(16)),
        "/config" => match store::get(&first) {
            Ok(value) => value.unwrap_or_else(|| format!("{first} is not set")),
            Err(error) => format!("error: {error:?}"),
        },
        "/config-all" => store::get_all().map_or_else(|error| format!("error: {error:?}"), lines),
        "/log" => log(&first, &part(query, 1)),
        "/print" | "/eprint" | "/print-raw" | "/printmany" => print(route, query),
        "/sleep" => {
            monotonic_clock::subscribe_duration(number(query, 0) * 1_000_000).block();
            "slept".into()
        }
        "/spin-ms" => {
            let end = Instant::now() + Duration::from_millis(number(query, 0));
            while Instant::now() < end {}
            "spun".into()
        }
        "/alloc" => {
            KEPT.lock()
                .expect("one thread")
                .push(vec![1; number(query, 0) as usize]);
            "kept".into()
        }
        "/trap" => std::process::abort(),
        "/panic" => panic!("asked to panic"),
        "/exit" => exit(number(query, 0) as u8),
        "/spin" => loop {
            std::hint::black_box(());
        },
        "/oom" => loop {
            KEPT.lock().expect("one thread").push(vec![1; 1 << 20]);
        },
        "/fetch" => outbound::fetch(query),
        _ => files::route(route, query)?,
    })
}

fn headers(request: &IncomingRequest) -> String {
    let fields = request.headers().entries();
    lines(
        fields
            .into_iter()
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
            .collect(),
    )
}

fn clock() -> String {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    format!(
        "system={} monotonic={}",
        since.as_millis(),
        monotonic_clock::now()
    )
}

fn exit(code: u8) -> ! {
    wasip2::cli::exit::exit_with_code(code);
    unreachable!("the host ends the instance")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn log(level: &str, text: &str) -> String {
    let level = match level {
        "trace" => Level::Trace,
        "debug" => Level::Debug,
        "warn" => Level::Warn,
        "error" => Level::Error,
        "critical" => Level::Critical,
        _ => Level::Info,
    };
    logging::log(level, "kitchen", text);
    "logged".into()
}

fn print(route: &str, query: &str) -> String {
    let text = part(query, 0);
    match route {
        "/print" => println!("{text}"),
        "/eprint" => eprintln!("{text}"),
        "/print-raw" => {
            print!("{text}");
            std::io::stdout().flush().expect("stdout takes text");
        }
        _ => (0..number(query, 0)).for_each(|line| println!("line {line}")),
    }
    "printed".into()
}

/// Hands each piece of the request body to `piece`, as it arrives, until the end or a failure.
fn each_piece(request: IncomingRequest, mut piece: impl FnMut(&[u8])) {
    let body = request.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(bytes) => piece(&bytes),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                eprintln!("the request body failed: {}", error.to_debug_string());
                break;
            }
        }
    }
}

fn echo(request: IncomingRequest, out: ResponseOutparam) {
    answer::write(out, 200, |to| {
        each_piece(request, |bytes| {
            let _ = to.write_all(bytes);
            let _ = to.flush();
        });
    });
}

fn swallow(request: IncomingRequest, out: ResponseOutparam) {
    let mut total = 0;
    each_piece(request, |bytes| total += bytes.len());
    answer::text(out, 200, &format!("{total} bytes"));
}

fn stream(query: &str, out: ResponseOutparam) {
    let chunk = vec![b'x'; number(query, 1) as usize];
    answer::write(out, 200, |to| {
        for _ in 0..number(query, 0) {
            if to.write_all(&chunk).and_then(|()| to.flush()).is_err() {
                break;
            }
        }
    });
}

fn stream_slow(query: &str, out: ResponseOutparam) {
    answer::write(out, 200, |to| {
        for tick in 0..number(query, 0) {
            monotonic_clock::subscribe_duration(number(query, 1) * 1_000_000).block();
            if writeln!(to, "tick {tick}")
                .and_then(|()| to.flush())
                .is_err()
            {
                break;
            }
        }
    });
}

fn half(out: ResponseOutparam) {
    answer::write(out, 200, |to| {
        let _ = to.write_all(b"half of ");
        let _ = to.flush();
        std::process::abort();
    });
}

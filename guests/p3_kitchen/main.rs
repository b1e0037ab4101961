//! A `wasi:http/handler@0.3` with one route for each thing that a host must get right, over WASI 0.3 throughout.
//!
//! - `/hello`, `/headers` (request headers, a line each), `/env?NAME`, `/args`, `/clock`, `/random`
//! - `/config?KEY`, `/config-all` (`wasi:config/store`); `/log?LEVEL&TEXT` (`wasi:logging`, context `kitchen`)
//! - `/print?TEXT`, `/eprint?TEXT` (over 0.3 streams), `/printmany?N` (`line 0` to `line N-1`, with std, so over 0.2)
//! - `/echo` (hands the stream of the request body back), `/echo-copy` (copies it piece by piece)
//! - `/stream?N&BYTES` (N chunks of BYTES bytes), `/stream-slow?N&MS` (N lines `tick I`, MS milliseconds apart)
//! - `/swallow` (reads the body, says how many bytes)
//! - `/count` (calls of this instance), `/active` (calls in flight in this instance), `/sleep?MS`, `/spin`
//! - `/trap`, `/panic`, `/exit?CODE`, `/oom` (takes memory until there is no more), `/alloc?BYTES` (takes so much, and keeps it)
//! - `/error` (returns an error code), `/half` (head and half a body, then a trap)
//! - `/fetch?URL` (status and body, or `error: NAME`), see `outbound.rs`
//! - `/read?PATH`, `/write?PATH&TEXT`, `/append?PATH&TEXT`, `/fill?PATH&BYTES`, `/ls?PATH`, `/rm?PATH`: see `shared/files_p3.rs`

mod outbound;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use wasip3::cli::{environment, exit as cli_exit, stderr, stdout};
use wasip3::clocks::{monotonic_clock, system_clock};
use wasip3::http::types::{ErrorCode, Request, Response};
use wasip3::{wit_future, wit_stream};
use weft_guests::{answer_p3, files_p3, lines, number, part, split_target};

mod bindings {
    wit_bindgen::generate!({
        path: ["../wit/wasi-config", "../wit/wasi-logging"],
        inline: "
            package weft-test:p3-kitchen;
            world kitchen {
                import wasi:config/store@0.2.0-rc.1;
                import wasi:logging/logging@0.1.0-draft;
            }
        ",
        generate_all,
    });
}

use bindings::wasi::config::store;
use bindings::wasi::logging::logging::{self, Level};

wasip3::http::service::export!(Kitchen);

struct Kitchen;

/// Calls that this instance has begun.
static CALLS: AtomicU64 = AtomicU64::new(0);
/// Calls that have not answered yet.
static ACTIVE: AtomicU64 = AtomicU64::new(0);
/// What `/alloc` keeps.
static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

impl wasip3::exports::http::handler::Guest for Kitchen {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        CALLS.fetch_add(1, Ordering::Relaxed);
        ACTIVE.fetch_add(1, Ordering::Relaxed);
        let response = respond(request).await;
        ACTIVE.fetch_sub(1, Ordering::Relaxed);
        response
    }
}

async fn respond(request: Request) -> Result<Response, ErrorCode> {
    let target = request.get_path_with_query().unwrap_or_default();
    let (route, query) = split_target(&target);
    Ok(match route {
        "/echo" => answer_p3::stream(200, body(request)),
        "/echo-copy" => echo_copy(request),
        "/swallow" => answer_p3::text(
            200,
            format!("{} bytes", body(request).collect().await.len()),
        ),
        "/stream" => stream(query),
        "/stream-slow" => stream_slow(query),
        "/half" => answer_p3::write(200, async |mut to| {
            let _ = to.write_all(b"half of ".to_vec()).await;
            std::process::abort();
        }),
        "/error" => return Err(ErrorCode::InternalError(Some("asked to fail".into()))),
        "/headers" => answer_p3::text(200, headers(&request)),
        _ => match text(route, query).await {
            Some(text) => answer_p3::text(200, text),
            None => answer_p3::text(404, "no such route"),
        },
    })
}

/// The routes that answer with one text.
async fn text(route: &str, query: &str) -> Option<String> {
    let first = part(query, 0);
    Some(match route {
        "/hello" => "hello".into(),
        "/count" => CALLS.load(Ordering::Relaxed).to_string(),
        "/active" => ACTIVE.load(Ordering::Relaxed).to_string(),
        "/env" => env(&first).unwrap_or_else(|| format!("{first} is not set")),
        "/env-all" => lines(environment::get_environment()),
        "/args" => environment::get_arguments()
            .into_iter()
            .map(|arg| arg + "\n")
            .collect(),
        "/clock" => clock(),
        "/random" => hex(&wasip3::random::random::get_random_bytes(16)),
        "/config" => match store::get(&first) {
            Ok(value) => value.unwrap_or_else(|| format!("{first} is not set")),
            Err(error) => format!("error: {error:?}"),
        },
        "/config-all" => store::get_all().map_or_else(|error| format!("error: {error:?}"), lines),
        "/log" => log(&first, &part(query, 1)),
        "/print" | "/eprint" | "/printmany" => print(route, query).await,
        "/sleep" => {
            monotonic_clock::wait_for(number(query, 0) * 1_000_000).await;
            "slept".into()
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
        "/fetch" => outbound::fetch(query).await,
        _ => {
            return files_p3::command(route.trim_start_matches('/'), &first, &part(query, 1)).await;
        }
    })
}

/// The request's body; its trailers and its success are of no interest here.
fn body(request: Request) -> wit_bindgen::StreamReader<u8> {
    let (done, wanted) = wit_future::new(|| Ok(()));
    let (body, _trailers) = Request::consume_body(request, wanted);
    drop(done);
    body
}

fn echo_copy(request: Request) -> Response {
    let mut from = body(request);
    answer_p3::write(200, async move |mut to| {
        let mut buffer = Vec::with_capacity(64 * 1024);
        loop {
            let (state, bytes) = from.read(buffer).await;
            if !matches!(state, wit_bindgen::StreamResult::Complete(_)) {
                break;
            }
            buffer = to.write_all(bytes).await;
            if !buffer.is_empty() {
                break; // The client has gone.
            }
            buffer.reserve(64 * 1024);
        }
    })
}

fn stream(query: &str) -> Response {
    let (chunks, bytes) = (number(query, 0), number(query, 1) as usize);
    answer_p3::write(200, async move |mut to| {
        for _ in 0..chunks {
            if !to.write_all(vec![b'x'; bytes]).await.is_empty() {
                break;
            }
        }
    })
}

fn stream_slow(query: &str) -> Response {
    let (ticks, pause) = (number(query, 0), number(query, 1) * 1_000_000);
    answer_p3::write(200, async move |mut to| {
        for tick in 0..ticks {
            monotonic_clock::wait_for(pause).await;
            if !to
                .write_all(format!("tick {tick}\n").into_bytes())
                .await
                .is_empty()
            {
                break;
            }
        }
    })
}

fn headers(request: &Request) -> String {
    let fields = request.get_headers().copy_all();
    lines(
        fields
            .into_iter()
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
            .collect(),
    )
}

fn env(name: &str) -> Option<String> {
    environment::get_environment()
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

fn clock() -> String {
    let now = system_clock::now();
    let millis = now.seconds * 1000 + i64::from(now.nanoseconds) / 1_000_000;
    format!("system={millis} monotonic={}", monotonic_clock::now())
}

fn exit(code: u8) -> ! {
    cli_exit::exit_with_code(code);
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

async fn print(route: &str, query: &str) -> String {
    if route == "/printmany" {
        (0..number(query, 0)).for_each(|line| println!("line {line}"));
        return "printed".into();
    }
    let (mut writer, reader) = wit_stream::new();
    let done = if route == "/eprint" {
        stderr::write_via_stream(reader)
    } else {
        stdout::write_via_stream(reader)
    };
    let _ = writer
        .write_all(format!("{}\n", part(query, 0)).into_bytes())
        .await;
    drop(writer);
    done.await
        .map_or_else(|code| format!("error: {code:?}"), |()| "printed".into())
}

//! A `wasi:http/incoming-handler@0.2` that calls another component through `weft-test:linked/{plain, things}@0.1.0`.
//!
//! - `/add?A&B`, `/greet?NAME`, `/print?TEXT` (both print: `caller: TEXT`, then the callee `TEXT`), `/trap` (the callee's)
//! - `/who`: `caller NAME=VALUE` and `callee NAME=VALUE` lines; `/config?KEY` and `/read?PATH`: what each of the two sees
//! - `/things`: bumps of a made and of a constructed counter, the consumed value, counters alive: `6 11 12 6 1`
//! - `/things-churn?N`: makes and drops N counters, tells how many are alive in the callee
//! - `/fetch?URL`: the callee's outbound GET; `/connect?ADDRESS`: a TCP connection of each of the two
//! - `/bench?N`: nanoseconds per call over N calls of `add`; `/bench-greet?N`: the same of `greet`

use std::time::Instant;

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::{answer, number, part, split_target};

wit_bindgen::generate!({
    path: ["wit/linked-0.1.0", "../wit/wasi-config"],
    inline: "
        package weft-test:linked-caller;
        world caller {
            import weft-test:linked/plain@0.1.0;
            import weft-test:linked/things@0.1.0;
            import wasi:config/store@0.2.0-rc.1;
        }
    ",
    generate_all,
});

use wasi::config::store;
use weft_test::linked::{plain, things};

wasip2::http::proxy::export!(Caller);

struct Caller;

impl Guest for Caller {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        match text(route, query) {
            Some(text) => answer::text(out, 200, &text),
            None => answer::text(out, 404, "no such route"),
        }
    }
}

fn text(route: &str, query: &str) -> Option<String> {
    let first = part(query, 0);
    Some(match route {
        "/hello" => "hello".into(),
        "/add" => plain::add(number(query, 0) as u32, number(query, 1) as u32).to_string(),
        "/greet" => plain::greet(&first),
        "/who" => who(),
        "/config" => {
            let own = store::get(&first).unwrap_or_else(|error| Some(format!("error: {error:?}")));
            format!("caller: {own:?}\ncallee: {:?}\n", plain::config(&first))
        }
        "/read" => {
            let own = std::fs::read_to_string(&first).map_err(|error| error.to_string());
            format!("caller: {own:?}\ncallee: {:?}\n", plain::read(&first))
        }
        "/print" => {
            println!("caller: {first}");
            plain::print(&first);
            "printed".into()
        }
        "/trap" => {
            plain::trap();
            "not reached".into()
        }
        "/fetch" => format!("{:?}", plain::fetch(query)),
        "/connect" => {
            let own = std::net::TcpStream::connect(&first)
                .map(|_| 0)
                .map_err(|error| error.kind().to_string());
            let callee = plain::fetch(&format!("tcp://{first}"));
            format!("caller: {own:?}\ncallee: {callee:?}\n")
        }
        "/things" => count(),
        "/things-churn" => {
            (0..number(query, 0)).for_each(|start| drop(things::Counter::new(start as u32)));
            things::alive().to_string()
        }
        "/bench" => bench(number(query, 0), |turn| {
            plain::add(turn, 1);
        }),
        "/bench-greet" => bench(number(query, 0), |_| {
            plain::greet("a name of some twenty bytes");
        }),
        _ => return None,
    })
}

fn who() -> String {
    let own = std::env::vars().map(|(name, value)| format!("caller {name}={value}\n"));
    own.chain(
        plain::who()
            .into_iter()
            .map(|(name, value)| format!("callee {name}={value}\n")),
    )
    .collect()
}

fn count() -> String {
    let made = things::make(5);
    let constructed = things::Counter::new(10);
    let bumps = (made.bump(), constructed.bump(), constructed.bump());
    let consumed = things::consume(made);
    format!(
        "{} {} {} {consumed} {}",
        bumps.0,
        bumps.1,
        bumps.2,
        things::alive()
    )
}

fn bench(calls: u64, mut call: impl FnMut(u32)) -> String {
    let start = Instant::now();
    for turn in 0..calls {
        call(std::hint::black_box(turn as u32));
    }
    (start.elapsed().as_nanos() / u128::from(calls.max(1))).to_string()
}

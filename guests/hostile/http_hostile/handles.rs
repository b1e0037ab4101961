//! What the host holds for a guest: handles of all kinds, and things under way.
//!
//! - `/handles?KIND&N`: opens N handles and drops none, without N for ever; KIND is `fields`, `full-fields` (each with
//!   as much in it as goes in), `pollable`, `request` (outgoing, with body and stream). Answers how many there were.
//! - `/pollables?N`: waits for N pollables that are far away and one that is near; answers how many were ready
//! - `/timers?N`: goes on waiting for N timers of one millisecond each, without end
//! - `/outbound?N&URL`: begins N requests to URL whose bodies it never ends, then sleeps for ever
//! - `/files?N&FOLDER`: makes N files and keeps them open; answers how many there were, and why not more;
//!   `/files-hold?N&FOLDER`: prints that instead, and sleeps for ever

use std::mem::forget;

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, Method, OutgoingRequest, Scheme};
use wasip2::io::poll::{Pollable, poll};
use weft_guests::{number, part};

/// The answer of a route of this file.
pub(crate) fn text(route: &str, query: &str) -> Option<String> {
    Some(match route {
        "/handles" => hoard(&part(query, 0), limit(query, 1)),
        "/pollables" => {
            let mut waiting = far(number(query, 0));
            waiting.push(subscribe_duration(1_000_000));
            poll(&waiting.iter().collect::<Vec<_>>()).len().to_string()
        }
        "/timers" => timers(number(query, 0)),
        "/outbound" => outbound(number(query, 0), &part(query, 1)),
        "/files" => files(number(query, 0), &part(query, 1)),
        "/files-hold" => {
            println!("{}", files(number(query, 0), &part(query, 1)));
            crate::sleep()
        }
        _ => return None,
    })
}

fn limit(query: &str, index: usize) -> u64 {
    match number(query, index) {
        0 => u64::MAX,
        some => some,
    }
}

fn hoard(kind: &str, count: u64) -> String {
    for _ in 0..count {
        match kind {
            "pollable" => forget(subscribe_duration(u64::MAX)),
            "request" => {
                let request = OutgoingRequest::new(Fields::new());
                let body = request.body().expect("the body is taken once");
                forget((body.write(), body, request));
            }
            "full-fields" => {
                let fields = Fields::new();
                while fields.append("x-full", &[b'v'; 4000]).is_ok() {}
                forget(fields);
            }
            _ => forget(Fields::new()),
        }
    }
    count.to_string()
}

fn far(count: u64) -> Vec<Pollable> {
    (0..count).map(|_| subscribe_duration(u64::MAX)).collect()
}

fn timers(count: u64) -> ! {
    loop {
        let timers: Vec<Pollable> = (0..count).map(|_| subscribe_duration(1_000_000)).collect();
        for timer in &timers {
            timer.block();
        }
    }
}

fn outbound(count: u64, url: &str) -> String {
    let (authority, path) = url
        .trim_start_matches("http://")
        .split_once('/')
        .unwrap_or((url, ""));
    for _ in 0..count {
        let request = OutgoingRequest::new(Fields::new());
        let _ = request.set_method(&Method::Post);
        let _ = request.set_scheme(Some(&Scheme::Http));
        let _ = request.set_authority(Some(authority));
        let _ = request.set_path_with_query(Some(&format!("/{path}")));
        let body = request.body().expect("the body is taken once");
        let stream = body.write();
        forget((stream, body, outgoing_handler::handle(request, None)));
    }
    crate::sleep()
}

fn files(count: u64, folder: &str) -> String {
    let mut opened = Vec::new();
    for index in 0..count {
        match std::fs::File::create(format!("{folder}/{index}")) {
            Ok(file) => opened.push(file),
            Err(error) => {
                return format!("{} files; {error}", opened.into_iter().map(forget).count());
            }
        }
    }
    format!("{} files", opened.into_iter().map(forget).count())
}

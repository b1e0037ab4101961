//! Ways to fail: panics in every phase of a request, exits, and handles used twice.
//!
//! - `/panic?PHASE`: `before` (the answer), `head` (once the head is out), `body` (in the middle), `after` (the answer is
//!   whole), `drop` (in a destructor, while another panic is under way)
//! - `/exit?CODE`, `/exit-after?CODE` (the answer is whole); `/twice` (answers, and answers again); `/no-answer`

use std::io::Write;

use wasip2::http::types::{Fields, OutgoingResponse, ResponseOutparam};
use weft_guests::{answer, number, part};

/// Panics in the phase that the query names.
pub(crate) fn panic_in(query: &str, out: ResponseOutparam) {
    let phase = part(query, 0);
    match phase.as_str() {
        "head" => answer::write(out, 200, |_| panic!("asked to panic after the head")),
        "body" => answer::write(out, 200, |to| {
            let _ = to.write_all(b"half of ");
            let _ = to.flush();
            panic!("asked to panic in the body");
        }),
        "after" => {
            answer::text(out, 200, "answered");
            panic!("asked to panic after the answer");
        }
        "drop" => {
            let _bomb = Bomb;
            panic!("asked to panic twice");
        }
        _ => panic!("asked to panic before the answer"),
    }
}

/// Panics once more while the stack unwinds, where it does unwind.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("asked to panic in a destructor");
    }
}

/// Ends the instance.
pub(crate) fn exit(query: &str) -> ! {
    wasip2::cli::exit::exit_with_code(number(query, 0) as u8);
    unreachable!("the host ends the instance")
}

/// Answers through a handle that is gone once it has answered.
pub(crate) fn answer_twice(out: ResponseOutparam) {
    let handle = out.handle();
    ResponseOutparam::set(out, Ok(OutgoingResponse::new(Fields::new())));
    // SAFETY: none of memory is at stake; that the host refuses a stale handle is what this is for.
    let again = unsafe { ResponseOutparam::from_handle(handle) };
    ResponseOutparam::set(again, Ok(OutgoingResponse::new(Fields::new())));
}

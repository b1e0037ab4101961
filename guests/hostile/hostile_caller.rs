//! A `wasi:http/incoming-handler@0.2` that lets a linked component do its worst: `/attack?N` answers what
//! `weft-test:hostile/attack.run(N)` answers, `/hello` leaves the other alone.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::{answer, number, split_target};

wit_bindgen::generate!({
    path: "wit/hostile",
    inline: "
        package weft-test:hostile-caller;
        world caller { import weft-test:hostile/attack@0.1.0; }
    ",
    generate_all,
});

use weft_test::hostile::attack;

wasip2::http::proxy::export!(Caller);

struct Caller;

impl Guest for Caller {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        match split_target(&target) {
            ("/hello", _) => answer::text(out, 200, "hello"),
            ("/attack", query) => {
                let answer = attack::run(number(query, 0) as u32);
                answer::text(out, 200, &answer.to_string());
            }
            _ => answer::text(out, 404, "no such route"),
        }
    }
}

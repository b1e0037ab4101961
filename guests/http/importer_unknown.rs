//! An HTTP handler that imports `acme:missing/api@1.0.0`, which nobody serves: a host must refuse it.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::answer;

wit_bindgen::generate!({
    path: "wit/missing",
    inline: "
        package weft-test:importer-unknown;
        world importer { import acme:missing/api@1.0.0; }
    ",
    generate_all,
});

wasip2::http::proxy::export!(Importer);

struct Importer;

impl Guest for Importer {
    fn handle(_request: IncomingRequest, out: ResponseOutparam) {
        answer::text(out, 200, &acme::missing::api::lookup("key"));
    }
}

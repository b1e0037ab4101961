//! A `wasi:http/handler@0.3` that has one secret by the label of an import, `db-password`, and answers with its value.
//! See `wit/secrets-label`.

use wasip3::http::types::{ErrorCode, Request, Response};
use weft_guests::answer_p3;

mod bindings {
    wit_bindgen::generate!({
        path: ["../wit/wasmcloud-secrets", "wit/secrets-label"],
        inline: "
            package weft-test:secrets-labelled;
            world labelled {
                import weft-test:secrets-label/db-password@0.1.0;
                import wasmcloud:secrets/reveal@2.1.0;
            }
        ",
        generate_all,
    });
}

use bindings::wasmcloud::secrets::reveal::reveal;
use bindings::wasmcloud::secrets::store::SecretValue;
use bindings::weft_test::secrets_label::db_password;

wasip3::http::service::export!(Labelled);

struct Labelled;

impl wasip3::exports::http::handler::Guest for Labelled {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        Ok(match reveal(&db_password::get().await).await {
            SecretValue::String(text) => answer_p3::text(200, text),
            SecretValue::Bytes(bytes) => answer_p3::text(200, bytes),
        })
    }
}

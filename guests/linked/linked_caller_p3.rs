//! A `wasi:http/handler@0.3` that calls another component through `weft-test:linked/later@0.1.0`.
//!
//! - `/slow-add?A&B&MS`: the sum, after MS milliseconds
//! - `/slow-add-many?N&MS`: N calls at once; the sums of 0+1, 1+1, .., separated by spaces
//! - `/numbers?N`: reads the callee's stream of N bytes, tells their count and their sum: `1000 bytes, sum 124716`
//! - `/numbers-through?N`: hands the callee's stream to the host as the response body
//! - `/who?MS`: `caller NAME=VALUE` (looked up while the callee waits) and `callee NAME=VALUE` lines
//! - `/config?KEY&MS`: what each of the two sees, in the same way

use futures::future::{join, join_all};
use wasip3::cli::environment;
use wasip3::http::types::{ErrorCode, Request, Response};
use weft_guests::{answer_p3, number, part, split_target};

wit_bindgen::generate!({
    path: ["wit/linked-0.1.0", "../wit/wasi-config"],
    inline: "
        package weft-test:linked-caller-p3;
        world caller {
            import weft-test:linked/later@0.1.0;
            import wasi:config/store@0.2.0-rc.1;
        }
    ",
    generate_all,
});

use wasi::config::store;
use weft_test::linked::later;

wasip3::http::service::export!(Caller);

struct Caller;

impl wasip3::exports::http::handler::Guest for Caller {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        let (first, second) = (number(query, 0) as u32, number(query, 1) as u32);
        let text = match route {
            "/hello" => "hello".into(),
            "/slow-add" => later::slow_add(first, second, number(query, 2) as u32)
                .await
                .to_string(),
            "/slow-add-many" => slow_add_many(first, second).await,
            "/numbers" => numbers(first).await,
            "/numbers-through" => return Ok(answer_p3::stream(200, later::numbers(first).await)),
            "/who" => who(first).await,
            "/config" => config(part(query, 0), second).await,
            _ => return Ok(answer_p3::text(404, "no such route")),
        };
        Ok(answer_p3::text(200, text))
    }
}

async fn slow_add_many(calls: u32, ms: u32) -> String {
    let sums = join_all((0..calls).map(|call| later::slow_add(call, 1, ms))).await;
    sums.iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

async fn numbers(count: u32) -> String {
    let bytes = later::numbers(count).await.collect().await;
    let sum: u64 = bytes.iter().copied().map(u64::from).sum();
    format!("{} bytes, sum {sum}", bytes.len())
}

async fn who(ms: u32) -> String {
    let (callee, own) = join(later::who(ms), async { environment::get_environment() }).await;
    let own = own
        .into_iter()
        .map(|(name, value)| format!("caller {name}={value}\n"));
    own.chain(
        callee
            .into_iter()
            .map(|(name, value)| format!("callee {name}={value}\n")),
    )
    .collect()
}

async fn config(key: String, ms: u32) -> String {
    let (callee, own) = join(later::config(key.clone(), ms), async { store::get(&key) }).await;
    format!("caller: {:?}\ncallee: {callee:?}\n", own.ok().flatten())
}

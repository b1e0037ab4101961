//! What the world sees of the prices.
//!
//! - `/` is a page to ask from
//! - `/price?kind=call&style=asian&spot=100&strike=105&..` answers JSON
//! - `/philox?counter=0,0,0,0&key=0,0` answers the numbers of the generator
//! - `/adapter` says what computes

mod answer;
mod ask;
mod query;

use gpu_options_protocol::{Request as Question, Response as Reply, closed_form};
use serde_json::json;
use wasip3::http::types::{ErrorCode, Request, Response};

wasip3::http::service::export!(Front);

struct Front;

/// Status, type and body.
type Answer = (u16, &'static str, String);

impl wasip3::exports::http::handler::Guest for Front {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let (status, kind, body) = match path {
            "/" => (
                200,
                "text/html; charset=utf-8",
                include_str!("page.html").to_owned(),
            ),
            "/price" => price(query).await,
            "/philox" => philox(query).await,
            "/adapter" => reply(ask::ask(&Question::Adapter).await),
            _ => refused(404, &["there is nothing here; try /price".to_owned()]),
        };
        answer::respond(status, kind, body)
    }
}

async fn price(query: &str) -> Answer {
    let question = match query::price(query) {
        Ok(question) => question,
        Err(problems) => return refused(400, &problems),
    };
    let answer = ask::ask(&Question::Price(question)).await;
    let Ok(Reply::Quote(quote)) = answer else {
        return reply(answer);
    };
    let mut body = json!({
        "price": quote.estimates.price.value,
        "standard_error": quote.estimates.price.standard_error,
        "greeks": {
            "delta": quote.estimates.delta,
            "gamma": quote.estimates.gamma,
            "vega": quote.estimates.vega,
            "theta": quote.estimates.theta,
            "rho": quote.estimates.rho,
        },
        "paths": quote.paths,
        "seconds": quote.seconds,
        "paths_per_second": quote.paths as f64 / quote.seconds,
        "asked": question,
    });
    if let Some(exact) = closed_form(&question) {
        body["closed_form"] = json!(exact);
    }
    (200, answer::JSON, format!("{body:#}\n"))
}

async fn philox(query: &str) -> Answer {
    match query::philox(query) {
        Ok((counter, key)) => reply(ask::ask(&Question::Philox { counter, key }).await),
        Err(problems) => refused(400, &problems),
    }
}

fn reply(reply: Result<Reply, String>) -> Answer {
    match reply {
        Ok(Reply::Adapter(adapter)) => (
            200,
            answer::JSON,
            format!("{}\n", json!({"adapter": adapter})),
        ),
        Ok(Reply::Numbers(numbers)) => (
            200,
            answer::JSON,
            format!("{}\n", json!({"numbers": numbers})),
        ),
        Ok(Reply::Failed(why)) | Err(why) => refused(503, &[why]),
        Ok(Reply::Quote(_)) => refused(503, &["the service answered another question".to_owned()]),
    }
}

fn refused(status: u16, problems: &[String]) -> Answer {
    (
        status,
        answer::JSON,
        format!("{}\n", json!({"errors": problems})),
    )
}

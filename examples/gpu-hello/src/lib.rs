//! The smallest useful GPU component: it doubles numbers with a compute shader.
//!
//! - `/` is a page to try it from
//! - `/double?1,2,3` answers `2 4 6`
//! - `/adapter` says what does it

mod bindings {
    wit_bindgen::generate!({
        world: "wasi:webgpu/imports",
        path: "../../wit/wasi-webgpu-0.3",
    });
}
mod doubler;

use std::rc::Rc;

use doubler::Doubler;
use futures_util::lock::Mutex;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{spawn_local, wit_future, wit_stream};

/// Numbers of one request: they come in the query.
const MOST: usize = 1024;

wasip3::http::service::export!(Hello);

struct Hello;

impl wasip3::exports::http::handler::Guest for Hello {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let answer = match path {
            "/" => {
                return respond(
                    200,
                    "text/html; charset=utf-8",
                    include_str!("page.html").to_owned(),
                );
            }
            "/double" => double(query).await,
            "/adapter" => adapter().await,
            _ => Err((404, "there is nothing here; try /double?1,2,3".to_owned())),
        };
        let (status, text) = match answer {
            Ok(text) => (200, text),
            Err((status, text)) => (status, text),
        };
        respond(status, "text/plain; charset=utf-8", format!("{text}\n"))
    }
}

type Answer = Result<String, (u16, String)>;

async fn double(query: &str) -> Answer {
    let numbers = query
        .split(',')
        .map(str::trim)
        .filter(|number| !number.is_empty());
    let numbers: Result<Vec<f32>, _> = numbers
        .map(|number| number.parse().map_err(|_| number))
        .collect();
    let numbers =
        numbers.map_err(|wrong| (400, format!("`{wrong}` is no number; write /double?1,2,3")))?;
    if numbers.is_empty() || numbers.len() > MOST {
        return Err((400, format!("write 1 to {MOST} numbers: /double?1,2,3")));
    }
    let doubled = warm()
        .await?
        .double(&numbers)
        .await
        .map_err(|why| (503, why))?;
    let doubled: Vec<String> = doubled.iter().map(f32::to_string).collect();
    Ok(doubled.join(" "))
}

async fn adapter() -> Answer {
    Ok(warm().await?.adapter().to_owned())
}

/// The device and the shader of this instance: made for its first request, for which others wait, and kept.
async fn warm() -> Result<Rc<Doubler>, (u16, String)> {
    thread_local!(static DOUBLER: Rc<Mutex<Option<Rc<Doubler>>>> = Rc::default());
    let doubler = DOUBLER.with(Rc::clone);
    let mut doubler = doubler.lock().await;
    if let Some(doubler) = &*doubler {
        return Ok(Rc::clone(doubler));
    }
    let made = Rc::new(Doubler::new().await.map_err(|why| (503, why))?);
    *doubler = Some(Rc::clone(&made));
    Ok(made)
}

fn respond(status: u16, kind: &str, text: String) -> Result<Response, ErrorCode> {
    let internal = |what: &str| ErrorCode::InternalError(Some(what.to_owned()));
    let headers = Fields::new();
    headers
        .append("content-type", kind.as_bytes())
        .map_err(|_| internal("the content type was refused"))?;
    let (mut writer, body) = wit_stream::new();
    spawn_local(async move {
        writer.write_all(text.into_bytes()).await;
    });
    // Dropping the writer sends what the closure makes: no trailers.
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(headers, Some(body), trailers);
    response
        .set_status_code(status)
        .map_err(|()| internal("the status was refused"))?;
    Ok(response)
}

//! Programs that are written for wgpu, as a component: nothing in them knows that they are not native.
//!
//! - `/` is a page that shows them
//! - `/collatz?27,97` counts steps with a compute shader
//! - `/triangle.png` is drawn to a texture and read back
//! - `/text.png?Hello` is text, drawn by the library glyphon

mod collatz;
mod picture;
mod text;
mod triangle;

use std::rc::Rc;

use futures_util::lock::Mutex;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{spawn_local, wit_future, wit_stream};

/// Numbers, and characters, of one request.
const MOST: usize = 1024;
const PNG: &str = "image/png";
const PLAIN: &str = "text/plain; charset=utf-8";

wasip3::http::service::export!(Programs);

struct Programs;

type Answer = Result<(&'static str, Vec<u8>), (u16, String)>;

impl wasip3::exports::http::handler::Guest for Programs {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let answer = match path {
            "/" => Ok((
                "text/html; charset=utf-8",
                include_bytes!("page.html").to_vec(),
            )),
            "/collatz" => collatz(query).await,
            "/triangle.png" => triangle().await,
            "/text.png" => text(query).await,
            "/adapter" => adapter().await,
            _ => Err((404, "there is nothing here; try /collatz?27,97".to_owned())),
        };
        let (status, (kind, body)) = match answer {
            Ok(answer) => (200, answer),
            Err((status, why)) => (status, (PLAIN, format!("{why}\n").into_bytes())),
        };
        respond(status, kind, body)
    }
}

async fn collatz(query: &str) -> Answer {
    let numbers: Result<Vec<u32>, String> = query
        .split(',')
        .map(|number| {
            let wrong = || format!("`{number}` is no number from 0 to {}", u32::MAX);
            number.trim().parse().map_err(|_| wrong())
        })
        .collect();
    let numbers = numbers.map_err(|why| (400, why))?;
    if numbers.len() > MOST {
        return Err((400, format!("write 1 to {MOST} numbers: /collatz?27,97")));
    }
    let (device, queue) = warm().await?;
    let steps = collatz::steps(&device, &queue, &numbers);
    let steps: Vec<String> = steps.iter().map(u32::to_string).collect();
    Ok((PLAIN, format!("{}\n", steps.join(" ")).into_bytes()))
}

async fn triangle() -> Answer {
    let (device, queue) = warm().await?;
    // Rows of a width that is no multiple of 256 bytes, as pictures have it.
    Ok((PNG, triangle::png(&device, &queue, 301, 201).await))
}

async fn text(query: &str) -> Answer {
    let text = unescape(query).ok_or((400, "the text is not UTF-8".to_owned()))?;
    if text.is_empty() || text.chars().count() > MOST {
        return Err((
            400,
            format!("write 1 to {MOST} characters: /text.png?Hello"),
        ));
    }
    let (device, queue) = warm().await?;
    Ok((PNG, text::png(&device, &queue, &text).await))
}

async fn adapter() -> Answer {
    let (device, _) = warm().await?;
    let info = device.adapter_info();
    Ok((
        PLAIN,
        format!("{} ({:?})\n", info.name, info.device_type).into_bytes(),
    ))
}

/// The device of this instance: made for its first request, for which others wait, and kept.
async fn warm() -> Result<(wgpu::Device, wgpu::Queue), (u16, String)> {
    thread_local!(static DEVICE: Rc<Mutex<Option<(wgpu::Device, wgpu::Queue)>>> = Rc::default());
    let device = DEVICE.with(Rc::clone);
    let mut device = device.lock().await;
    if let Some(made) = &*device {
        return Ok(made.clone());
    }
    let instance = wgpu_weft::instance();
    let adapter = instance
        .request_adapter(&wgpu::RequestAdapterOptions::default())
        .await
        .map_err(|_| (503, "there is no GPU for this workload".to_owned()))?;
    let made = adapter
        .request_device(&wgpu::DeviceDescriptor::default())
        .await
        .map_err(|why| (503, why.to_string()))?;
    *device = Some(made.clone());
    Ok(made)
}

/// The text of a query: `%20` and `+` are spaces.
fn unescape(query: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(query.len());
    let mut rest = query.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let code = digit(rest.next())? * 16 + digit(rest.next())?;
                u8::try_from(code).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn respond(status: u16, kind: &str, body: Vec<u8>) -> Result<Response, ErrorCode> {
    let internal = |what: &str| ErrorCode::InternalError(Some(what.to_owned()));
    let headers = Fields::new();
    headers
        .append("content-type", kind.as_bytes())
        .map_err(|_| internal("the content type was refused"))?;
    let (mut writer, stream) = wit_stream::new();
    spawn_local(async move {
        writer.write_all(body).await;
    });
    // Dropping the writer sends what the closure makes: no trailers.
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(headers, Some(stream), trailers);
    response
        .set_status_code(status)
        .map_err(|()| internal("the status was refused"))?;
    Ok(response)
}

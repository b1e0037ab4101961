//! Pictures go in, and come out as a GPU has drawn on them.
//!
//! - `/` is a page to try it from
//! - `POST /blur?radius=8`, `POST /edges?threshold=0.02&colour=picture` and `POST /ink?spacing=5&line=1&ink=black` take a PNG
//!   or JPEG file and answer with a PNG file
//! - `/sample.png` is a picture to begin with
//! - `/adapter` says what does the work

mod bindings {
    wit_bindgen::generate!({
        world: "wasi:webgpu/imports",
        path: "../../wit/wasi-webgpu-0.3",
    });
}
mod answer;
mod band;
mod decode;
mod encode;
mod gpu;
mod kernel;
mod options;
mod sample;
mod upload;

use answer::{Answer, Refusal};
use band::Work;
use encode::Rows;
use gpu::Gpu;
use options::Filter;
use wasip3::http::types::{ErrorCode, Method, Request, Response};
use wasip3::wit_bindgen::StreamWriter;

wasip3::http::service::export!(Image);

struct Image;

impl wasip3::exports::http::handler::Guest for Image {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let answer = route(request).await;
        answer.unwrap_or_else(Refusal::answer)
    }
}

async fn route(request: Request) -> Result<Answer, Refusal> {
    let target = request.get_path_with_query().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let method = request.get_method();
    if let Some(filter) = Filter::of(path, query) {
        if !matches!(method, Method::Post) {
            return Err(Refusal::method("POST"));
        }
        return filtered(filter?, request).await;
    }
    if !["/", "/sample.png", "/adapter"].contains(&path) {
        return Err(Refusal::unknown(
            "there is nothing here; POST a PNG or JPEG file to /blur, /edges or /ink, or look at /",
        ));
    }
    if !matches!(method, Method::Get | Method::Head) {
        return Err(Refusal::method("GET, HEAD"));
    }
    Ok(match path {
        "/" => answer::text(
            "text/html; charset=utf-8",
            include_str!("page.html").to_owned(),
        ),
        "/sample.png" => answer::picture("max-age=3600", sample::write),
        _ => {
            let gpu = Gpu::warm().await.map_err(Refusal::gpu)?;
            answer::text("text/plain; charset=utf-8", format!("{}\n", gpu.adapter()))
        }
    })
}

/// The head goes out when the first band is computed: until then, whatever fails has a status of its own.
async fn filtered(filter: Filter, request: Request) -> Result<Answer, Refusal> {
    let picture = decode::decode(&upload::read(request).await?)?;
    let gpu = Gpu::warm().await.map_err(Refusal::gpu)?;
    let work = Work::new(&gpu, &filter, &picture).map_err(Refusal::picture)?;
    let band = work.band(0).await.map_err(|why| {
        Gpu::forget();
        Refusal::gpu(why)
    })?;
    drop(work);
    Ok(answer::picture("no-store", async move |body| {
        let work = Work::new(&gpu, &filter, &picture)?;
        let sent = send(&work, picture.width, picture.height, band, body).await;
        sent.inspect_err(|_| Gpu::forget())
    }))
}

/// Sends one band while the next one is computed.
async fn send(
    work: &Work<'_>,
    width: u32,
    height: u32,
    first: Vec<u8>,
    body: &mut StreamWriter<u8>,
) -> Result<(), String> {
    let mut rows = Rows::new(width, height)?;
    let mut band = first;
    let mut bands = work.bands().skip(1);
    loop {
        let next = async {
            match bands.next() {
                Some(next) => work.band(next).await.map(Some),
                None => Ok(None),
            }
        };
        let sending = async {
            let unsent = body.write_all(rows.add(&band)?).await;
            Ok::<_, String>(unsent.is_empty())
        };
        // The one that is named first begins first: the GPU computes while the CPU encodes.
        let (next, sent) = futures::join!(next, sending);
        if !sent? {
            return Ok(()); // The client has gone.
        }
        match next? {
            Some(next) => band = next,
            None => break,
        }
    }
    body.write_all(rows.end()?).await;
    Ok(())
}

//! A `wasi:http/handler@0.3` that does to `wasi:webgpu@0.3` what a host must survive, one route for each attack.
//!
//! - `/ok`: behaves: 1 to 64, doubled by a shader
//! - programs, see `shaders.rs`: `/endless-shader`, `/bad-wgsl`, `/compile-storm?N`, `/indirect-garbage`, `/out-of-bounds`,
//!   `/uninitialised`, `/many-submissions?N`
//! - objects, see `objects.rs`: `/allocate-all`, `/handles`, `/foreign-buffer`, `/use-after-destroy`, `/many-devices`,
//!   `/scopes`, `/long-labels`, `/query-sets`
//! - numbers, see `numbers.rs`: `/nan-numbers`
//! - ends, see `ends.rs`: `/trap-while-mapped`, `/trap-while-waiting`, `/destroy-device`
//!
//! What an attack came to is the answer. Where the device is to outlive it, it computes once more before that is told.

mod ends;
mod kit;
mod numbers;
mod objects;
mod shaders;

use wasip3::http::types::{ErrorCode, Request, Response};
use weft_guests::{answer_p3, number, split_target};

use kit::Gpu;

wit_bindgen::generate!({
    world: "wasi:webgpu/imports",
    path: "../wit/wasi-webgpu-0.3",
});

wasip3::http::service::export!(Hostile);

struct Hostile;

impl wasip3::exports::http::handler::Guest for Hostile {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        Ok(match told(route, number(query, 0) as u32).await {
            Ok(text) => answer_p3::text(200, text),
            Err(text) => answer_p3::text(500, text),
        })
    }
}

async fn told(route: &str, count: u32) -> Result<String, String> {
    let gpu = Gpu::new().await?;
    let text = match route {
        "/ok" => return gpu.doubled().await,
        "/endless-shader" => return shaders::endless(&gpu).await,
        "/bad-wgsl" => shaders::bad(&gpu).await,
        "/compile-storm" => shaders::storm(&gpu, count).await?,
        "/indirect-garbage" => shaders::indirect(&gpu).await?,
        "/out-of-bounds" => shaders::out_of_bounds(&gpu).await?,
        "/uninitialised" => shaders::uninitialised(&gpu).await?,
        "/many-submissions" => shaders::submissions(&gpu, count).await?,
        "/allocate-all" => objects::allocate(&gpu).await?,
        "/handles" => objects::handles(&gpu),
        "/foreign-buffer" => objects::foreign(&gpu).await?,
        "/use-after-destroy" => objects::destroyed(&gpu).await?,
        "/many-devices" => objects::devices(&gpu).await?,
        "/scopes" => objects::scopes(&gpu).await,
        "/long-labels" => objects::labels(&gpu).await,
        "/query-sets" => objects::query_sets(&gpu).await,
        "/nan-numbers" => numbers::all(&gpu).await?,
        "/trap-while-mapped" => ends::mapped(&gpu).await?,
        "/trap-while-waiting" => ends::waiting(&gpu).await?,
        "/destroy-device" => return ends::destroyed(&gpu).await,
        _ => return Err("no such route".into()),
    };
    match gpu.doubled().await? == kit::expected() {
        true => Ok(text),
        false => Err(format!("{text}, and then the device computed wrongly")),
    }
}

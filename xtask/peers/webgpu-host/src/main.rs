//! Commands on wasmtime with the WebGPU of the crate wasi-webgpu-wasmtime: how a host does without turns, quotas and a poller
//! of its own.
//!
//! `webgpu-host-peer FILE SECONDS ROLE..` runs the component once for each role, all at the same time in one process, with the
//! variables `ROLE` and `SECONDS`.

use std::sync::Arc;

use wasi_webgpu_wasmtime::reexports::{wgpu_core, wgpu_types};
use wasi_webgpu_wasmtime::{WasiWebGpuCtx, WasiWebGpuCtxView, WasiWebGpuOptions};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Result, Store};
use wasmtime_wasi::p3::bindings::Command;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    gpu: Arc<wgpu_core::global::Global>,
    options: WasiWebGpuOptions,
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiWebGpuCtxView for Guest {
    fn webgpu_ctx(&mut self) -> WasiWebGpuCtx<'_> {
        WasiWebGpuCtx {
            instance: &self.gpu,
            table: &mut self.table,
            options: &self.options,
        }
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(seconds)) = (arguments.next(), arguments.next()) else {
        return Err(wasmtime::Error::msg(
            "usage: webgpu-host-peer FILE SECONDS ROLE..",
        ));
    };
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    let engine = Engine::new(&config)?;
    let component = Component::from_file(&engine, &file)?;
    let mut linker = Linker::<Guest>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasi_webgpu_wasmtime::add_to_linker(&mut linker)?;
    let gpu = Arc::new(wgpu_core::global::Global::new(
        "peer",
        wgpu_types::InstanceDescriptor {
            backends: wgpu_types::Backends::VULKAN,
            ..wgpu_types::InstanceDescriptor::new_without_display_handle()
        },
        None,
    ));
    let runtime = tokio::runtime::Runtime::new()?;
    let running: Vec<_> = arguments
        .map(|role| {
            let mut wasi = WasiCtx::builder();
            wasi.inherit_stdio()
                .env("ROLE", &role)
                .env("SECONDS", &seconds);
            let guest = Guest {
                wasi: wasi.build(),
                table: ResourceTable::default(),
                gpu: Arc::clone(&gpu),
                options: WasiWebGpuOptions::default(),
            };
            let (engine, component, linker) = (engine.clone(), component.clone(), linker.clone());
            runtime.spawn(async move {
                let mut store = Store::new(&engine, guest);
                let command = Command::instantiate_async(&mut store, &component, &linker).await?;
                let ended = store
                    .run_concurrent(async move |store| command.wasi_cli_run().call_run(store).await)
                    .await??;
                ended.map_err(|()| wasmtime::Error::msg(format!("{role} failed")))
            })
        })
        .collect();
    for ended in running {
        runtime.block_on(ended)??;
    }
    // Drivers of software adapters are slow to say goodbye.
    std::process::exit(0)
}

//! `cargo xtask bench gpu-neighbours`: a command (`wasi:cli/run@0.3`) that uses a GPU for `SECONDS`, as `ROLE` says.
//!
//! - `kernels`: one long kernel after the other
//! - `calls`: small kernels; the time from each submission to its mapped result, in the end the median and the 99th
//!   percentile in microseconds

use std::time::{Duration, Instant};

wit_bindgen::generate!({
    world: "wasi:webgpu/imports",
    path: "../wit/wasi-webgpu-0.3",
});
use wasi::webgpu::webgpu::*;

wasip3::cli::command::export!(Command);

struct Command;

/// Mesa's software adapter ends a thread after 65,535 rounds of its loops, so a long kernel has many workgroups.
const SHADER: &str = "
    @group(0) @binding(0) var<storage, read_write> count: atomic<u32>;
    @compute @workgroup_size(1) fn main() {
        for (var i = 0u; i < 50000u; i++) { atomicAdd(&count, 1u); }
    }";

/// The same with nothing to do.
const SMALL: &str = "
    @group(0) @binding(0) var<storage, read_write> count: atomic<u32>;
    @compute @workgroup_size(1) fn main() { atomicAdd(&count, 1u); }";

/// How long a long kernel should be.
const LONG: Duration = Duration::from_secs(1);

impl wasip3::exports::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let variable = |name| std::env::var(name).unwrap_or_default();
        let seconds = variable("SECONDS").parse().unwrap_or(5.0);
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        let done = match &*variable("ROLE") {
            "kernels" => kernels(until).await,
            _ => calls(until).await,
        };
        done.map_err(|why| eprintln!("{why}"))
    }
}

async fn kernels(until: Instant) -> Result<(), String> {
    let gpu = Gpu::new(SHADER).await?;
    // A short one tells how many make a long one.
    let groups = 64;
    let one = gpu.ran(groups).await?;
    let scale = LONG.as_secs_f64() / one.as_secs_f64();
    let groups = ((f64::from(groups) * scale) as u32).clamp(64, 60_000);
    println!("kernels of {groups} workgroups");
    while Instant::now() < until {
        gpu.ran(groups).await?;
    }
    Ok(())
}

async fn calls(until: Instant) -> Result<(), String> {
    let gpu = Gpu::new(SMALL).await?;
    let mut times = Vec::new();
    while Instant::now() < until {
        times.push(gpu.ran(1).await?.as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let percentile = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    println!(
        "calls={} p50={:.1} p99={:.1}",
        times.len(),
        percentile(0.5),
        percentile(0.99)
    );
    Ok(())
}

struct Gpu {
    device: GpuDevice,
    pipeline: GpuComputePipeline,
    buffer: GpuBuffer,
    result: GpuBuffer,
}

impl Gpu {
    async fn new(code: &str) -> Result<Self, String> {
        let adapter = get_gpu().request_adapter(None).await;
        let adapter = adapter.ok_or("there is no adapter")?;
        let device = adapter.request_device(None).await;
        let device = device.map_err(|error| error.message)?;
        let module = device.create_shader_module(&GpuShaderModuleDescriptor {
            code: code.to_owned(),
            compilation_hints: None,
            label: None,
        });
        let pipeline = device.create_compute_pipeline(GpuComputePipelineDescriptor {
            compute: GpuProgrammableStage {
                module: &module,
                entry_point: Some("main".to_owned()),
                constants: None,
            },
            layout: GpuLayoutMode::Auto,
            label: None,
        });
        let buffer = |usage| {
            device.create_buffer(&GpuBufferDescriptor {
                size: 4,
                usage,
                mapped_at_creation: None,
                label: None,
            })
        };
        Ok(Self {
            buffer: buffer(GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC),
            result: buffer(GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST),
            pipeline,
            device,
        })
    }

    /// From the submission of so many workgroups to their mapped result.
    async fn ran(&self, groups: u32) -> Result<Duration, String> {
        let group = self.device.create_bind_group(&GpuBindGroupDescriptor {
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: vec![GpuBindGroupEntry {
                binding: 0,
                resource: GpuBindingResource::GpuBuffer(&self.buffer),
            }],
            label: None,
        });
        let encoder = self.device.create_command_encoder(None);
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, Some(&group), None, None, None)
            .map_err(|error| error.message)?;
        pass.dispatch_workgroups(groups, None, None);
        pass.end();
        encoder.copy_buffer_to_buffer(&self.buffer, None, &self.result, None, Some(4));
        let commands = encoder.finish(None);
        let start = Instant::now();
        self.device.queue().submit(&[&commands]);
        let mapped = self.result.map_async(GpuMapMode::READ, None, None).await;
        mapped.map_err(|error| error.message)?;
        let took = start.elapsed();
        let _ = self.result.unmap();
        Ok(took)
    }
}

//! Option prices by Monte Carlo on a GPU, written for wgpu: the service is this with wgpu-weft, `xtask/peers/gpu-options`
//! is this with the machine's own driver.

mod batch;
mod download;
mod sums;

use std::time::{Duration, Instant};

use batch::Batches;
use download::{Failures, download};
use gpu_options_protocol::{Ask, Quote};
use sums::{SUMS, Sums};
use wgpu::util::DeviceExt;

/// Threads of a workgroup, as the shader says.
const THREADS: u32 = 64;
/// Steps of one thread, about: enough to be worth starting it.
const STEPS_OF_THREAD: u32 = 4096;
/// What a submission should take: short beside the deadline of a host, long beside the way there and back.
const PLEASANT: std::ops::Range<Duration> = Duration::from_millis(25)..Duration::from_millis(100);

/// A device with the shaders compiled, for as many prices as one likes.
pub struct Pricer {
    device: wgpu::Device,
    queue: wgpu::Queue,
    simulate: wgpu::ComputePipeline,
    raw: wgpu::ComputePipeline,
    failures: Failures,
}

impl Pricer {
    /// Compiles the shaders.
    #[must_use]
    pub fn new(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let failures = Failures::of(&device);
        let pipeline = |name: &str, code: &str| {
            let source = format!("{}{code}", include_str!("philox.wgsl"));
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(name),
                source: wgpu::ShaderSource::Wgsl(source.into()),
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(name),
                layout: None,
                module: &module,
                entry_point: Some(name),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        };
        Self {
            simulate: pipeline("simulate", include_str!("paths.wgsl")),
            raw: pipeline("raw", include_str!("raw.wgsl")),
            device,
            queue,
            failures,
        }
    }

    /// What computes.
    #[must_use]
    pub fn adapter(&self) -> String {
        let info = self.device.adapter_info();
        let kind = match info.device_type {
            wgpu::DeviceType::Cpu => "software",
            _ => "hardware",
        };
        format!("{kind} adapter, {}", info.name)
    }

    /// The price, and how it changes. The same question has the same answer on the same machine.
    ///
    /// # Errors
    /// Everything that is wrong with the question, or what went wrong on the GPU.
    pub async fn price(&self, ask: &Ask) -> Result<Quote, String> {
        let problems = ask.problems();
        if !problems.is_empty() {
            return Err(problems.join("; "));
        }
        let start = Instant::now();
        let mut sums = Sums::default();
        let mut batches = Batches::new(ask);
        while let Some(batch) = batches.next() {
            let begun = Instant::now();
            let bytes = self.simulate(&batch.params(ask), batch.groups).await?;
            sums.add(bytemuck::cast_slice(&bytes));
            batches.took(begun.elapsed());
        }
        Ok(Quote {
            estimates: sums.estimates(ask.paths),
            paths: ask.paths,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    async fn simulate(&self, params: &batch::Params, groups: u32) -> Result<Vec<u8>, String> {
        let uniform = self.filled(bytemuck::bytes_of(params), wgpu::BufferUsages::UNIFORM);
        let sums = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("sums"),
            size: u64::from(groups) * SUMS as u64 * 4,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        self.run(&self.simulate, &[&uniform, &sums], groups, &sums)
            .await
    }

    /// The numbers of the generator itself.
    ///
    /// # Errors
    /// What went wrong on the GPU.
    pub async fn philox(&self, counter: [u32; 4], key: [u32; 2]) -> Result<[u32; 4], String> {
        let mut words = [0; 6];
        words[..4].copy_from_slice(&counter);
        words[4..].copy_from_slice(&key);
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        let words = self.filled(bytemuck::cast_slice(&words), usage);
        let bytes = self.run(&self.raw, &[&words], 1, &words).await?;
        let numbers: Vec<u32> = bytemuck::pod_collect_to_vec(&bytes);
        Ok([numbers[0], numbers[1], numbers[2], numbers[3]])
    }

    fn filled(&self, contents: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
        self.device
            .create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: None,
                contents,
                usage,
            })
    }

    /// One dispatch, and what a buffer holds after it.
    async fn run(
        &self,
        pipeline: &wgpu::ComputePipeline,
        buffers: &[&wgpu::Buffer],
        groups: u32,
        result: &wgpu::Buffer,
    ) -> Result<Vec<u8>, String> {
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let mut encoder = self
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &group, &[]);
            pass.dispatch_workgroups(groups, 1, 1);
        }
        let bytes = download(&self.device, &self.queue, encoder, result).await;
        self.failures.first().map_or(bytes, Err)
    }
}

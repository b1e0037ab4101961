//! Whether an adapter computes: a small dispatch whose result is compared with the CPU's. A driver that is installed and
//! lists an adapter may still fail, or hang, at the first real work.

use std::borrow::Cow;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use wgpu_core::binding_model::{
    BindGroupDescriptor, BindGroupEntry, BindingResource, BufferBinding,
};
use wgpu_core::command::ComputePassDescriptor;
use wgpu_core::device::HostMap;
use wgpu_core::global::Global;
use wgpu_core::id::{AdapterId, BufferId, DeviceId, QueueId};
use wgpu_core::pipeline::{
    ComputePipelineDescriptor, ProgrammableStageDescriptor, ShaderModuleDescriptor,
    ShaderModuleSource,
};
use wgpu_core::resource::BufferMapOperation;
use wgpu_types as wgt;

use super::adapter::{Code, Health, Problem};
use super::inventory::Backend;
use super::vulkan;
use super::within::{NoAnswer, Pending, begin};

/// Values that are computed.
const VALUES: u32 = 256;
/// Their bytes.
const BYTES: u64 = 4 * VALUES as u64;
/// What is done to each value: loops, memory and integers are what a broken compiler breaks first.
const SHADER: &str = "
@group(0) @binding(0) var<storage, read_write> values: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    var value = values[at.x];
    for (var round = 0u; round < 16u; round++) {
        value = (value ^ (value >> 7u)) * 2654435761u + at.x;
    }
    values[at.x] = value;
}";

/// What the shader makes of the value at this place, which begins as the place.
fn expected(at: u32) -> u32 {
    (0..16).fold(at, |value, _| {
        (value ^ (value >> 7))
            .wrapping_mul(2_654_435_761)
            .wrapping_add(at)
    })
}

/// A self-test that runs.
pub(super) struct Running(Pending<Result<(), String>>);

/// Begins the self-test of the adapter with this number, which is to be this one.
pub(super) fn start(backend: Backend, number: usize, info: &wgt::AdapterInfo) -> Running {
    let info = info.clone();
    let call = move || test(backend, number, &info);
    Running(begin("weft-gpu-selftest", call))
}

impl Running {
    /// Its outcome, or that there is none by then, which is this long after its start.
    pub(super) fn until(self, end: Instant, patience: Duration) -> Health {
        let rest = end.saturating_duration_since(Instant::now());
        health(self.0.within(rest), patience)
    }
}

fn health(answer: Result<Result<(), String>, NoAnswer>, patience: Duration) -> Health {
    let remedy = "run `vulkaninfo --summary` and look in the kernel's log; a newer driver, or a restart of the machine, helps";
    let seconds = patience.as_secs();
    Health::Unusable(match answer {
        Ok(Ok(())) => return Health::Healthy,
        Ok(Err(reason)) => Problem::new(Code::SelfTestFailed, reason, remedy),
        Err(NoAnswer::Late) => Problem::new(
            Code::NoAnswer,
            format!("did not answer within {seconds} s"),
            "look for errors of the GPU in the kernel's log (`Xid`, `GPU reset`); end what uses it, or restart the machine",
        ),
        Err(NoAnswer::Gone) => {
            Problem::new(Code::SelfTestFailed, "the self-test broke off", remedy)
        }
    })
}

fn test(backend: Backend, number: usize, info: &wgt::AdapterInfo) -> Result<(), String> {
    let (global, adapters) = vulkan::global(backend);
    let adapter = *adapters
        .get(number)
        .filter(|adapter| global.adapter_get_info(**adapter) == *info)
        .ok_or("the driver does not show it any more")?;
    let bench = Bench::new(&global, adapter)?;
    let outcome = match backend {
        Backend::Vulkan => bench.compute(),
        // No shader runs there: that buffers are copied is all there is to see.
        Backend::Noop => bench.copy(),
    };
    bench.close();
    outcome
}

/// A device, a buffer to compute in, and one to read from. What it makes goes with its `Global`.
struct Bench<'a> {
    global: &'a Global,
    device: DeviceId,
    queue: QueueId,
    work: BufferId,
    back: BufferId,
}

impl<'a> Bench<'a> {
    fn new(global: &'a Global, adapter: AdapterId) -> Result<Self, String> {
        let limits = wgt::Limits::downlevel_defaults();
        let descriptor = wgt::DeviceDescriptor {
            label: None,
            required_features: wgt::Features::empty(),
            required_limits: limits.or_worse_values_from(&global.adapter_limits(adapter)),
            experimental_features: wgt::ExperimentalFeatures::disabled(),
            memory_hints: wgt::MemoryHints::MemoryUsage,
            trace: wgt::Trace::Off,
        };
        let (device, queue) = global
            .adapter_request_device(adapter, &descriptor, None, None)
            .map_err(|error| format!("it gives no device: {error}"))?;
        let buffer = |usage| {
            let descriptor = wgt::BufferDescriptor {
                label: None,
                size: BYTES,
                usage,
                mapped_at_creation: false,
            };
            let (buffer, error) = global.device_create_buffer(device, &descriptor, None);
            failed(error, "it makes no buffer").map(|()| buffer)
        };
        let work = buffer(
            wgt::BufferUsages::STORAGE | wgt::BufferUsages::COPY_DST | wgt::BufferUsages::COPY_SRC,
        )?;
        let back = buffer(wgt::BufferUsages::MAP_READ | wgt::BufferUsages::COPY_DST)?;
        let values: Vec<u8> = (0..VALUES).flat_map(u32::to_le_bytes).collect();
        global
            .queue_write_buffer(queue, work, 0, &values)
            .map_err(|error| format!("it takes no data: {error}"))?;
        Ok(Self {
            global,
            device,
            queue,
            work,
            back,
        })
    }

    /// Computes, and compares the values with the CPU's.
    fn compute(&self) -> Result<(), String> {
        let (global, device) = (self.global, self.device);
        let (module, error) = global.device_create_shader_module(
            device,
            &ShaderModuleDescriptor {
                label: None,
                runtime_checks: wgt::ShaderRuntimeChecks::checked(),
            },
            ShaderModuleSource::Wgsl(Cow::Borrowed(SHADER)),
            None,
        );
        failed(error, "it takes no shader")?;
        let (pipeline, error) = global.device_create_compute_pipeline(
            device,
            &ComputePipelineDescriptor {
                label: None,
                layout: None,
                stage: ProgrammableStageDescriptor {
                    module,
                    entry_point: None,
                    constants: Default::default(),
                    zero_initialize_workgroup_memory: true,
                },
                cache: None,
            },
            None,
        );
        failed(error, "it makes no pipeline")?;
        let (layout, error) = global.compute_pipeline_get_bind_group_layout(pipeline, 0, None);
        failed(error, "it makes no layout")?;
        let whole = BindGroupEntry {
            binding: 0,
            resource: BindingResource::Buffer(BufferBinding {
                buffer: self.work,
                offset: 0,
                size: None,
            }),
        };
        let (group, error) = global.device_create_bind_group(
            device,
            &BindGroupDescriptor {
                label: None,
                layout,
                entries: Cow::Borrowed(&[whole]),
            },
            None,
        );
        failed(error, "it makes no bind group")?;
        let values = self.submit(|encoder| {
            let descriptor = ComputePassDescriptor {
                label: None,
                timestamp_writes: None,
            };
            let (mut pass, error) = global.command_encoder_begin_compute_pass(encoder, &descriptor);
            failed(error, "it begins no pass")?;
            let recorded = global
                .compute_pass_set_pipeline(&mut pass, pipeline)
                .and_then(|()| global.compute_pass_set_bind_group(&mut pass, 0, Some(group), &[]))
                .and_then(|()| {
                    global.compute_pass_dispatch_workgroups(&mut pass, VALUES / 64, 1, 1)
                });
            failed(recorded.err(), "it records no dispatch")?;
            failed(global.compute_pass_end(&mut pass).err(), "it ends no pass")
        })?;
        check(&values, expected)
    }

    /// Copies from buffer to buffer.
    fn copy(&self) -> Result<(), String> {
        let values = self.submit(|_| Ok(()))?;
        check(&values, |at| at)
    }

    /// Records, submits, and reads what is then in the buffer.
    fn submit(
        &self,
        record: impl FnOnce(wgpu_core::id::CommandEncoderId) -> Result<(), String>,
    ) -> Result<Vec<u8>, String> {
        let global = self.global;
        let (encoder, error) =
            global.device_create_command_encoder(self.device, &Default::default(), None);
        failed(error, "it makes no encoder")?;
        record(encoder)?;
        global
            .command_encoder_copy_buffer_to_buffer(encoder, self.work, 0, self.back, 0, Some(BYTES))
            .map_err(|error| format!("it copies no buffer: {error}"))?;
        let (commands, error) = global.command_encoder_finish(encoder, &Default::default(), None);
        failed(error.map(|(_, error)| error), "it takes no commands")?;
        global
            .queue_submit(self.queue, &[commands])
            .map_err(|(_, error)| format!("it takes no submission: {error}"))?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let operation = BufferMapOperation {
            host: HostMap::Read,
            callback: Some(Box::new(move |outcome| {
                let _ = sender.send(outcome);
            })),
        };
        global
            .buffer_map_async(self.back, 0, Some(BYTES), operation)
            .map_err(|error| format!("it maps no buffer: {error}"))?;
        global
            .device_poll(self.device, wgt::PollType::wait_indefinitely())
            .map_err(|error| format!("the device was lost: {error}"))?;
        receiver
            .try_recv()
            .map_err(|_| "it maps no buffer")?
            .map_err(|error| format!("it maps no buffer: {error}"))?;
        self.mapped()
    }

    #[expect(unsafe_code, reason = "wgpu-core hands out mapped memory as a pointer")]
    fn mapped(&self) -> Result<Vec<u8>, String> {
        let (start, length) = self
            .global
            .buffer_get_mapped_range(self.back, 0, Some(BYTES))
            .map_err(|error| format!("it shows no mapped memory: {error}"))?;
        let length = usize::try_from(length.min(BYTES)).unwrap_or(0);
        // SAFETY: the buffer is mapped for reading, this many bytes long, and is neither unmapped nor dropped meanwhile.
        Ok(unsafe { std::slice::from_raw_parts(start.as_ptr(), length) }.to_vec())
    }

    fn close(&self) {
        self.global.device_destroy(self.device);
        self.global.buffer_drop(self.work);
        self.global.buffer_drop(self.back);
        self.global.queue_drop(self.queue);
        self.global.device_drop(self.device);
    }
}

fn failed(error: Option<impl std::fmt::Display>, what: &str) -> Result<(), String> {
    error.map_or(Ok(()), |error| Err(format!("{what}: {error}")))
}

fn check(bytes: &[u8], expected: impl Fn(u32) -> u32) -> Result<(), String> {
    let (words, _) = bytes.as_chunks::<4>();
    let wrong = (0..VALUES)
        .filter(|&at| {
            let value = words.get(at as usize).map(|word| u32::from_le_bytes(*word));
            value != Some(expected(at))
        })
        .count();
    match wrong {
        0 => Ok(()),
        wrong => Err(format!(
            "it computes wrongly: {wrong} of {VALUES} values of the self-test are not what they should be"
        )),
    }
}

#[cfg(test)]
mod tests;

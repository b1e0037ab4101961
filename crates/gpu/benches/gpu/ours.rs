//! The same through the objects of this crate: accounts, quotas, timeline, gate.

use std::sync::Arc;

use weft_gpu::gate::Gate;
use weft_gpu::lease::{self, Lease};
use weft_gpu::ledger::{Account, Caps};
use weft_gpu::objects::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource, Buffer, CommandBuffer,
    CommandEncoderDescriptor, ComputePassDescriptor, ComputePipeline, ComputePipelineDescriptor,
    Device, ProgrammableStage, ShaderModuleDescriptor,
};
use weft_gpu::quota::Quota;
use wgpu_core::device::HostMap;
use wgpu_types as wgt;

pub(crate) struct Ours {
    pub(crate) device: Device,
    pipeline: ComputePipeline,
    group: BindGroup,
    work: Buffer,
    back: Buffer,
}

/// Workloads of one adapter, each of a tenant of its own; the first is the account of the adapter.
pub(crate) fn leases<const N: usize>(quotas: [Quota; N]) -> (Arc<Account>, [Arc<Lease>; N]) {
    let adapter = Account::new("the adapter", Caps::NONE, None);
    let gate = Gate::start("bench").expect("a thread");
    let leases = quotas.map(|quota| lease(quota, &adapter, &gate));
    (adapter, leases)
}

pub(crate) fn lease(quota: Quota, adapter: &Arc<Account>, gate: &Arc<Gate>) -> Arc<Lease> {
    let tenant = Account::new("a tenant", Caps::NONE, Some(Arc::clone(adapter)));
    let account = Account::limited("a workload", quota.caps(), quota.gpu_time, Some(tenant));
    Lease::new(lease::Device::Vulkan(0), quota, account, Arc::clone(gate)).expect("an adapter")
}

pub(crate) fn device(lease: &Arc<Lease>) -> Device {
    let limits = wgt::Limits::default().or_worse_values_from(lease.limits());
    Device::request(lease, wgt::Features::empty(), limits).expect("a device")
}

impl Ours {
    pub(crate) async fn new(lease: &Arc<Lease>, code: &str, bytes: u64) -> Self {
        let device = device(lease);
        let buffer = |usage| {
            device.create_buffer(&wgt::BufferDescriptor {
                label: None,
                size: bytes,
                usage,
                mapped_at_creation: false,
            })
        };
        let work = buffer(
            wgt::BufferUsages::STORAGE | wgt::BufferUsages::COPY_DST | wgt::BufferUsages::COPY_SRC,
        );
        let back = buffer(wgt::BufferUsages::MAP_READ | wgt::BufferUsages::COPY_DST);
        let module = device.create_shader_module(ShaderModuleDescriptor {
            label: None,
            code: code.to_owned(),
        });
        let pipeline = device.create_compute_pipeline_async(ComputePipelineDescriptor {
            label: None,
            layout: None,
            compute: ProgrammableStage {
                module,
                entry_point: None,
                constants: Vec::new(),
            },
        });
        let pipeline = pipeline.await.expect("it compiles");
        let group = device.create_bind_group(&BindGroupDescriptor {
            label: None,
            layout: pipeline.get_bind_group_layout(0),
            entries: vec![BindGroupEntry {
                binding: 0,
                resource: BindingResource::Buffer {
                    buffer: work.clone(),
                    offset: 0,
                    size: None,
                },
            }],
        });
        Self {
            device,
            pipeline,
            group,
            work,
            back,
        }
    }

    pub(crate) fn commands(&self, dispatches: u32, groups: u32) -> CommandBuffer {
        let encoder = self
            .device
            .create_command_encoder(&CommandEncoderDescriptor::default());
        let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
        pass.set_pipeline(&self.pipeline);
        for _ in 0..dispatches {
            pass.set_bind_group(0, Some(&self.group), &[]);
            pass.dispatch_workgroups(groups, 1, 1);
        }
        pass.end();
        encoder.finish(&CommandEncoderDescriptor::default())
    }

    pub(crate) async fn run(&self, groups: u32) {
        let commands = self.commands(1, groups);
        let queue = self.device.queue();
        queue.submit_in_turn(&[commands]).await;
        queue.on_submitted_work_done().await;
    }

    pub(crate) async fn upload(&self, bytes: &[u8]) {
        let queue = self.device.queue();
        queue.write_buffer(&self.work, 0, bytes).expect("room");
        queue.submit_in_turn(&[]).await;
        queue.on_submitted_work_done().await;
    }

    pub(crate) async fn download(&self, size: u64) -> Vec<u8> {
        let encoder = self
            .device
            .create_command_encoder(&CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&self.work, 0, &self.back, 0, Some(size));
        let commands = encoder.finish(&CommandEncoderDescriptor::default());
        self.device.queue().submit_in_turn(&[commands]).await;
        let mapped = self.back.map_async(HostMap::Read, 0, Some(size)).await;
        mapped.expect("it is mapped");
        let bytes = self.back.read_mapped(0, Some(size), <[u8]>::to_vec);
        self.back.unmap();
        bytes.expect("it is mapped")
    }
}

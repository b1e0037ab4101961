//! The peer: wgpu-core, asked directly, with nobody in between.

use std::sync::mpsc;

use wgpu_core::binding_model::{
    BindGroupDescriptor, BindGroupEntry, BindingResource, BufferBinding,
};
use wgpu_core::command::ComputePassDescriptor;
use wgpu_core::device::HostMap;
use wgpu_core::global::Global;
use wgpu_core::id;
use wgpu_core::pipeline::{
    ComputePipelineDescriptor, ProgrammableStageDescriptor, ShaderModuleDescriptor,
    ShaderModuleSource,
};
use wgpu_core::resource::BufferMapOperation;
use wgpu_types as wgt;

pub(crate) struct Native {
    global: Global,
    device: id::DeviceId,
    queue: id::QueueId,
    pipeline: id::ComputePipelineId,
    group: id::BindGroupId,
    work: id::BufferId,
    back: id::BufferId,
}

impl Native {
    /// A device with this shader, and two buffers of so many bytes.
    pub(crate) fn new(code: &str, bytes: u64) -> Self {
        let mut instance = wgt::InstanceDescriptor::new_without_display_handle();
        instance.backends = wgt::Backends::VULKAN;
        // What weft has on, so that the difference is weft.
        instance.flags = wgt::InstanceFlags::VALIDATION_INDIRECT_CALL;
        let global = Global::new("bench", instance, None);
        let adapters = global.enumerate_adapters(wgt::Backends::VULKAN, false);
        let adapter = *adapters.first().expect("an adapter");
        let descriptor = wgt::DeviceDescriptor {
            label: None,
            required_features: wgt::Features::empty(),
            required_limits: wgt::Limits::default(),
            experimental_features: wgt::ExperimentalFeatures::disabled(),
            memory_hints: wgt::MemoryHints::MemoryUsage,
            trace: wgt::Trace::Off,
        };
        let (device, queue) = global
            .adapter_request_device(adapter, &descriptor, None, None)
            .expect("a device");
        let buffer = |usage| {
            let descriptor = wgt::BufferDescriptor {
                label: None,
                size: bytes,
                usage,
                mapped_at_creation: false,
            };
            global.device_create_buffer(device, &descriptor, None).0
        };
        let work = buffer(
            wgt::BufferUsages::STORAGE | wgt::BufferUsages::COPY_DST | wgt::BufferUsages::COPY_SRC,
        );
        let back = buffer(wgt::BufferUsages::MAP_READ | wgt::BufferUsages::COPY_DST);
        let module = ShaderModuleDescriptor {
            label: None,
            runtime_checks: wgt::ShaderRuntimeChecks::checked(),
        };
        let source = ShaderModuleSource::Wgsl(code.into());
        let (module, _) = global.device_create_shader_module(device, &module, source, None);
        let pipeline = ComputePipelineDescriptor {
            label: None,
            layout: None,
            stage: ProgrammableStageDescriptor {
                module,
                entry_point: None,
                constants: Default::default(),
                zero_initialize_workgroup_memory: true,
            },
            cache: None,
        };
        let (pipeline, error) = global.device_create_compute_pipeline(device, &pipeline, None);
        assert!(error.is_none(), "{error:?}");
        let (layout, _) = global.compute_pipeline_get_bind_group_layout(pipeline, 0, None);
        let whole = BindGroupEntry {
            binding: 0,
            resource: BindingResource::Buffer(BufferBinding {
                buffer: work,
                offset: 0,
                size: None,
            }),
        };
        let group = BindGroupDescriptor {
            label: None,
            layout,
            entries: vec![whole].into(),
        };
        let (group, error) = global.device_create_bind_group(device, &group, None);
        assert!(error.is_none(), "{error:?}");
        Self {
            global,
            device,
            queue,
            pipeline,
            group,
            work,
            back,
        }
    }

    /// Commands with so many dispatches, each after it was bound anew.
    pub(crate) fn commands(&self, dispatches: u32, groups: u32) -> id::CommandBufferId {
        let global = &self.global;
        let (encoder, _) =
            global.device_create_command_encoder(self.device, &Default::default(), None);
        let descriptor = ComputePassDescriptor {
            label: None,
            timestamp_writes: None,
        };
        let (mut pass, _) = global.command_encoder_begin_compute_pass(encoder, &descriptor);
        let recorded = global.compute_pass_set_pipeline(&mut pass, self.pipeline);
        recorded.expect("it is recorded");
        for _ in 0..dispatches {
            global
                .compute_pass_set_bind_group(&mut pass, 0, Some(self.group), &[])
                .and_then(|()| global.compute_pass_dispatch_workgroups(&mut pass, groups, 1, 1))
                .expect("it is recorded");
        }
        global.compute_pass_end(&mut pass).expect("it ends");
        let (commands, error) = global.command_encoder_finish(encoder, &Default::default(), None);
        assert!(error.is_none(), "{error:?}");
        commands
    }

    /// Gives up commands that were only recorded.
    pub(crate) fn forget(&self, commands: id::CommandBufferId) {
        self.global.command_buffer_drop(commands);
    }

    fn submit(&self, commands: &[id::CommandBufferId]) {
        let submitted = self.global.queue_submit(self.queue, commands);
        assert!(submitted.is_ok());
    }

    fn wait(&self) {
        let waited = wgt::PollType::wait_indefinitely();
        let waited = self.global.device_poll(self.device, waited);
        waited.expect("the device is there");
    }

    pub(crate) fn run(&self, groups: u32) {
        self.submit(&[self.commands(1, groups)]);
        self.wait();
    }

    pub(crate) fn upload(&self, bytes: &[u8]) {
        let written = self
            .global
            .queue_write_buffer(self.queue, self.work, 0, bytes);
        written.expect("it is written");
        self.submit(&[]);
        self.wait();
    }

    pub(crate) fn download(&self, size: u64) -> Vec<u8> {
        let global = &self.global;
        let (encoder, _) =
            global.device_create_command_encoder(self.device, &Default::default(), None);
        global
            .command_encoder_copy_buffer_to_buffer(encoder, self.work, 0, self.back, 0, Some(size))
            .expect("it is copied");
        let (commands, _) = global.command_encoder_finish(encoder, &Default::default(), None);
        self.submit(&[commands]);
        let (sender, receiver) = mpsc::sync_channel(1);
        let operation = BufferMapOperation {
            host: HostMap::Read,
            callback: Some(Box::new(move |outcome| {
                let _ = sender.send(outcome);
            })),
        };
        let mapped = global.buffer_map_async(self.back, 0, Some(size), operation);
        mapped.expect("it can be mapped");
        self.wait();
        receiver.recv().expect("an answer").expect("it is mapped");
        let (at, length) = global
            .buffer_get_mapped_range(self.back, 0, Some(size))
            .expect("it is mapped");
        let length = usize::try_from(length.min(size)).expect("it is in memory");
        let bytes = copied(at, length);
        global.buffer_unmap(self.back).expect("it was mapped");
        bytes
    }
}

#[expect(unsafe_code, reason = "wgpu-core gives mapped memory as a pointer")]
fn copied(at: std::ptr::NonNull<u8>, length: usize) -> Vec<u8> {
    // SAFETY: the buffer is mapped for reading, this many bytes long, and unmapped after this.
    unsafe { std::slice::from_raw_parts(at.as_ptr(), length) }.to_vec()
}

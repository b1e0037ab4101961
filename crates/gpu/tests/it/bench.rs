//! Words in buffers, shaders that compute with them, and what is in them afterwards.

use weft_gpu::error::ErrorKind;
use weft_gpu::objects::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource, Buffer, CommandBuffer,
    CommandEncoder, CommandEncoderDescriptor, ComputePass, ComputePassDescriptor, ComputePipeline,
    ComputePipelineDescriptor, Device, PipelineLayout, ProgrammableStage, ShaderModuleDescriptor,
};
use weft_gpu::quota::Quota;
use wgpu_core::device::HostMap;
use wgpu_types::{BufferDescriptor, BufferUsages};

use crate::support::{device, vulkan};

/// A device of the software adapter.
pub(crate) fn bench() -> Device {
    device(&vulkan(Quota::default()))
}

pub(crate) fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// A buffer of so many bytes.
pub(crate) fn empty(device: &Device, usage: BufferUsages, size: u64) -> Buffer {
    device.create_buffer(&BufferDescriptor {
        label: None,
        size,
        usage,
        mapped_at_creation: false,
    })
}

/// A buffer that shaders change, with these words; it can be copied from and to.
pub(crate) fn storage(device: &Device, words: &[u32]) -> Buffer {
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
    let buffer = empty(device, usage, 4 * words.len() as u64);
    device
        .queue()
        .write_buffer(&buffer, 0, &bytes(words))
        .unwrap();
    buffer
}

/// What is in a buffer when everything that was submitted is done.
pub(crate) async fn read(device: &Device, buffer: &Buffer) -> Vec<u8> {
    let usage = BufferUsages::COPY_DST | BufferUsages::MAP_READ;
    let back = empty(device, usage, buffer.size());
    submit(device, |encoder| {
        encoder.copy_buffer_to_buffer(buffer, 0, &back, 0, None);
    });
    back.map_async(HostMap::Read, 0, None).await.unwrap();
    back.read_mapped(0, None, <[u8]>::to_vec).unwrap()
}

pub(crate) async fn words(device: &Device, buffer: &Buffer) -> Vec<u32> {
    let bytes = read(device, buffer).await;
    let words = bytes.chunks_exact(4);
    words
        .map(|word| u32::from_ne_bytes(word.try_into().unwrap()))
        .collect()
}

pub(crate) fn recorded(device: &Device, record: impl FnOnce(&CommandEncoder)) -> CommandBuffer {
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    record(&encoder);
    encoder.finish(&CommandEncoderDescriptor::default())
}

pub(crate) fn submit(device: &Device, record: impl FnOnce(&CommandEncoder)) {
    let commands = recorded(device, record);
    device.queue().submit(&[commands]);
}

/// Submits a compute pass.
pub(crate) fn compute(device: &Device, record: impl FnOnce(&ComputePass)) {
    submit(device, |encoder| {
        let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
        record(&pass);
        pass.end();
    });
}

/// A pipeline of this code's only entry point; its layout is the shader's if there is no other.
pub(crate) fn pipeline(
    device: &Device,
    code: &str,
    layout: Option<PipelineLayout>,
) -> ComputePipeline {
    let module = device.create_shader_module(ShaderModuleDescriptor {
        label: None,
        code: code.to_owned(),
    });
    device.create_compute_pipeline(ComputePipelineDescriptor {
        label: None,
        layout,
        compute: ProgrammableStage {
            module,
            entry_point: None,
            constants: Vec::new(),
        },
    })
}

/// The first group of the pipeline, of all these in the order of their bindings.
pub(crate) fn group(
    device: &Device,
    pipeline: &ComputePipeline,
    resources: Vec<BindingResource>,
) -> BindGroup {
    device.create_bind_group(&BindGroupDescriptor {
        label: None,
        layout: pipeline.get_bind_group_layout(0),
        entries: (0..)
            .zip(resources)
            .map(|(binding, resource)| BindGroupEntry { binding, resource })
            .collect(),
    })
}

pub(crate) fn whole(buffer: &Buffer) -> BindingResource {
    BindingResource::Buffer {
        buffer: buffer.clone(),
        offset: 0,
        size: None,
    }
}

/// What the device says of this, after everything that was submitted; nothing if nothing is wrong.
pub(crate) async fn said(device: &Device, kind: ErrorKind, then: impl FnOnce()) -> Option<String> {
    device.errors().push_scope(kind);
    then();
    device.queue().on_submitted_work_done().await;
    let error = device.errors().pop_scope().unwrap();
    error.map(|error| error.message)
}

/// That the device has a validation error of this, with this word in it.
pub(crate) async fn refused(device: &Device, word: &str, then: impl FnOnce()) {
    let message = said(device, ErrorKind::Validation, then).await;
    let message = message.unwrap_or_else(|| panic!("nothing was said of {word:?}"));
    assert!(message.contains(word), "{message}");
}

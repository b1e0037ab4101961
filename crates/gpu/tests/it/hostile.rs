//! What ended the host or the guest elsewhere, each as its guest would do it: here it is an error of the device, or nothing.
//! After every one of them the device still computes, unless it was its end that was asked for.

use std::num::NonZeroU64;

use weft_gpu::error::{ErrorKind, LostReason};
use weft_gpu::objects::{
    BindGroupDescriptor, BindGroupEntry, BindGroupLayoutDescriptor, BindingResource, Buffer,
    CommandBuffer, CommandEncoderDescriptor, ComputePassDescriptor, ComputePipeline,
    ComputePipelineDescriptor, Device, PipelineLayoutDescriptor, ProgrammableStage,
    RenderPassDescriptor, ShaderModuleDescriptor,
};
use weft_gpu::quota::Quota;
use wgpu_core::device::HostMap;
use wgpu_types as wgt;
use wgpu_types::BufferUsages;

use crate::canvas::{Canvas, cleared, texture, view};
use crate::support::{device, lease, vulkan};

/// A device on which nothing runs: all of this is told before anything would.
fn idle() -> Device {
    device(&lease(Quota::default()))
}

fn buffer(device: &Device, usage: BufferUsages) -> Buffer {
    device.create_buffer(&wgt::BufferDescriptor {
        label: None,
        size: 256,
        usage,
        mapped_at_creation: false,
    })
}

fn layout(ty: wgt::BindingType) -> BindGroupLayoutDescriptor {
    BindGroupLayoutDescriptor {
        label: None,
        entries: vec![wgt::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgt::ShaderStages::COMPUTE,
            ty,
            count: None,
        }],
    }
}

fn storage(dynamic: bool, least: u64) -> wgt::BindingType {
    wgt::BindingType::Buffer {
        ty: wgt::BufferBindingType::Storage { read_only: false },
        has_dynamic_offset: dynamic,
        min_binding_size: NonZeroU64::new(least),
    }
}

/// A pipeline whose only buffer has a dynamic offset, and the group for it.
fn dynamic(device: &Device) -> (ComputePipeline, weft_gpu::objects::BindGroup) {
    let module = device.create_shader_module(ShaderModuleDescriptor {
        label: None,
        code: "@group(0) @binding(0) var<storage, read_write> a: array<u32>;
            @compute @workgroup_size(1) fn main() { a[0] += 1u; }"
            .to_owned(),
    });
    let layout = device.create_bind_group_layout(&layout(storage(true, 4)));
    let whole = device.create_pipeline_layout(&PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: vec![Some(layout.clone())],
        immediate_size: 0,
    });
    let pipeline = device.create_compute_pipeline(ComputePipelineDescriptor {
        label: None,
        layout: Some(whole),
        compute: ProgrammableStage {
            module,
            entry_point: None,
            constants: Vec::new(),
        },
    });
    let group = device.create_bind_group(&BindGroupDescriptor {
        label: None,
        layout,
        entries: vec![BindGroupEntry {
            binding: 0,
            resource: BindingResource::Buffer {
                buffer: buffer(device, BufferUsages::STORAGE),
                offset: 0,
                size: Some(4),
            },
        }],
    });
    (pipeline, group)
}

/// What the device says of this; nothing if nothing is wrong.
fn said(device: &Device, then: impl FnOnce()) -> Option<String> {
    device.errors().push_scope(ErrorKind::Validation);
    then();
    let error = device.errors().pop_scope().unwrap();
    error.map(|error| error.message)
}

/// That the device says something, and goes on.
fn refused(device: &Device, then: impl FnOnce()) {
    let message = said(device, then).expect("an error");
    assert!(!message.is_empty());
    assert!(device.errors().is_lost().is_none());
    assert_eq!(said(device, || drop(empty(device))), None, "it goes on");
}

fn empty(device: &Device) -> CommandBuffer {
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    encoder.finish(&CommandEncoderDescriptor::default())
}

#[test]
fn a_command_buffer_that_is_submitted_twice() {
    let device = idle();
    let commands = empty(&device);
    device.queue().submit(std::slice::from_ref(&commands));
    refused(&device, || device.queue().submit(&[commands]));
}

#[test]
fn commands_that_use_a_buffer_which_was_destroyed() {
    let device = idle();
    let (from, to) = (
        buffer(&device, BufferUsages::COPY_SRC),
        buffer(&device, BufferUsages::COPY_DST),
    );
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    encoder.copy_buffer_to_buffer(&from, 0, &to, 0, None);
    let commands = encoder.finish(&CommandEncoderDescriptor::default());
    from.destroy();
    refused(&device, || device.queue().submit(&[commands]));
}

#[tokio::test]
async fn commands_that_use_a_buffer_which_is_mapped() {
    let device = idle();
    let mapped = buffer(&device, BufferUsages::MAP_READ | BufferUsages::COPY_DST);
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    encoder.clear_buffer(&mapped, 0, None);
    let commands = encoder.finish(&CommandEncoderDescriptor::default());
    mapped.map_async(HostMap::Read, 0, None).await.unwrap();
    refused(&device, || device.queue().submit(&[commands]));
}

#[tokio::test]
async fn a_buffer_that_cannot_be_mapped_is_mapped_all_the_same() {
    let device = idle();
    let buffer = buffer(&device, BufferUsages::STORAGE);
    device.errors().push_scope(ErrorKind::Validation);
    assert!(buffer.map_async(HostMap::Read, 0, None).await.is_err());
    assert!(device.errors().pop_scope().unwrap().is_some());
}

#[tokio::test]
async fn a_buffer_is_mapped_twice() {
    let device = idle();
    let buffer = buffer(&device, BufferUsages::MAP_READ);
    buffer.map_async(HostMap::Read, 0, None).await.unwrap();
    assert!(buffer.map_async(HostMap::Read, 0, None).await.is_err());
    assert!(buffer.read_mapped(0, None, <[u8]>::len).is_ok());
}

#[tokio::test]
async fn odd_ranges_are_mapped_and_read() {
    let device = idle();
    let buffer = buffer(&device, BufferUsages::MAP_READ);
    for (start, size) in [
        (3, Some(4)),
        (0, Some(3)),
        (u64::MAX, Some(8)),
        (0, Some(u64::MAX)),
        (512, None),
    ] {
        assert!(
            buffer.map_async(HostMap::Read, start, size).await.is_err(),
            "{start} {size:?}"
        );
    }
    buffer.map_async(HostMap::Read, 8, Some(16)).await.unwrap();
    for (start, size) in [
        (0, Some(8)),
        (8, Some(24)),
        (u64::MAX - 7, Some(8)),
        (8, Some(u64::MAX)),
        (9, Some(4)),
    ] {
        assert!(
            buffer.read_mapped(start, size, <[u8]>::len).is_err(),
            "{start} {size:?}"
        );
    }
    assert_eq!(buffer.read_mapped(8, Some(16), <[u8]>::len), Ok(16));
}

#[test]
fn a_buffer_that_is_not_mapped_is_read_written_and_unmapped() {
    let device = idle();
    let buffer = buffer(&device, BufferUsages::MAP_WRITE);
    assert!(buffer.read_mapped(0, None, <[u8]>::len).is_err());
    assert!(buffer.write_mapped(0, Some(4), &[0; 4]).is_err());
    buffer.unmap();
    buffer.unmap();
}

#[test]
fn a_mapped_range_is_written_with_other_many_bytes() {
    let device = idle();
    let buffer = device.create_buffer(&wgt::BufferDescriptor {
        label: None,
        size: 16,
        usage: BufferUsages::COPY_SRC,
        mapped_at_creation: true,
    });
    for bytes in [0, 8, 15, 17, 4096] {
        assert!(
            buffer.write_mapped(0, None, &vec![1; bytes]).is_err(),
            "{bytes}"
        );
    }
    assert!(buffer.write_mapped(0, None, &[1; 16]).is_ok());
}

#[test]
fn bytes_are_written_beyond_a_buffer() {
    let device = idle();
    let to = buffer(&device, BufferUsages::COPY_DST);
    for offset in [253, 256, u64::MAX - 3, u64::MAX] {
        refused(&device, || {
            drop(device.queue().write_buffer(&to, offset, &[0; 4]));
        });
    }
}

#[test]
fn a_layout_whose_buffer_needs_no_bytes_at_least() {
    let device = idle();
    let layout = layout(storage(false, 0));
    let made = said(&device, || drop(device.create_bind_group_layout(&layout)));
    assert_eq!(made, None);
}

#[test]
fn a_layout_with_a_storage_texture() {
    let device = idle();
    let layout = layout(wgt::BindingType::StorageTexture {
        access: wgt::StorageTextureAccess::WriteOnly,
        format: wgt::TextureFormat::Rgba8Unorm,
        view_dimension: wgt::TextureViewDimension::D2,
    });
    let made = said(&device, || drop(device.create_bind_group_layout(&layout)));
    assert_eq!(made, None);
}

#[test]
fn dynamic_offsets_that_are_too_few_too_many_odd_or_too_large() {
    let device = idle();
    let (pipeline, group) = dynamic(&device);
    let record = |offsets: &[u32]| {
        let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), offsets);
        pass.dispatch_workgroups(1, 1, 1);
        pass.end();
        drop(encoder.finish(&CommandEncoderDescriptor::default()));
    };
    assert_eq!(said(&device, || record(&[0])), None);
    for offsets in [&[][..], &[0, 0], &[1], &[512], &[u32::MAX], &[0; 1000]] {
        refused(&device, || record(offsets));
    }
}

#[test]
fn a_part_of_the_offsets_that_there_is_not() {
    let device = idle();
    let (_, group) = dynamic(&device);
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    for (start, length) in [(1, 1), (0, 2), (u64::MAX, 1), (2, 0)] {
        let set = pass.set_bind_group_window(0, Some(&group), &[0], start, length);
        assert!(set.is_err(), "{start} {length}");
    }
}

#[test]
fn a_pass_is_used_after_its_end_and_after_its_encoder() {
    let device = idle();
    let (pipeline, group) = dynamic(&device);
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    pass.end();
    refused(&device, || {
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), &[0]);
        pass.dispatch_workgroups(1, 1, 1);
        pass.end();
        drop(encoder.finish(&CommandEncoderDescriptor::default()));
    });
    let _ = said(&device, || {
        pass.dispatch_workgroups(1, 1, 1);
        pass.end();
        encoder.push_debug_group("late");
        encoder.pop_debug_group();
    });
    assert!(device.errors().is_lost().is_none());
}

#[test]
fn an_encoder_is_used_while_its_pass_is_open() {
    let device = idle();
    let to = buffer(&device, BufferUsages::COPY_DST);
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    refused(&device, || {
        encoder.clear_buffer(&to, 0, None);
        pass.end();
        drop(encoder.finish(&CommandEncoderDescriptor::default()));
    });
}

#[test]
fn two_passes_of_one_encoder_are_open() {
    let device = idle();
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    refused(&device, || {
        let one = encoder.begin_compute_pass(&ComputePassDescriptor::default());
        let other = encoder.begin_compute_pass(&ComputePassDescriptor::default());
        one.end();
        other.end();
        drop(encoder.finish(&CommandEncoderDescriptor::default()));
    });
}

#[test]
fn debug_groups_that_were_never_begun_or_never_end() {
    let device = idle();
    refused(&device, || {
        let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        encoder.pop_debug_group();
        drop(encoder.finish(&CommandEncoderDescriptor::default()));
    });
    refused(&device, || {
        let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        encoder.push_debug_group("endless");
        drop(encoder.finish(&CommandEncoderDescriptor::default()));
    });
}

#[test]
fn a_render_pass_without_attachments() {
    let device = idle();
    refused(&device, || {
        let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        encoder
            .begin_render_pass(&RenderPassDescriptor::default())
            .end();
        drop(encoder.finish(&CommandEncoderDescriptor::default()));
    });
}

#[test]
fn an_attachment_whose_texture_was_destroyed() {
    let device = idle();
    let canvas = Canvas::new(&device);
    let onto = view(&canvas.texture);
    canvas.texture.destroy();
    refused(&device, || {
        let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        let descriptor = RenderPassDescriptor {
            color_attachments: vec![Some(cleared(onto))],
            ..RenderPassDescriptor::default()
        };
        encoder.begin_render_pass(&descriptor).end();
        let commands = encoder.finish(&CommandEncoderDescriptor::default());
        device.queue().submit(&[commands]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_asked_of_a_device_that_was_destroyed() {
    let device = device(&vulkan(Quota::default()));
    let before = buffer(&device, BufferUsages::MAP_READ | BufferUsages::COPY_DST);
    device.destroy();
    let lost = device.errors().lost().await;
    assert_eq!(lost.reason, LostReason::Destroyed);
    let told = said(&device, || {
        let (pipeline, group) = dynamic(&device);
        let onto = texture(&device, 1, wgt::TextureFormat::Rgba8Unorm);
        let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), &[0]);
        pass.dispatch_workgroups(1, 1, 1);
        pass.end();
        let descriptor = RenderPassDescriptor {
            color_attachments: vec![Some(cleared(view(&onto)))],
            ..RenderPassDescriptor::default()
        };
        encoder.begin_render_pass(&descriptor).end();
        let commands = encoder.finish(&CommandEncoderDescriptor::default());
        device.queue().submit(&[commands]);
        drop(device.queue().write_buffer(&before, 0, &[1; 4]));
        device.destroy();
    });
    assert_eq!(told, None, "nobody is told anything of a lost device");
    device.queue().on_submitted_work_done().await;
    assert!(before.map_async(HostMap::Read, 0, None).await.is_err());
}

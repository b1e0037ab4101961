//! Programs and commands: what shaders compute, and what becomes of misuse.

use std::sync::Arc;

use weft_gpu::error::ErrorKind;
use weft_gpu::lease::Lease;
use weft_gpu::objects::{
    BindGroupDescriptor, BindGroupEntry, BindingResource, Buffer, CommandEncoderDescriptor,
    ComputePassDescriptor, ComputePipeline, ComputePipelineDescriptor, Device, PipelineErrorReason,
    ProgrammableStage, ShaderModuleDescriptor,
};
use weft_gpu::quota::Quota;
use wgpu_core::device::HostMap;
use wgpu_types::{BufferDescriptor, BufferUsages};

use crate::support::{assert_nothing_is_charged, device, lease, vulkan};

const DOUBLE: &str = "
    @group(0) @binding(0) var<storage, read_write> data: array<u32>;
    override factor: u32 = 2u;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
        data[id.x] *= factor;
    }";

fn program(
    device: &Device,
    code: &str,
    constants: Vec<(String, f64)>,
) -> ComputePipelineDescriptor {
    let module = device.create_shader_module(ShaderModuleDescriptor {
        label: None,
        code: code.to_owned(),
    });
    ComputePipelineDescriptor {
        label: None,
        layout: None,
        compute: ProgrammableStage {
            module,
            entry_point: None,
            constants,
        },
    }
}

fn buffer(device: &Device, usage: BufferUsages) -> Buffer {
    device.create_buffer(&BufferDescriptor {
        label: None,
        size: 16,
        usage: usage | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

async fn compute(device: &Device, pipeline: &ComputePipeline, groups: u32) -> Vec<u32> {
    let data = buffer(device, BufferUsages::STORAGE | BufferUsages::COPY_SRC);
    let back = buffer(device, BufferUsages::MAP_READ);
    let bytes: Vec<u8> = [1_u32, 2, 3, 4]
        .into_iter()
        .flat_map(u32::to_ne_bytes)
        .collect();
    device.queue().write_buffer(&data, 0, &bytes).unwrap();
    let group = device.create_bind_group(&BindGroupDescriptor {
        label: None,
        layout: pipeline.get_bind_group_layout(0),
        entries: vec![BindGroupEntry {
            binding: 0,
            resource: BindingResource::Buffer {
                buffer: data.clone(),
                offset: 0,
                size: None,
            },
        }],
    });
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, Some(&group), &[]);
    pass.dispatch_workgroups(groups, 1, 1);
    pass.end();
    encoder.copy_buffer_to_buffer(&data, 0, &back, 0, None);
    let commands = encoder.finish(&CommandEncoderDescriptor::default());
    device.queue().submit(&[commands]);
    back.map_async(HostMap::Read, 0, None).await.unwrap();
    back.read_mapped(0, None, |bytes| {
        let words = bytes.chunks_exact(4);
        words
            .map(|word| u32::from_ne_bytes(word.try_into().unwrap()))
            .collect()
    })
    .unwrap()
}

/// The error of a kind that this makes.
fn error(device: &Device, kind: ErrorKind, then: impl FnOnce()) -> String {
    device.errors().push_scope(kind);
    then();
    let error = device.errors().pop_scope().unwrap();
    error.expect("an error").message
}

fn no_op(quota: Quota) -> (Arc<Lease>, Device) {
    let lease = lease(quota);
    let device = device(&lease);
    (lease, device)
}

#[tokio::test]
async fn a_shader_doubles_numbers_and_a_constant_changes_it() {
    let lease = vulkan(Quota::default());
    let device = device(&lease);
    let pipeline = device.create_compute_pipeline(program(&device, DOUBLE, vec![]));
    assert_eq!(compute(&device, &pipeline, 4).await, [2, 4, 6, 8]);
    let constants = vec![("factor".to_owned(), 10.0)];
    let later = device.create_compute_pipeline_async(program(&device, DOUBLE, constants));
    assert_eq!(
        compute(&device, &later.await.unwrap(), 2).await,
        [10, 20, 3, 4]
    );
}

#[tokio::test]
async fn an_asynchronous_pipeline_rejects_and_no_scope_hears_of_it() {
    let (_lease, device) = no_op(Quota::default());
    let mut wrong = program(&device, DOUBLE, vec![]);
    wrong.compute.entry_point = Some("nowhere".to_owned());
    device.errors().push_scope(ErrorKind::Validation);
    let refused = device
        .create_compute_pipeline_async(wrong)
        .await
        .unwrap_err();
    assert_eq!(refused.reason, PipelineErrorReason::Validation);
    assert_eq!(device.errors().pop_scope(), Ok(None));
}

#[test]
fn a_shader_that_is_wrong_says_where() {
    let (lease, device) = no_op(Quota::default());
    let descriptor = ShaderModuleDescriptor {
        label: None,
        code: "\n  fn f() { nope; }".to_owned(),
    };
    device.errors().push_scope(ErrorKind::Validation);
    let module = device.create_shader_module(descriptor);
    assert!(device.errors().pop_scope().unwrap().is_some());
    assert_eq!(module.compilation_info().messages[0].line_num, 2);
    drop((module, device));
    assert_nothing_is_charged(&lease);
}

#[test]
fn too_many_workgroups_and_commands_are_told_when_the_encoder_is_finished() {
    let (lease, device) = no_op(Quota {
        workgroups: 10,
        commands: 5,
        ..Quota::default()
    });
    let none = CommandEncoderDescriptor::default();
    let encoder = device.create_command_encoder(&none);
    let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    pass.dispatch_workgroups(11, 1, 1);
    pass.end();
    let said = error(&device, ErrorKind::Validation, || {
        drop(encoder.finish(&none));
    });
    assert!(said.contains("more than 10"), "{said}");
    drop((pass, encoder));
    let encoder = device.create_command_encoder(&none);
    for _ in 0..6 {
        encoder.insert_debug_marker("");
    }
    let said = error(&device, ErrorKind::Validation, || {
        drop(encoder.finish(&none));
    });
    assert!(said.contains("more than 5 commands"), "{said}");
    drop((encoder, device));
    assert_nothing_is_charged(&lease);
}

#[test]
fn ending_and_finishing_twice_are_errors() {
    let (_lease, device) = no_op(Quota::default());
    let none = CommandEncoderDescriptor::default();
    let encoder = device.create_command_encoder(&none);
    let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    pass.end();
    error(&device, ErrorKind::Validation, || pass.end());
    let commands = encoder.finish(&none);
    error(&device, ErrorKind::Validation, || {
        drop(encoder.finish(&none))
    });
    device.queue().submit(std::slice::from_ref(&commands));
    error(&device, ErrorKind::Validation, || {
        device.queue().submit(&[commands])
    });
}

#[test]
fn deep_shaders_do_not_overflow_the_stack() {
    let (_lease, device) = no_op(Quota::default());
    let deep = [
        format!("const a = {}1{};", "(".repeat(50_000), ")".repeat(50_000)),
        format!("const a = 1{};", "+1".repeat(100_000)),
        format!("const a = 1{};", "+1".repeat(3_900)),
        format!("fn f() {}{}", "{".repeat(100_000), "}".repeat(100_000)),
        format!(
            "var<private> a: {}u32{};",
            "array<".repeat(20_000),
            ",1>".repeat(20_000)
        ),
    ];
    for code in deep {
        drop(device.create_shader_module(ShaderModuleDescriptor { label: None, code }));
    }
}

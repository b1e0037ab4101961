//! What workgroups compute together, how many there are, and which part of a buffer they see.

use weft_gpu::objects::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayoutDescriptor, BindingResource,
    Buffer, ComputePipeline, Device, PipelineLayoutDescriptor,
};
use wgpu_types::{self as wgt, BufferUsages};

use crate::bench::{
    bench, bytes, compute, empty, group, pipeline, recorded, refused, storage, whole, words,
};
use crate::canvas::filled;

/// Each workgroup of 64 adds up its part of the numbers, in memory that it shares.
const SUM: &str = "
    @group(0) @binding(0) var<storage, read_write> numbers: array<u32>;
    @group(0) @binding(1) var<storage, read_write> sums: array<u32>;
    var<workgroup> shared_sums: array<u32, 64>;
    @compute @workgroup_size(64) fn main(
        @builtin(local_invocation_index) local: u32,
        @builtin(global_invocation_id) global: vec3u,
        @builtin(workgroup_id) workgroup: vec3u,
    ) {
        shared_sums[local] = numbers[global.x];
        workgroupBarrier();
        for (var half = 32u; half > 0u; half /= 2u) {
            if local < half { shared_sums[local] += shared_sums[local + half]; }
            workgroupBarrier();
        }
        if local == 0u { sums[workgroup.x] = shared_sums[0]; }
    }";

/// Everybody counts, looks for the largest, and sets a bit.
const TOGETHER: &str = "
    struct All { count: atomic<u32>, largest: atomic<u32>, bits: atomic<u32>, first: atomic<u32> }
    @group(0) @binding(0) var<storage, read_write> all: All;
    @compute @workgroup_size(32) fn main(@builtin(global_invocation_id) id: vec3u) {
        atomicAdd(&all.count, 1u);
        atomicMax(&all.largest, id.x);
        atomicOr(&all.bits, 1u << (id.x % 32u));
        atomicCompareExchangeWeak(&all.first, 0u, 1u);
    }";

/// Counts workgroups by each of their three numbers.
const COUNT: &str = "
    @group(0) @binding(0) var<storage, read_write> counts: array<atomic<u32>, 4>;
    @compute @workgroup_size(1) fn main(@builtin(num_workgroups) groups: vec3u) {
        atomicAdd(&counts[0], 1u);
        atomicStore(&counts[1], groups.x);
        atomicStore(&counts[2], groups.y);
        atomicStore(&counts[3], groups.z);
    }";

/// Copies the word that it sees to where it sees it.
const COPY: &str = "
    @group(0) @binding(0) var<uniform> given: vec4u;
    @group(0) @binding(1) var<storage, read_write> made: array<u32>;
    @compute @workgroup_size(1) fn main() { made[0] = given.x; made[arrayLength(&made) - 1u] = given.w; }";

fn counter(device: &Device) -> (ComputePipeline, BindGroup, Buffer) {
    let counts = storage(device, &[0; 4]);
    let pipeline = pipeline(device, COUNT, None);
    let group = group(device, &pipeline, vec![whole(&counts)]);
    (pipeline, group, counts)
}

#[tokio::test]
async fn a_workgroup_adds_up_in_memory_that_it_shares() {
    let device = bench();
    let numbers: Vec<u32> = (0..4 * 64).map(|n| n * n % 97).collect();
    let (all, sums) = (storage(&device, &numbers), storage(&device, &[7; 4]));
    let pipeline = pipeline(&device, SUM, None);
    let group = group(&device, &pipeline, vec![whole(&all), whole(&sums)]);
    compute(&device, |pass| {
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), &[]);
        pass.dispatch_workgroups(4, 1, 1);
    });
    let expected: Vec<u32> = numbers.chunks(64).map(|part| part.iter().sum()).collect();
    assert_eq!(words(&device, &sums).await, expected);
}

#[tokio::test]
async fn atomic_operations_of_all_invocations_add_up() {
    let device = bench();
    let all = storage(&device, &[0; 4]);
    let pipeline = pipeline(&device, TOGETHER, None);
    let group = group(&device, &pipeline, vec![whole(&all)]);
    compute(&device, |pass| {
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), &[]);
        pass.dispatch_workgroups(16, 1, 1);
        pass.dispatch_workgroups(16, 1, 1);
    });
    let expected = [2 * 16 * 32, 16 * 32 - 1, u32::MAX, 1];
    assert_eq!(words(&device, &all).await, expected);
}

#[tokio::test]
async fn a_buffer_tells_how_many_workgroups_there_are() {
    let device = bench();
    let (pipeline, group, counts) = counter(&device);
    let told = filled(&device, BufferUsages::INDIRECT, &bytes(&[9, 2, 3, 4]));
    compute(&device, |pass| {
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), &[]);
        pass.dispatch_workgroups_indirect(&told, 4);
    });
    assert_eq!(words(&device, &counts).await, [24, 2, 3, 4]);
}

#[tokio::test]
async fn a_shader_tells_how_many_workgroups_the_next_one_has() {
    let device = bench();
    let (pipeline, group, counts) = counter(&device);
    let usage = BufferUsages::STORAGE | BufferUsages::INDIRECT;
    let told = empty(&device, usage, 12);
    let writer = crate::bench::pipeline(
        &device,
        "@group(0) @binding(0) var<storage, read_write> told: array<u32>;
        @compute @workgroup_size(1) fn main() { told[0] = 5u; told[1] = 1u; told[2] = 2u; }",
        None,
    );
    let written = crate::bench::group(&device, &writer, vec![whole(&told)]);
    compute(&device, |pass| {
        pass.set_pipeline(&writer);
        pass.set_bind_group(0, Some(&written), &[]);
        pass.dispatch_workgroups(1, 1, 1);
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), &[]);
        pass.dispatch_workgroups_indirect(&told, 0);
    });
    assert_eq!(words(&device, &counts).await, [10, 5, 1, 2]);
}

#[tokio::test]
async fn no_workgroups_and_more_than_there_may_be_compute_nothing() {
    let device = bench();
    let (pipeline, group, counts) = counter(&device);
    let most = device.limits().max_compute_workgroups_per_dimension;
    for told in [[0, 1, 1], [1, 1, 0], [most + 1, 1, 1], [1, u32::MAX, 1]] {
        let told = filled(&device, BufferUsages::INDIRECT, &bytes(&told));
        compute(&device, |pass| {
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, Some(&group), &[]);
            pass.dispatch_workgroups_indirect(&told, 0);
        });
    }
    assert_eq!(words(&device, &counts).await, [0; 4]);
}

#[tokio::test]
async fn a_dispatch_is_not_told_by_what_is_odd_beyond_the_end_or_for_something_else() {
    let device = bench();
    let (pipeline, group, counts) = counter(&device);
    let told = filled(&device, BufferUsages::INDIRECT, &bytes(&[1, 1, 1]));
    let cases = [
        (&told, 1, "multiple of 4"),
        (&told, 4, "uffer"),
        (&told, u64::MAX - 3, "uffer"),
        (&counts, 0, "INDIRECT"),
    ];
    for (buffer, offset, word) in cases {
        refused(&device, word, || {
            compute(&device, |pass| {
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, Some(&group), &[]);
                pass.dispatch_workgroups_indirect(buffer, offset);
            });
        })
        .await;
    }
    assert_eq!(words(&device, &counts).await, [0; 4]);
}

/// A group whose two buffers have dynamic offsets: 16 bytes of the first, 8 of the second.
fn windows(device: &Device, from: &Buffer, to: &Buffer) -> (ComputePipeline, BindGroup) {
    let entry = |binding, ty| wgt::BindGroupLayoutEntry {
        binding,
        visibility: wgt::ShaderStages::COMPUTE,
        ty: wgt::BindingType::Buffer {
            ty,
            has_dynamic_offset: true,
            min_binding_size: None,
        },
        count: None,
    };
    let layout = device.create_bind_group_layout(&BindGroupLayoutDescriptor {
        label: None,
        entries: vec![
            entry(0, wgt::BufferBindingType::Uniform),
            entry(1, wgt::BufferBindingType::Storage { read_only: false }),
        ],
    });
    let whole = device.create_pipeline_layout(&PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: vec![Some(layout.clone())],
        immediate_size: 0,
    });
    let part = |buffer: &Buffer, size| BindingResource::Buffer {
        buffer: buffer.clone(),
        offset: 0,
        size: Some(size),
    };
    let group = device.create_bind_group(&BindGroupDescriptor {
        label: None,
        layout,
        entries: (0..)
            .zip([part(from, 16), part(to, 8)])
            .map(|(binding, resource)| BindGroupEntry { binding, resource })
            .collect(),
    });
    (pipeline(device, COPY, Some(whole)), group)
}

#[tokio::test]
async fn a_dynamic_offset_moves_what_a_shader_sees() {
    let device = bench();
    let numbers: Vec<u32> = (0..256).collect();
    let from = filled(&device, BufferUsages::UNIFORM, &bytes(&numbers));
    let to = storage(&device, &[0; 128]);
    let (pipeline, group) = windows(&device, &from, &to);
    compute(&device, |pass| {
        pass.set_pipeline(&pipeline);
        for offsets in [[0, 256], [512, 0]] {
            pass.set_bind_group(0, Some(&group), &offsets);
            pass.dispatch_workgroups(1, 1, 1);
        }
        let list = [9, 9, 256, 256, 9];
        let set = pass.set_bind_group_window(0, Some(&group), &list, 2, 2);
        assert_eq!(set.err().map(|error| error.to_string()), None);
    });
    let to = words(&device, &to).await;
    // The words 0 and 3 of the part that starts at byte 0, those of the part at byte 512, and no others.
    assert_eq!((to[64], to[65]), (0, 3));
    assert_eq!((to[0], to[1]), (128, 131));
    assert_eq!(to.iter().filter(|word| **word != 0).count(), 3);
}

#[tokio::test]
async fn dynamic_offsets_of_another_number_odd_or_beyond_the_end_are_refused() {
    let device = bench();
    let from = empty(&device, BufferUsages::UNIFORM, 1024);
    let to = storage(&device, &[0; 128]);
    let (pipeline, group) = windows(&device, &from, &to);
    let cases: [(&[u32], &str); 6] = [
        (&[0], "1"),
        (&[0, 0, 0], "3"),
        (&[4, 0], "align"),
        (&[0, 4], "align"),
        (&[1024, 0], "1024"),
        (&[0, 512], "512"),
    ];
    for (offsets, word) in cases {
        refused(&device, word, || {
            drop(recorded(&device, |encoder| {
                let pass = encoder.begin_compute_pass(&Default::default());
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, Some(&group), offsets);
                pass.dispatch_workgroups(1, 1, 1);
                pass.end();
            }));
        })
        .await;
    }
}

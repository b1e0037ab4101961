//! What queries tell, where to, and filling with zeros.

use weft_gpu::error::ErrorKind;
use weft_gpu::objects::{
    Adapter, ComputePassDescriptor, Device, PassTimestampWrites, QuerySet, QuerySetDescriptor,
    QueryType,
};
use weft_gpu::quota::Quota;
use wgpu_types::{BufferUsages, Features};

use crate::bench::{
    bench, bytes, empty, group, pipeline, recorded, refused, said, storage, submit, whole, words,
};
use crate::canvas::filled;
use crate::support::vulkan;

const RESOLVED: BufferUsages = BufferUsages::QUERY_RESOLVE.union(BufferUsages::COPY_SRC);

fn exact() -> Device {
    let lease = vulkan(Quota {
        exact_timestamps: true,
        ..Quota::default()
    });
    let adapter = Adapter::new(&lease);
    adapter.request_device(&["timestamp-query"], &[]).unwrap()
}

fn queries(device: &Device, kind: QueryType, count: u32) -> QuerySet {
    let descriptor = QuerySetDescriptor {
        label: None,
        kind,
        count,
    };
    device.create_query_set(&descriptor).unwrap()
}

#[tokio::test]
async fn a_pass_of_a_device_with_exact_timestamps_tells_when_it_began_and_ended() {
    let device = exact();
    let data = storage(&device, &[1; 64]);
    let code = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
        @compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32) {
            for (var n = 0u; n < 1000u; n++) { data[i] = data[i] * 3u + n; }
        }";
    let pipeline = pipeline(&device, code, None);
    let group = group(&device, &pipeline, vec![whole(&data)]);
    let times = queries(&device, QueryType::Timestamp, 2);
    let resolved = empty(&device, RESOLVED, 16);
    let wrong = said(&device, ErrorKind::Validation, || {
        submit(&device, |encoder| {
            let pass = encoder.begin_compute_pass(&ComputePassDescriptor {
                label: None,
                timestamp_writes: Some(PassTimestampWrites {
                    query_set: times.clone(),
                    beginning_of_pass_write_index: Some(0),
                    end_of_pass_write_index: Some(1),
                }),
            });
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, Some(&group), &[]);
            pass.dispatch_workgroups(64, 1, 1);
            pass.end();
            encoder.resolve_query_set(&times, 0, 2, &resolved, 0);
        });
    });
    assert_eq!(wrong.await, None);
    let bytes = crate::bench::read(&device, &resolved).await;
    let time = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap());
    assert!(time(0) > 0 && time(0) < time(8), "{} {}", time(0), time(8));
}

#[test]
fn without_exact_timestamps_the_adapter_has_none_and_gives_no_device_with_them() {
    let adapter = Adapter::new(&vulkan(Quota::default()));
    assert!(!adapter.has("timestamp-query"));
    assert!(!adapter.features().contains(Features::TIMESTAMP_QUERY));
    assert!(adapter.request_device(&["timestamp-query"], &[]).is_err());
}

#[tokio::test]
async fn timestamps_go_to_two_places_that_there_are_in_a_set_of_timestamps() {
    let device = exact();
    let times = queries(&device, QueryType::Timestamp, 2);
    let counts = queries(&device, QueryType::Occlusion, 2);
    let cases = [
        (&times, Some(2), None),
        (&times, None, Some(u32::MAX)),
        (&times, Some(1), Some(1)),
        (&times, None, None),
        (&counts, Some(0), Some(1)),
    ];
    for (set, beginning, end) in cases {
        refused(&device, "", || {
            drop(recorded(&device, |encoder| {
                let pass = encoder.begin_compute_pass(&ComputePassDescriptor {
                    label: None,
                    timestamp_writes: Some(PassTimestampWrites {
                        query_set: set.clone(),
                        beginning_of_pass_write_index: beginning,
                        end_of_pass_write_index: end,
                    }),
                });
                pass.end();
            }));
        })
        .await;
    }
}

#[tokio::test]
async fn queries_that_there_are_not_and_places_that_are_none_are_not_resolved() {
    let device = bench();
    let set = queries(&device, QueryType::Occlusion, 4);
    let destroyed = queries(&device, QueryType::Occlusion, 4);
    destroyed.destroy();
    let to = empty(&device, RESOLVED, 512);
    let other = empty(&device, BufferUsages::COPY_DST, 512);
    let cases = [
        ("the first is beyond the set", &set, 4, 1, &to, 0),
        ("the last is beyond the set", &set, 3, 2, &to, 0),
        ("there are not so many numbers", &set, u32::MAX, 2, &to, 0),
        ("the place is odd", &set, 0, 1, &to, 8),
        ("the last place is beyond the end", &set, 0, 4, &to, 512),
        ("the place is far beyond", &set, 0, 1, &to, u64::MAX - 255),
        ("the buffer is for something else", &set, 0, 1, &other, 0),
        ("the set was destroyed", &destroyed, 0, 1, &to, 0),
    ];
    for (case, set, first, count, buffer, offset) in cases {
        let told = said(&device, ErrorKind::Validation, || {
            submit(&device, |encoder| {
                encoder.resolve_query_set(set, first, count, buffer, offset);
            });
        });
        assert!(told.await.is_some(), "{case}");
    }
}

#[tokio::test]
async fn queries_that_were_never_begun_are_zero_and_none_at_all_are_resolved_too() {
    let device = bench();
    let set = queries(&device, QueryType::Occlusion, 4);
    let usage = RESOLVED | BufferUsages::COPY_DST;
    let to = filled(&device, usage, &bytes(&[7; 72]));
    let wrong = said(&device, ErrorKind::Validation, || {
        submit(&device, |encoder| {
            encoder.resolve_query_set(&set, 1, 2, &to, 256);
            encoder.resolve_query_set(&set, 4, 0, &to, 0);
        });
    });
    assert_eq!(wrong.await, None);
    let words = words(&device, &to).await;
    assert_eq!(words[..64], [7; 64]);
    assert_eq!(words[64..], [0, 0, 0, 0, 7, 7, 7, 7]);
}

#[tokio::test]
async fn a_part_of_a_buffer_is_filled_with_zeros_and_nothing_else_is() {
    let device = bench();
    let parts = [
        (0, None, [0, 0, 0, 0]),
        (8, None, [7, 7, 0, 0]),
        (4, Some(8), [7, 0, 0, 7]),
        (4, Some(0), [7, 7, 7, 7]),
        (16, None, [7, 7, 7, 7]),
    ];
    for (offset, size, expected) in parts {
        let buffer = storage(&device, &[7; 4]);
        submit(&device, |encoder| {
            encoder.clear_buffer(&buffer, offset, size);
        });
        assert_eq!(words(&device, &buffer).await, expected, "{offset} {size:?}");
    }
}

#[tokio::test]
async fn odd_parts_and_parts_beyond_the_end_are_not_filled() {
    let device = bench();
    let buffer = storage(&device, &[7; 4]);
    let parts = [
        (2, None),
        (0, Some(3)),
        (8, Some(12)),
        (20, None),
        (u64::MAX - 3, Some(8)),
    ];
    for (offset, size) in parts {
        refused(&device, "", || {
            submit(&device, |encoder| {
                encoder.clear_buffer(&buffer, offset, size);
            });
        })
        .await;
    }
    assert_eq!(words(&device, &buffer).await, [7; 4]);
}

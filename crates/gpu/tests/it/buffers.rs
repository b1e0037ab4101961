//! Buffers: mapping, writing, destroying, and what is charged for them.

use weft_gpu::error::ErrorKind;
use weft_gpu::ledger::Charged;
use weft_gpu::objects::{Buffer, Device, MapState};
use weft_gpu::quota::Quota;
use wgpu_core::device::HostMap;
use wgpu_types::{BufferDescriptor, BufferUsages};

use crate::support::{assert_nothing_is_charged, device, lease, vulkan};

fn buffer(device: &Device, size: u64, usage: BufferUsages, mapped_at_creation: bool) -> Buffer {
    device.create_buffer(&BufferDescriptor {
        label: None,
        size,
        usage,
        mapped_at_creation,
    })
}

const READ_BACK: BufferUsages = BufferUsages::MAP_READ.union(BufferUsages::COPY_DST);

#[tokio::test]
async fn what_was_written_is_read_back() {
    for lease in [lease(Quota::default()), vulkan(Quota::default())] {
        let device = device(&lease);
        let buffer = buffer(&device, 16, READ_BACK, false);
        device
            .queue()
            .write_buffer(&buffer, 4, &[1, 2, 3, 4])
            .unwrap();
        device.queue().submit(&[]);
        buffer.map_async(HostMap::Read, 0, None).await.unwrap();
        assert_eq!(buffer.map_state(), MapState::Mapped);
        let read = buffer.read_mapped(0, Some(8), <[u8]>::to_vec).unwrap();
        assert_eq!(read, [0, 0, 0, 0, 1, 2, 3, 4]);
        buffer.unmap();
        assert_eq!(buffer.map_state(), MapState::Unmapped);
    }
}

#[tokio::test]
async fn a_buffer_that_was_made_mapped_keeps_what_was_written() {
    let lease = vulkan(Quota::default());
    let device = device(&lease);
    let buffer = buffer(&device, 8, READ_BACK, true);
    buffer.write_mapped(0, None, &[7; 8]).unwrap();
    buffer.unmap();
    buffer.map_async(HostMap::Read, 0, None).await.unwrap();
    assert_eq!(buffer.read_mapped(0, None, <[u8]>::to_vec).unwrap(), [7; 8]);
}

#[test]
fn memory_beyond_the_quota_is_an_out_of_memory_error_and_nothing_is_charged() {
    let lease = lease(Quota {
        memory: 1024,
        ..Quota::default()
    });
    let device = device(&lease);
    device.errors().push_scope(ErrorKind::OutOfMemory);
    let one = buffer(&device, 1000, BufferUsages::COPY_DST, false);
    let other = buffer(&device, 1, BufferUsages::COPY_DST, false);
    let error = device.errors().pop_scope().unwrap().unwrap();
    assert!(
        error.message.contains("1024 of 1024 bytes of GPU memory"),
        "{}",
        error.message
    );
    drop((one, other, device));
    assert_nothing_is_charged(&lease);
}

#[tokio::test]
async fn a_destroyed_buffer_gives_its_memory_back_and_cannot_be_mapped() {
    let lease = lease(Quota::default());
    let device = device(&lease);
    let buffer = buffer(&device, 4096, READ_BACK, false);
    assert_eq!(lease.account().used(Charged::Memory), 4096);
    buffer.destroy();
    assert_eq!(lease.account().used(Charged::Memory), 0);
    device.errors().push_scope(ErrorKind::Validation);
    assert!(buffer.map_async(HostMap::Read, 0, None).await.is_err());
    assert!(device.errors().pop_scope().unwrap().is_some());
}

#[test]
fn a_buffer_of_another_device_is_not_written_and_memory_stays_whole() {
    let lease = lease(Quota::default());
    let (mine, other) = (device(&lease), device(&lease));
    // Many, so that the last one has a place in the books of its device that the first device's have not.
    let theirs: Vec<_> = (0..10_000)
        .map(|_| buffer(&other, 16, BufferUsages::COPY_DST, false))
        .collect();
    mine.errors().push_scope(ErrorKind::Validation);
    mine.queue()
        .write_buffer(theirs.last().unwrap(), 0, &[7; 16])
        .unwrap();
    let error = mine.errors().pop_scope().unwrap().unwrap();
    assert!(
        error.message.contains("another device"),
        "{}",
        error.message
    );
    assert_eq!(lease.account().used(Charged::Staging), 0);
}

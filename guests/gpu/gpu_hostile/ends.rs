//! Guests that end, and devices that are ended, while something is under way.

use std::pin::pin;

use futures::poll;

use crate::kit::Gpu;
use crate::shaders::SPIN;
use crate::wasi::webgpu::webgpu::*;

/// Bytes of each buffer of a guest that is about to trap.
const LARGE: u64 = 16 << 20;

/// Two large buffers are mapped and a submission is under way: and the guest traps.
pub async fn mapped(gpu: &Gpu) -> Result<String, String> {
    let _made_mapped = gpu.device.create_buffer(&GpuBufferDescriptor {
        size: LARGE,
        usage: GpuBufferUsage::COPY_SRC,
        mapped_at_creation: Some(true),
        label: None,
    });
    let back = gpu.buffer(LARGE, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    let mapped = back.map_async(GpuMapMode::READ, None, None).await;
    mapped.map_err(|error| error.message)?;
    let counter = gpu.storage(&[0])?;
    gpu.run(SPIN, 5, &[&counter]).await?;
    panic!("asked to trap while buffers are mapped");
}

/// Everything that can be waited for is waited for; half of it is given up, and the guest traps with the rest.
pub async fn waiting(gpu: &Gpu) -> Result<String, String> {
    let counter = gpu.storage(&[0])?;
    gpu.run(SPIN, 20, &[&counter]).await?;
    let back = || gpu.buffer(4096, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    let (given_up, kept) = (back(), back());
    {
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
        let _ = poll!(pin!(given_up.map_async(GpuMapMode::READ, None, None)));
        let _ = poll!(pin!(gpu.device.pop_error_scope()));
        let _ = poll!(pin!(gpu.queue.on_submitted_work_done()));
        let _ = poll!(pin!(gpu.device.lost().into_future()));
        let _ = poll!(pin!(gpu.pipeline(SPIN)));
        let _ = poll!(pin!(gpu.adapter.request_device(None)));
    }
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    let mut mapped = pin!(kept.map_async(GpuMapMode::READ, None, None));
    let mut popped = pin!(gpu.device.pop_error_scope());
    let mut done = pin!(gpu.queue.on_submitted_work_done());
    let mut lost = pin!(gpu.device.lost().into_future());
    let _ = (
        poll!(&mut mapped),
        poll!(&mut popped),
        poll!(&mut done),
        poll!(&mut lost),
    );
    panic!("asked to trap while something is waited for");
}

/// The device is destroyed with a submission under way and a buffer mapped, and then everything is asked of it.
pub async fn destroyed(gpu: &Gpu) -> Result<String, String> {
    let counter = gpu.storage(&[0])?;
    let mapped = gpu.buffer(4096, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    let asked = mapped.map_async(GpuMapMode::READ, None, None).await;
    asked.map_err(|error| error.message)?;
    gpu.run(SPIN, 10, &[&counter]).await?;
    gpu.device.destroy();
    let info = gpu.device.lost().await;
    for _ in 0..3 {
        // What comes of it is of no interest: a lost device says nothing.
        let _ = gpu.storage(&[1]);
        let _ = gpu.pipeline(SPIN).await;
        let _ = gpu.run(SPIN, 1, &[&counter]).await;
        let _ = mapped.get_mapped_range_get_with_copy(None, None);
        let _ = mapped.unmap();
        let _ = mapped.map_async(GpuMapMode::READ, None, None).await;
        gpu.queue.on_submitted_work_done().await;
        gpu.device.destroy();
    }
    let said = gpu.said(async || counter.destroy()).await;
    Ok(format!("lost: {:?}, and it says {said}", info.reason()))
}

//! Objects: too many, of the wrong device, used when they are no more.

use crate::kit::Gpu;
use crate::wasi::webgpu::webgpu::*;

const MIB: u64 = 1 << 20;

/// Buffers of a mebibyte until one is refused, kept meanwhile; and the same of mapped ones.
pub async fn allocate(gpu: &Gpu) -> Result<String, String> {
    let storage = until_refused(gpu, None).await;
    let mapped = until_refused(gpu, Some(true)).await;
    Ok(format!("{} and {}", storage?, mapped?))
}

async fn until_refused(gpu: &Gpu, mapped_at_creation: Option<bool>) -> Result<String, String> {
    let mut kept = Vec::new();
    while kept.len() < 10_000 {
        let said = gpu
            .said(async || {
                kept.push(gpu.device.create_buffer(&GpuBufferDescriptor {
                    size: MIB,
                    usage: GpuBufferUsage::COPY_SRC | GpuBufferUsage::COPY_DST,
                    mapped_at_creation,
                    label: None,
                }));
            })
            .await;
        if said != "nothing" {
            return Ok(format!("{} then {said}", kept.len() - 1));
        }
    }
    Err("10 GB were not refused".into())
}

/// Handles until the table of the instance is full, which ends it.
pub fn handles(gpu: &Gpu) -> String {
    let mut kept = Vec::new();
    while kept.len() < 1_000_000 {
        kept.push((gpu.device.queue(), gpu.device.create_sampler(None)));
    }
    format!("{} handles were not refused", kept.len())
}

/// What one device makes is used with another.
pub async fn foreign(gpu: &Gpu) -> Result<String, String> {
    let other = Gpu::new().await?;
    let code = "@group(0) @binding(0) var<storage, read_write> a: array<u32>;
        @compute @workgroup_size(1) fn main() { a[0] += 1u; }";
    let (own, theirs) = (gpu.storage(&[1; 64])?, other.storage(&[2; 64])?);
    let pipelines = (gpu.pipeline(code).await?, other.pipeline(code).await?);
    let mut said = Vec::new();
    said.push(
        gpu.said(async || {
            drop(
                gpu.queue
                    .write_buffer_with_copy(&theirs, 0, &[9; 4], None, None),
            )
        })
        .await,
    );
    said.push(
        gpu.said(async || drop(gpu.group(&pipelines.0, &[&theirs])))
            .await,
    );
    said.push(
        gpu.said(async || drop(gpu.group(&pipelines.1, &[&own])))
            .await,
    );
    let encoder = other.device.create_command_encoder(None);
    let commands = encoder.finish(None);
    said.push(gpu.said(async || gpu.queue.submit(&[&commands])).await);
    let copies = gpu.said(async || {
        let encoder = gpu.device.create_command_encoder(None);
        encoder.copy_buffer_to_buffer(&theirs, None, &own, None, None);
        gpu.queue.submit(&[&encoder.finish(None)]);
    });
    said.push(copies.await);
    let module = other.module(code);
    let made = gpu
        .device
        .create_compute_pipeline_async(crate::kit::program(&module));
    said.push(if made.await.is_err() {
        "validation"
    } else {
        "nothing"
    });
    let (own, theirs) = (gpu.read(&own).await?[0], other.read(&theirs).await?[0]);
    Ok(format!("{}; {own} {theirs}", said.join(", ")))
}

/// Buffers, textures and query sets are destroyed, and then used.
pub async fn destroyed(gpu: &Gpu) -> Result<String, String> {
    let buffer = gpu.storage(&[1; 64])?;
    let back = gpu.buffer(256, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    let encoder = gpu.device.create_command_encoder(None);
    encoder.copy_buffer_to_buffer(&buffer, None, &back, None, None);
    let commands = encoder.finish(None);
    for _ in 0..3 {
        buffer.destroy();
        back.destroy();
    }
    let mut said = Vec::new();
    said.push(gpu.said(async || gpu.queue.submit(&[&commands])).await);
    said.push(
        gpu.said(async || {
            drop(
                gpu.queue
                    .write_buffer_with_copy(&buffer, 0, &[9; 4], None, None),
            )
        })
        .await,
    );
    let mapped = back.map_async(GpuMapMode::READ, None, None).await;
    said.push(if mapped.is_err() {
        "no mapping"
    } else {
        "mapped"
    });
    let read = back.get_mapped_range_get_with_copy(None, None);
    said.push(if read.is_err() { "no bytes" } else { "read" });
    let queries = gpu.device.create_query_set(&GpuQuerySetDescriptor {
        type_: GpuQueryType::Occlusion,
        count: 4,
        label: None,
    });
    let queries = queries.map_err(|error| error.message)?;
    queries.destroy();
    let resolved = gpu.buffer(256, GpuBufferUsage::QUERY_RESOLVE);
    let resolve = gpu.said(async || {
        let encoder = gpu.device.create_command_encoder(None);
        encoder.resolve_query_set(&queries, 0, 4, &resolved, 0);
        gpu.queue.submit(&[&encoder.finish(None)]);
    });
    said.push(resolve.await);
    Ok(said.join(", "))
}

/// Devices until one is refused, over and over.
pub async fn devices(gpu: &Gpu) -> Result<String, String> {
    let mut most = 0;
    for _ in 0..5 {
        let mut kept = Vec::new();
        while let Ok(device) = gpu.adapter.request_device(None).await {
            kept.push(device);
            if kept.len() > 1000 {
                return Err("1000 devices were not refused".into());
            }
        }
        most = most.max(kept.len());
    }
    Ok(format!("{most} more devices"))
}

/// More scopes than anybody needs, and more ends than scopes.
pub async fn scopes(gpu: &Gpu) -> String {
    for _ in 0..100_000 {
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
    }
    let (mut popped, mut caught) = (0, 0);
    while let Ok(error) = gpu.device.pop_error_scope().await {
        popped += 1;
        caught += usize::from(error.is_some());
    }
    format!("{popped} scopes, {caught} errors")
}

/// Labels that are books, on a thousand objects.
pub async fn labels(gpu: &Gpu) -> String {
    let book = "é".repeat(512 << 10);
    let kept: Vec<_> = (0..1000).map(|_| gpu.device.create_sampler(None)).collect();
    for sampler in &kept {
        sampler.set_label(&book);
    }
    gpu.device.set_label(&book);
    gpu.queue.set_label(&book);
    let encoder = gpu
        .device
        .create_command_encoder(Some(&GpuCommandEncoderDescriptor {
            label: Some(book.clone()),
        }));
    for _ in 0..100 {
        encoder.push_debug_group(&book);
        encoder.insert_debug_marker(&book);
    }
    for _ in 0..100 {
        encoder.pop_debug_group();
    }
    let said = gpu
        .said(async || gpu.queue.submit(&[&encoder.finish(None)]))
        .await;
    let label = kept[0].label();
    let beginning = book.starts_with(&label) && !label.is_empty();
    let bytes: usize = kept.iter().map(|sampler| sampler.label().len()).sum();
    format!(
        "{said}; a beginning: {beginning}; {} kept",
        if bytes <= MIB as usize {
            "little"
        } else {
            "all"
        }
    )
}

/// Query sets of all sizes until one is refused.
pub async fn query_sets(gpu: &Gpu) -> String {
    let set = |type_, count| {
        gpu.device.create_query_set(&GpuQuerySetDescriptor {
            type_,
            count,
            label: None,
        })
    };
    let timestamps = set(GpuQueryType::Timestamp, 2).is_err();
    let mut said = Vec::new();
    for count in [0, 4096, 4097, u32::MAX] {
        said.push(
            gpu.said(async || drop(set(GpuQueryType::Occlusion, count)))
                .await,
        );
    }
    let mut kept = Vec::new();
    let refused = loop {
        let said = gpu
            .said(async || kept.push(set(GpuQueryType::Occlusion, 4096)))
            .await;
        // Below the handles that an instance may have.
        if said != "nothing" || kept.len() >= 1000 {
            break said;
        }
    };
    format!(
        "timestamps refused: {timestamps}; {}; many: {refused}",
        said.join(", ")
    )
}

//! The least and the largest of every number that a call takes, and what is no number.

use crate::kit::Gpu;
use crate::wasi::webgpu::webgpu::*;

const LONG: [u64; 8] = [0, 1, 3, 255, 1 << 31, 1 << 32, u64::MAX - 3, u64::MAX];
const SHORT: [u32; 6] = [0, 1, 3, 65_536, 1 << 31, u32::MAX];
const REAL: [f32; 6] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    -0.0,
    f32::MAX,
    f32::MIN,
];

/// What the device says of it is of no interest, only that it goes on.
pub async fn all(gpu: &Gpu) -> Result<String, String> {
    let mut calls = 0;
    gpu.said(async || {
        calls += buffers(gpu).await;
        calls += copies(gpu);
        calls += textures(gpu);
        calls += dispatches(gpu).await;
        calls += drawing(gpu);
    })
    .await;
    Ok(format!("{calls} calls"))
}

async fn buffers(gpu: &Gpu) -> usize {
    let mappable = GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST;
    let back = gpu.buffer(256, mappable);
    let to = gpu.buffer(256, GpuBufferUsage::COPY_DST);
    for one in LONG {
        for mapped_at_creation in [None, Some(true)] {
            gpu.device.create_buffer(&GpuBufferDescriptor {
                size: one,
                usage: mappable,
                mapped_at_creation,
                label: None,
            });
        }
        for other in LONG {
            if back
                .map_async(GpuMapMode::READ, Some(one), Some(other))
                .await
                .is_ok()
            {
                for from in LONG {
                    for size in LONG {
                        let _ = back.get_mapped_range_get_with_copy(Some(from), Some(size));
                        let _ =
                            back.get_mapped_range_set_with_copy(&[1; 16], Some(from), Some(size));
                    }
                }
                let _ = back.unmap();
            }
            for offset in LONG {
                let data = [1; 64];
                let _ =
                    gpu.queue
                        .write_buffer_with_copy(&to, offset, &data, Some(one), Some(other));
            }
        }
    }
    LONG.len() * LONG.len() * (LONG.len() + 1)
}

fn copies(gpu: &Gpu) -> usize {
    let from = gpu.buffer(256, GpuBufferUsage::COPY_SRC | GpuBufferUsage::INDIRECT);
    let to = gpu.buffer(
        256,
        GpuBufferUsage::COPY_DST | GpuBufferUsage::QUERY_RESOLVE,
    );
    for one in LONG {
        for other in LONG {
            for size in LONG {
                let encoder = gpu.device.create_command_encoder(None);
                encoder.copy_buffer_to_buffer(&from, Some(one), &to, Some(other), Some(size));
                encoder.clear_buffer(&to, Some(other), Some(size));
                gpu.queue.submit(&[&encoder.finish(None)]);
            }
        }
    }
    LONG.len() * LONG.len() * LONG.len() * 2
}

fn textures(gpu: &Gpu) -> usize {
    let extent = |width, height, layers| GpuExtent3D {
        width,
        height: Some(height),
        depth_or_array_layers: Some(layers),
    };
    let texture = |size, levels, samples| {
        gpu.device.create_texture(&GpuTextureDescriptor {
            size,
            mip_level_count: Some(levels),
            sample_count: Some(samples),
            dimension: None,
            format: GpuTextureFormat::Rgba8unorm,
            usage: GpuTextureUsage::COPY_DST | GpuTextureUsage::COPY_SRC,
            view_formats: None,
            texture_binding_view_dimension: None,
            label: None,
        })
    };
    let good = texture(extent(4, 4, 1), 1, 1);
    for one in SHORT {
        for other in SHORT {
            texture(extent(one, other, 1), 1, 1);
            texture(extent(4, 4, one), other, 1);
            texture(extent(4, 4, 1), one, other);
            let at = GpuTexelCopyTextureInfo {
                texture: &good,
                mip_level: Some(one),
                origin: Some(GpuOrigin3D {
                    x: Some(other),
                    y: Some(one),
                    z: Some(other),
                }),
                aspect: None,
            };
            for offset in LONG {
                let layout = GpuTexelCopyBufferLayout {
                    offset: Some(offset),
                    bytes_per_row: Some(other),
                    rows_per_image: Some(one),
                };
                let size = extent(one, other, one);
                gpu.queue
                    .write_texture_with_copy(&at, &[7; 64], layout, size);
                let origin = GpuTexelCopyTextureInfo {
                    mip_level: None,
                    origin: None,
                    ..at
                };
                gpu.queue
                    .write_texture_with_copy(&origin, &[7; 64], layout, extent(4, 4, 1));
            }
        }
    }
    SHORT.len() * SHORT.len() * (3 + 2 * LONG.len())
}

async fn dispatches(gpu: &Gpu) -> usize {
    let code = "@group(0) @binding(0) var<storage, read_write> a: array<u32>;
        @compute @workgroup_size(1) fn main() { a[0] += 1u; }";
    let Ok(pipeline) = gpu.pipeline(code).await else {
        return 0;
    };
    let buffer = gpu.buffer(256, GpuBufferUsage::STORAGE | GpuBufferUsage::INDIRECT);
    let group = gpu.group(&pipeline, &[&buffer]);
    for one in SHORT {
        drop(pipeline.get_bind_group_layout(one));
        for other in LONG {
            // Large and small ones by turns: what is allowed is recorded, and never submitted.
            drop(gpu.commands(&pipeline, &group, |pass| {
                pass.dispatch_workgroups(one, Some(one), Some(u32::MAX));
                pass.dispatch_workgroups_indirect(&buffer, other);
                pass.set_immediates(one, &[1; 8], Some(other), Some(other));
                let offsets = vec![one; 4];
                let _ =
                    pass.set_bind_group(one, Some(&group), Some(&offsets), Some(other), Some(one));
            }));
        }
    }
    SHORT.len() * LONG.len() * 4
}

fn drawing(gpu: &Gpu) -> usize {
    let texture = gpu.device.create_texture(&GpuTextureDescriptor {
        size: GpuExtent3D {
            width: 4,
            height: Some(4),
            depth_or_array_layers: None,
        },
        mip_level_count: None,
        sample_count: None,
        dimension: None,
        format: GpuTextureFormat::Rgba8unorm,
        usage: GpuTextureUsage::RENDER_ATTACHMENT,
        view_formats: None,
        texture_binding_view_dimension: None,
        label: None,
    });
    let view = texture.create_view(None);
    let buffer = gpu.buffer(
        256,
        GpuBufferUsage::VERTEX | GpuBufferUsage::INDEX | GpuBufferUsage::INDIRECT,
    );
    for real in REAL {
        let encoder = gpu.device.create_command_encoder(None);
        let pass = encoder.begin_render_pass(&GpuRenderPassDescriptor {
            color_attachments: vec![Some(GpuRenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                clear_value: Some(GpuColor {
                    r: real.into(),
                    g: f64::NAN,
                    b: f64::MAX,
                    a: f64::MIN,
                }),
                load_op: GpuLoadOp::Clear,
                store_op: GpuStoreOp::Store,
            })],
            depth_stencil_attachment: None,
            occlusion_query_set: None,
            timestamp_writes: None,
            max_draw_count: Some(u64::MAX),
            label: None,
        });
        pass.set_viewport(real, real, real, real, real, real);
        for short in SHORT {
            pass.set_scissor_rect(short, short, short, short);
            pass.set_stencil_reference(short);
            pass.draw(short, Some(short), Some(short), Some(short));
        }
        for long in LONG {
            pass.set_vertex_buffer(u32::MAX, Some(&buffer), Some(long), Some(long));
            pass.set_index_buffer(&buffer, GpuIndexFormat::Uint32, Some(long), Some(long));
            pass.draw_indirect(&buffer, long);
        }
        pass.end();
        gpu.queue.submit(&[&encoder.finish(None)]);
        gpu.device.create_sampler(Some(&GpuSamplerDescriptor {
            lod_min_clamp: Some(real),
            lod_max_clamp: Some(real),
            max_anisotropy: Some(u16::MAX),
            address_mode_u: None,
            address_mode_v: None,
            address_mode_w: None,
            mag_filter: None,
            min_filter: None,
            mipmap_filter: None,
            compare: None,
            label: None,
        }));
    }
    REAL.len() * (3 * SHORT.len() + 3 * LONG.len() + 3)
}

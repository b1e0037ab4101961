//! A `wasi:http/incoming-handler@0.2` that computes and draws by `wasi:webgpu@0.0.1`.
//!
//! - `/double?N&N..` (the numbers, doubled by a compute shader), `/adapter` (whether it is a fallback)
//! - `/scope` (what an error scope caught, and that nothing was left), `/pipeline` (why there is no pipeline)
//! - `/uncaptured` (whether the pollable is ready before and after an error that no scope catches)
//! - `/clear` (the first pixel of a texture that a pass cleared to green), `/frame` (the same of a frame of a graphics context)
//! - `/unconnected` (a frame of a context without a device: traps), `/lost` (why the device is lost, once it is destroyed)

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use weft_guests::{answer, split_target};

wit_bindgen::generate!({
    path: "../wit/wasi-webgpu-0.0.1",
    inline: "
        package weft-test:gpu-v0;
        world gpu-v0 {
            import wasi:webgpu/webgpu@0.0.1;
            import wasi:graphics-context/graphics-context@0.0.1;
            import wasi:io/poll@0.2.0;
        }
    ",
    generate_all,
});

use wasi::graphics_context::graphics_context::Context;
use wasi::webgpu::webgpu::*;

wasip2::http::proxy::export!(Gpu0);

struct Gpu0;

const DOUBLE: &str = "
    @group(0) @binding(0) var<storage, read_write> data: array<u32>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
        data[id.x] *= 2u;
    }";

impl Guest for Gpu0 {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (route, query) = split_target(&target);
        match told(route, query) {
            Ok(text) => answer::text(out, 200, &text),
            Err(text) => answer::text(out, 500, &text),
        }
    }
}

fn told(route: &str, query: &str) -> Result<String, String> {
    let adapter = get_gpu()
        .request_adapter(None)
        .ok_or("there is no adapter")?;
    if route == "/adapter" {
        return Ok(format!("fallback: {}", adapter.is_fallback_adapter()));
    }
    let device = adapter.request_device(None).map_err(|e| e.message)?;
    match route {
        "/double" => double(&device, query),
        "/scope" => scope(&device),
        "/pipeline" => Ok(match pipeline(&device, "fn main() {}") {
            Ok(_) => "there is one".to_owned(),
            Err(error) => format!("{:?}", error.kind),
        }),
        "/uncaptured" => {
            let errors = device.onuncapturederror_subscribe();
            let before = errors.ready();
            wrong(&device);
            errors.block();
            Ok(format!("{before}, then woken"))
        }
        "/clear" => {
            let texture = device.create_texture(&GpuTextureDescriptor {
                size: GpuExtent3D {
                    width: 4,
                    height: Some(4),
                    depth_or_array_layers: None,
                },
                mip_level_count: None,
                sample_count: None,
                dimension: None,
                format: GpuTextureFormat::Rgba8unorm,
                usage: GpuTextureUsage::render_attachment() | GpuTextureUsage::copy_src(),
                view_formats: None,
                label: None,
            });
            cleared(&device, &texture)
        }
        "/frame" => {
            let context = Context::new();
            device.connect_graphics_context(&context);
            let texture = GpuTexture::from_graphics_buffer(context.get_current_buffer());
            let pixel = cleared(&device, &texture)?;
            context.present();
            Ok(format!("{}x{} {pixel}", texture.width(), texture.height()))
        }
        "/unconnected" => {
            let texture = GpuTexture::from_graphics_buffer(Context::new().get_current_buffer());
            Ok(texture.label())
        }
        "/lost" => {
            device.destroy();
            Ok(format!("{:?}", device.lost().reason()))
        }
        _ => Err("no such route".to_owned()),
    }
}

fn pipeline(device: &GpuDevice, code: &str) -> Result<GpuComputePipeline, CreatePipelineError> {
    let module = device.create_shader_module(&GpuShaderModuleDescriptor {
        code: code.to_owned(),
        compilation_hints: None,
        label: None,
    });
    device.create_compute_pipeline_async(GpuComputePipelineDescriptor {
        compute: GpuProgrammableStage {
            module: &module,
            entry_point: None,
            constants: None,
        },
        layout: GpuLayoutMode::Auto,
        label: None,
    })
}

fn buffer(device: &GpuDevice, size: u64, usage: u32) -> GpuBuffer {
    device.create_buffer(&GpuBufferDescriptor {
        size,
        usage,
        mapped_at_creation: None,
        label: None,
    })
}

/// A buffer that is none: storage and mapping exclude each other.
fn wrong(device: &GpuDevice) {
    let usage = GpuBufferUsage::map_read() | GpuBufferUsage::storage();
    drop(buffer(device, 16, usage));
}

fn scope(device: &GpuDevice) -> Result<String, String> {
    device.push_error_scope(GpuErrorFilter::Validation);
    wrong(device);
    let caught = device.pop_error_scope().map_err(|e| e.message)?;
    let caught = caught.ok_or("nothing was caught")?;
    let beyond = device.pop_error_scope().is_err();
    Ok(format!(
        "{:?}, and no scope beyond: {beyond}",
        caught.kind()
    ))
}

fn double(device: &GpuDevice, query: &str) -> Result<String, String> {
    let data: Vec<u8> = query
        .split('&')
        .filter_map(|number| number.parse::<u32>().ok())
        .flat_map(u32::to_le_bytes)
        .collect();
    let size = data.len() as u64;
    let pipeline = pipeline(device, DOUBLE).map_err(|e| e.message)?;
    let usage = GpuBufferUsage::storage() | GpuBufferUsage::copy_src() | GpuBufferUsage::copy_dst();
    let numbers = buffer(device, size, usage);
    let queue = device.queue();
    queue
        .write_buffer_with_copy(&numbers, 0, &data, None, None)
        .map_err(|e| e.message)?;
    let group = device.create_bind_group(&GpuBindGroupDescriptor {
        layout: &pipeline.get_bind_group_layout(0),
        entries: vec![GpuBindGroupEntry {
            binding: 0,
            resource: GpuBindingResource::GpuBufferBinding(GpuBufferBinding {
                buffer: &numbers,
                offset: None,
                size: None,
            }),
        }],
        label: None,
    });
    let encoder = device.create_command_encoder(None);
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, Some(&group), None, None, None)
        .map_err(|e| e.message)?;
    pass.dispatch_workgroups((size / 4) as u32, None, None);
    pass.end();
    let back = readable(device, size);
    encoder.copy_buffer_to_buffer(&numbers, 0, &back, 0, size);
    let bytes = read(device, encoder, &back)?;
    let numbers = bytes
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]).to_string());
    Ok(numbers.collect::<Vec<_>>().join(" "))
}

/// Clears a texture to green in a render pass, and says its first pixel.
fn cleared(device: &GpuDevice, texture: &GpuTexture) -> Result<String, String> {
    let encoder = device.create_command_encoder(None);
    let view = texture.create_view(None);
    let pass = encoder.begin_render_pass(&GpuRenderPassDescriptor {
        color_attachments: vec![Some(GpuRenderPassColorAttachment {
            view: &view,
            depth_slice: None,
            resolve_target: None,
            clear_value: Some(GpuColor {
                r: 0.0,
                g: 1.0,
                b: 0.0,
                a: 1.0,
            }),
            load_op: GpuLoadOp::Clear,
            store_op: GpuStoreOp::Store,
        })],
        depth_stencil_attachment: None,
        occlusion_query_set: None,
        timestamp_writes: None,
        max_draw_count: None,
        label: None,
    });
    pass.end();
    let back = readable(device, 256);
    encoder.copy_texture_to_buffer(
        &GpuTexelCopyTextureInfo {
            texture,
            mip_level: None,
            origin: None,
            aspect: None,
        },
        &GpuTexelCopyBufferInfo {
            buffer: &back,
            offset: None,
            bytes_per_row: Some(256),
            rows_per_image: None,
        },
        GpuExtent3D {
            width: 1,
            height: None,
            depth_or_array_layers: None,
        },
    );
    let bytes = read(device, encoder, &back)?;
    Ok(format!("{:?}", &bytes[..4]))
}

fn readable(device: &GpuDevice, size: u64) -> GpuBuffer {
    let usage = GpuBufferUsage::map_read() | GpuBufferUsage::copy_dst();
    buffer(device, size, usage)
}

fn read(
    device: &GpuDevice,
    encoder: GpuCommandEncoder,
    back: &GpuBuffer,
) -> Result<Vec<u8>, String> {
    let queue = device.queue();
    queue.submit(&[&encoder.finish(None)]);
    queue.on_submitted_work_done();
    back.map_async(GpuMapMode::read(), None, None)
        .map_err(|e| e.message)?;
    let bytes = back
        .get_mapped_range_get_with_copy(None, None)
        .map_err(|e| e.message)?;
    back.unmap().map_err(|e| e.message)?;
    Ok(bytes)
}

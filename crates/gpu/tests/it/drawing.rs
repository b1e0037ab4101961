//! Drawing to a texture on the software adapter, pixel by pixel.

use weft_gpu::error::ErrorKind;
use weft_gpu::objects::{
    CommandEncoderDescriptor, PassChannel, QuerySetDescriptor, QueryType,
    RenderBundleEncoderDescriptor, RenderPassDepthStencilAttachment, RenderPassDescriptor,
};
use weft_gpu::quota::Quota;
use wgpu_core::device::HostMap;
use wgpu_types as wgt;

use crate::canvas::{
    BLACK, Canvas, EVERYWHERE, GREEN, LEFT_HALF, RED, SIDE, cleared, filled, sheet, texture,
    vertices, view, with_vertices,
};
use crate::support::{assert_nothing_is_charged, device, vulkan};

const ALL: usize = (SIDE * SIDE) as usize;

fn canvas() -> Canvas {
    Canvas::new(&device(&vulkan(Quota::default())))
}

#[tokio::test]
async fn a_pass_without_draws_clears() {
    assert_eq!(canvas().draw(|_| {}).await.count(BLACK), ALL);
}

#[tokio::test]
async fn a_triangle_covers_its_pixels_and_no_others() {
    let canvas = canvas();
    let pipeline = canvas.pipeline(LEFT_HALF);
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.draw(3, 1, 0, 0);
        })
        .await;
    assert_eq!(pixels.at(0, SIDE / 2), RED);
    assert_eq!(pixels.at(SIDE - 1, SIDE / 2), BLACK);
    let red = pixels.count(RED);
    assert_eq!(red + pixels.count(BLACK), ALL);
    assert!(red > 0 && red <= ALL / 2, "{red}");
}

#[tokio::test]
async fn vertices_come_from_the_bound_part_of_a_buffer() {
    let canvas = canvas();
    let pipeline = canvas
        .device
        .create_render_pipeline(with_vertices(&canvas.device));
    let both = [sheet(0.0, 0.0), sheet(0.0, 1.0)].concat();
    let buffer = vertices(&canvas.device, &both);
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&buffer), 6 * 16, None);
            pass.draw(6, 1, 0, 0);
        })
        .await;
    assert_eq!(pixels.count(GREEN), ALL);
}

#[tokio::test]
async fn indices_choose_vertices() {
    let canvas = canvas();
    let pipeline = canvas
        .device
        .create_render_pipeline(with_vertices(&canvas.device));
    let corners = [
        [-1.0, -1.0, 0.0, 1.0],
        [3.0, -1.0, 0.0, 1.0],
        [-1.0, 3.0, 0.0, 1.0],
    ];
    let buffer = vertices(&canvas.device, &corners);
    let indices: Vec<u8> = [0_u16, 1, 2, 0]
        .into_iter()
        .flat_map(u16::to_ne_bytes)
        .collect();
    let indices = filled(&canvas.device, wgt::BufferUsages::INDEX, &indices);
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&buffer), 0, None);
            pass.set_index_buffer(&indices, wgt::IndexFormat::Uint16, 0, Some(6));
            pass.draw_indexed(3, 1, 0, 0, 0);
        })
        .await;
    assert_eq!(pixels.count(GREEN), ALL);
}

#[tokio::test]
async fn a_part_without_bytes_binds_nothing_and_a_draw_from_it_is_refused() {
    let canvas = canvas();
    let device = &canvas.device;
    let pipeline = device.create_render_pipeline(with_vertices(device));
    let buffer = vertices(device, &sheet(0.0, 0.0));
    device.errors().push_scope(ErrorKind::Validation);
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    let pass = encoder.begin_render_pass(&RenderPassDescriptor {
        color_attachments: vec![Some(cleared(view(&canvas.texture)))],
        ..RenderPassDescriptor::default()
    });
    pass.set_pipeline(&pipeline);
    pass.set_vertex_buffer(0, Some(&buffer), 0, Some(0));
    pass.draw(6, 1, 0, 0);
    pass.end();
    drop(encoder.finish(&CommandEncoderDescriptor::default()));
    let error = device.errors().pop_scope().unwrap().expect("an error");
    assert!(error.message.contains("ertex"), "{}", error.message);
}

#[tokio::test]
async fn what_is_nearer_covers_what_is_behind_it() {
    let canvas = canvas();
    let device = &canvas.device;
    let mut descriptor = with_vertices(device);
    descriptor.depth_stencil = Some(wgt::DepthStencilState {
        format: wgt::TextureFormat::Depth32Float,
        depth_write_enabled: Some(true),
        depth_compare: Some(wgt::CompareFunction::Less),
        stencil: wgt::StencilState::default(),
        bias: wgt::DepthBiasState::default(),
    });
    let pipeline = device.create_render_pipeline(descriptor);
    let depth = texture(device, 1, wgt::TextureFormat::Depth32Float);
    let near = vertices(device, &sheet(0.2, 1.0));
    let far = vertices(device, &sheet(0.8, 0.0));
    let pass = RenderPassDescriptor {
        color_attachments: vec![Some(cleared(view(&canvas.texture)))],
        depth_stencil_attachment: Some(RenderPassDepthStencilAttachment {
            view: view(&depth),
            depth: PassChannel {
                load_op: Some(wgt::LoadOp::Clear(Some(1.0))),
                store_op: Some(wgt::StoreOp::Store),
                read_only: false,
            },
            stencil: PassChannel {
                load_op: None,
                store_op: None,
                read_only: true,
            },
        }),
        ..RenderPassDescriptor::default()
    };
    let pixels = canvas
        .pass(pass, |pass| {
            pass.set_pipeline(&pipeline);
            for sheet in [&near, &far] {
                pass.set_vertex_buffer(0, Some(sheet), 0, None);
                pass.draw(6, 1, 0, 0);
            }
        })
        .await;
    assert_eq!(pixels.count(GREEN), ALL);
}

#[tokio::test]
async fn colours_are_blended() {
    let canvas = canvas();
    let device = &canvas.device;
    let mut descriptor = with_vertices(device);
    let fragment = descriptor.fragment.as_mut().unwrap();
    let both = wgt::BlendComponent {
        src_factor: wgt::BlendFactor::One,
        dst_factor: wgt::BlendFactor::One,
        operation: wgt::BlendOperation::Add,
    };
    fragment.targets = vec![Some(wgt::ColorTargetState {
        format: wgt::TextureFormat::Rgba8Unorm,
        blend: Some(wgt::BlendState {
            color: both,
            alpha: both,
        }),
        write_mask: wgt::ColorWrites::ALL,
    })];
    let pipeline = device.create_render_pipeline(descriptor);
    let all = [sheet(0.0, 0.0), sheet(0.0, 1.0)].concat();
    let buffer = vertices(device, &all);
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&buffer), 0, None);
            pass.draw(12, 1, 0, 0);
        })
        .await;
    assert_eq!(pixels.count([255, 255, 0, 255]), ALL);
}

#[tokio::test]
async fn only_the_scissor_is_drawn() {
    let canvas = canvas();
    let pipeline = canvas.pipeline(EVERYWHERE);
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_scissor_rect(2, 3, 4, 5);
            pass.draw(3, 1, 0, 0);
        })
        .await;
    assert_eq!(pixels.count(RED), 20);
    assert_eq!((pixels.at(2, 3), pixels.at(1, 3)), (RED, BLACK));
}

#[tokio::test]
async fn only_the_viewport_is_drawn() {
    let canvas = canvas();
    let pipeline = canvas
        .device
        .create_render_pipeline(with_vertices(&canvas.device));
    let buffer = vertices(&canvas.device, &sheet(0.0, 1.0));
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&buffer), 0, None);
            pass.set_viewport(0.0, 0.0, 8.0, 4.0, (0.0, 1.0));
            pass.draw(6, 1, 0, 0);
        })
        .await;
    assert_eq!(pixels.count(GREEN), 32);
}

#[tokio::test]
async fn samples_are_resolved() {
    let canvas = canvas();
    let device = &canvas.device;
    let mut descriptor = crate::canvas::pipeline(device, LEFT_HALF);
    descriptor.multisample.count = 4;
    let pipeline = device.create_render_pipeline(descriptor);
    let samples = texture(device, 4, wgt::TextureFormat::Rgba8Unorm);
    let mut attachment = cleared(view(&samples));
    attachment.resolve_target = Some(view(&canvas.texture));
    let pass = RenderPassDescriptor {
        color_attachments: vec![Some(attachment)],
        ..RenderPassDescriptor::default()
    };
    let pixels = canvas
        .pass(pass, |pass| {
            pass.set_pipeline(&pipeline);
            pass.draw(3, 1, 0, 0);
        })
        .await;
    let whole = pixels.count(RED) + pixels.count(BLACK);
    assert!(whole < ALL, "the edge of the triangle is soft");
    assert!(pixels.count(RED) > 0);
}

#[tokio::test]
async fn a_bundle_draws_what_its_commands_would() {
    let canvas = canvas();
    let device = &canvas.device;
    let pipeline = canvas.pipeline(LEFT_HALF);
    let direct = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.draw(3, 1, 0, 0);
        })
        .await;
    let bundle = device.create_render_bundle_encoder(&RenderBundleEncoderDescriptor {
        label: None,
        color_formats: vec![Some(wgt::TextureFormat::Rgba8Unorm)],
        depth_stencil: None,
        sample_count: 1,
    });
    bundle.set_pipeline(&pipeline);
    bundle.draw(3, 1, 0, 0);
    let bundle = bundle.finish(None);
    let bundled = canvas.draw(|pass| pass.execute_bundles(&[bundle])).await;
    assert_eq!(bundled.count(RED), direct.count(RED));
    assert!(bundled.count(RED) > 0);
}

#[tokio::test]
async fn a_draw_can_be_told_by_a_buffer() {
    let canvas = canvas();
    let pipeline = canvas.pipeline(EVERYWHERE);
    let words: Vec<u8> = [3_u32, 1, 0, 0]
        .into_iter()
        .flat_map(u32::to_ne_bytes)
        .collect();
    let told = filled(&canvas.device, wgt::BufferUsages::INDIRECT, &words);
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.draw_indirect(&told, 0);
        })
        .await;
    assert_eq!(pixels.count(RED), ALL);
}

#[tokio::test]
async fn an_occlusion_query_tells_whether_something_was_drawn() {
    let canvas = canvas();
    let device = &canvas.device;
    let pipeline = canvas.pipeline(EVERYWHERE);
    let queries = device
        .create_query_set(&QuerySetDescriptor {
            label: None,
            kind: QueryType::Occlusion,
            count: 2,
        })
        .unwrap();
    let resolved = device.create_buffer(&wgt::BufferDescriptor {
        label: None,
        size: 16,
        usage: wgt::BufferUsages::QUERY_RESOLVE | wgt::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    let back = device.create_buffer(&wgt::BufferDescriptor {
        label: None,
        size: 16,
        usage: wgt::BufferUsages::COPY_DST | wgt::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let descriptor = RenderPassDescriptor {
        color_attachments: vec![Some(cleared(view(&canvas.texture)))],
        occlusion_query_set: Some(queries.clone()),
        ..RenderPassDescriptor::default()
    };
    canvas
        .record(|encoder| {
            let pass = encoder.begin_render_pass(&descriptor);
            pass.set_pipeline(&pipeline);
            pass.begin_occlusion_query(0);
            pass.draw(3, 1, 0, 0);
            pass.end_occlusion_query();
            pass.begin_occlusion_query(1);
            pass.end_occlusion_query();
            pass.end();
            encoder.resolve_query_set(&queries, 0, 2, &resolved, 0);
            encoder.copy_buffer_to_buffer(&resolved, 0, &back, 0, None);
        })
        .await;
    back.map_async(HostMap::Read, 0, None).await.unwrap();
    let counts = back.read_mapped(0, None, <[u8]>::to_vec).unwrap();
    let count = |at: usize| u64::from_ne_bytes(counts[at..at + 8].try_into().unwrap());
    assert!(count(0) > 0);
    assert_eq!(count(8), 0);
}

#[tokio::test]
async fn texels_are_copied_between_textures() {
    let canvas = canvas();
    let device = &canvas.device;
    let red = Canvas::new(device);
    let pipeline = red.pipeline(EVERYWHERE);
    red.draw(|pass| {
        pass.set_pipeline(&pipeline);
        pass.draw(3, 1, 0, 0);
    })
    .await;
    canvas.draw(|_| {}).await;
    let mut to = canvas.whole();
    to.origin.x = 3;
    let size = wgt::Extent3d {
        width: 2,
        height: 2,
        depth_or_array_layers: 1,
    };
    let pixels = canvas
        .record(|encoder| encoder.copy_texture_to_texture(&red.whole(), &to, size))
        .await;
    assert_eq!(pixels.count(RED), 4);
    assert_eq!((pixels.at(3, 0), pixels.at(2, 0)), (RED, BLACK));
}

#[tokio::test]
async fn a_picture_gives_all_its_memory_back() {
    let lease = vulkan(Quota::default());
    let canvas = Canvas::new(&device(&lease));
    let pipeline = canvas.pipeline(EVERYWHERE);
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.draw(3, 1, 0, 0);
        })
        .await;
    canvas.device.queue().on_submitted_work_done().await;
    drop((canvas, pipeline));
    // The flight holds what it used until the gate has seen its end.
    while lease.account().used(weft_gpu::ledger::Charged::Submissions) > 0 {
        tokio::task::yield_now().await;
    }
    while lease.account().used(weft_gpu::ledger::Charged::Devices) > 0 {
        tokio::task::yield_now().await;
    }
    assert_nothing_is_charged(&lease);
}

//! What a draw takes from buffers: indices, instances, its own arguments, and nothing.

use weft_gpu::objects::{
    Buffer, RenderBundleEncoder, RenderBundleEncoderDescriptor, RenderPass, RenderPassDescriptor,
    VertexBufferLayout,
};
use wgpu_types as wgt;
use wgt::{BufferUsages, IndexFormat};

use crate::bench::{bench, bytes, empty, recorded, refused};
use crate::canvas::{
    BLACK, Canvas, EVERYWHERE, GREEN, RED, SIDE, cleared, filled, pipeline, sheet, vertices, view,
    with_vertices,
};

const ALL: usize = (SIDE * SIDE) as usize;

/// Instance 0 is the left half, in red, instance 1 the right half, in green.
const HALVES: &str = "
    struct Vertex { @builtin(position) position: vec4f, @location(0) colour: vec4f }
    @vertex fn vs(@builtin(vertex_index) i: u32, @location(0) colour: vec4f,
                  @builtin(instance_index) instance: u32) -> Vertex {
        let corners = array(vec2f(-1.0, -1.0), vec2f(0.0, -1.0), vec2f(-1.0, 1.0),
                            vec2f(-1.0, 1.0), vec2f(0.0, -1.0), vec2f(0.0, 1.0));
        let at = corners[i] + vec2f(f32(instance), 0.0);
        return Vertex(vec4f(at, 0.0, 1.0), colour);
    }
    @fragment fn fs(vertex: Vertex) -> @location(0) vec4f { return vertex.colour; }";

fn canvas() -> Canvas {
    Canvas::new(&bench())
}

/// A triangle over everything, behind a vertex that makes it nothing.
fn corners(canvas: &Canvas) -> Buffer {
    let corners = [
        [9.0, 9.0, 0.0, 1.0],
        [-1.0, -1.0, 0.0, 1.0],
        [3.0, -1.0, 0.0, 1.0],
        [-1.0, 3.0, 0.0, 1.0],
    ];
    vertices(&canvas.device, &corners)
}

fn indices(canvas: &Canvas, words: &[u32]) -> Buffer {
    filled(&canvas.device, BufferUsages::INDEX, &bytes(words))
}

fn told(canvas: &Canvas, words: &[u32]) -> Buffer {
    filled(&canvas.device, BufferUsages::INDIRECT, &bytes(words))
}

fn bundle(canvas: &Canvas) -> RenderBundleEncoder {
    canvas
        .device
        .create_render_bundle_encoder(&RenderBundleEncoderDescriptor {
            label: None,
            color_formats: vec![Some(wgt::TextureFormat::Rgba8Unorm)],
            depth_stencil: None,
            sample_count: 1,
        })
}

/// That a pass with these commands is refused with this word.
async fn pass_refused(canvas: &Canvas, word: &str, draw: impl FnOnce(&RenderPass)) {
    refused(&canvas.device, word, || {
        let commands = recorded(&canvas.device, |encoder| {
            let pass = encoder.begin_render_pass(&RenderPassDescriptor {
                color_attachments: vec![Some(cleared(view(&canvas.texture)))],
                ..RenderPassDescriptor::default()
            });
            draw(&pass);
            pass.end();
        });
        canvas.device.queue().submit(&[commands]);
    })
    .await;
}

#[tokio::test]
async fn indices_have_32_bits_too_and_a_base_is_added() {
    let canvas = canvas();
    let pipeline = canvas
        .device
        .create_render_pipeline(with_vertices(&canvas.device));
    let (buffer, indices) = (corners(&canvas), indices(&canvas, &[77, 0, 1, 2]));
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&buffer), 0, None);
            pass.set_index_buffer(&indices, IndexFormat::Uint32, 0, None);
            pass.draw_indexed(3, 1, 1, 1, 0);
        })
        .await;
    assert_eq!(pixels.count(GREEN), ALL);
}

#[tokio::test]
async fn an_index_buffer_is_bound_from_its_offset_on() {
    let canvas = canvas();
    let pipeline = canvas
        .device
        .create_render_pipeline(with_vertices(&canvas.device));
    let (buffer, indices) = (corners(&canvas), indices(&canvas, &[0, 0, 1, 2, 3]));
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&buffer), 0, None);
            pass.set_index_buffer(&indices, IndexFormat::Uint32, 8, Some(12));
            pass.draw_indexed(3, 1, 0, 0, 0);
        })
        .await;
    assert_eq!(pixels.count(GREEN), ALL);
}

#[tokio::test]
async fn every_instance_has_its_place_and_its_colour() {
    let canvas = canvas();
    let mut halves = pipeline(&canvas.device, HALVES);
    halves.vertex.buffers = vec![Some(VertexBufferLayout {
        array_stride: 16,
        step_mode: wgt::VertexStepMode::Instance,
        attributes: vec![wgt::VertexAttribute {
            format: wgt::VertexFormat::Float32x4,
            offset: 0,
            shader_location: 0,
        }],
    })];
    let halves = canvas.device.create_render_pipeline(halves);
    let colours = vertices(
        &canvas.device,
        &[[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]],
    );
    let draw = |first, count| {
        let (halves, colours) = (halves.clone(), colours.clone());
        canvas.draw(move |pass| {
            pass.set_pipeline(&halves);
            pass.set_vertex_buffer(0, Some(&colours), 0, None);
            pass.draw(6, count, 0, first);
        })
    };
    let both = draw(0, 2).await;
    assert_eq!((both.count(RED), both.count(GREEN)), (ALL / 2, ALL / 2));
    assert_eq!((both.at(0, 0), both.at(SIDE - 1, 0)), (RED, GREEN));
    let second = draw(1, 1).await;
    assert_eq!(
        (second.count(BLACK), second.count(GREEN)),
        (ALL / 2, ALL / 2)
    );
    assert_eq!(draw(0, 0).await.count(BLACK), ALL);
}

#[tokio::test]
async fn a_pass_clears_to_any_colour() {
    let canvas = canvas();
    for colour in [[255, 255, 255, 255], [51, 102, 204, 0], [0, 255, 0, 127]] {
        let [r, g, b, a] = colour.map(|channel: u8| f64::from(channel) / 255.0);
        let mut attachment = cleared(view(&canvas.texture));
        attachment.load_op = wgt::LoadOp::Clear(wgt::Color { r, g, b, a });
        let pass = RenderPassDescriptor {
            color_attachments: vec![Some(attachment)],
            ..RenderPassDescriptor::default()
        };
        assert_eq!(canvas.pass(pass, |_| {}).await.count(colour), ALL);
    }
}

#[tokio::test]
async fn a_pass_that_loads_keeps_what_is_there() {
    let canvas = canvas();
    let everywhere = canvas.pipeline(EVERYWHERE);
    canvas
        .draw(|pass| {
            pass.set_pipeline(&everywhere);
            pass.draw(3, 1, 0, 0);
        })
        .await;
    let mut attachment = cleared(view(&canvas.texture));
    attachment.load_op = wgt::LoadOp::Load;
    let pass = RenderPassDescriptor {
        color_attachments: vec![Some(attachment)],
        ..RenderPassDescriptor::default()
    };
    assert_eq!(canvas.pass(pass, |_| {}).await.count(RED), ALL);
}

#[tokio::test]
async fn an_index_buffer_without_bytes_has_no_indices() {
    let canvas = canvas();
    let pipeline = canvas
        .device
        .create_render_pipeline(with_vertices(&canvas.device));
    let (buffer, indices) = (corners(&canvas), indices(&canvas, &[0, 1, 2, 3]));
    for offset in [0, 8, 16] {
        let bind = |pass: &RenderPass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&buffer), 0, None);
            pass.set_index_buffer(&indices, IndexFormat::Uint32, offset, Some(0));
        };
        let none = canvas.draw(|pass| {
            bind(pass);
            pass.draw_indexed(0, 1, 0, 0, 0);
        });
        assert_eq!(none.await.count(BLACK), ALL);
        let one = |pass: &RenderPass| {
            bind(pass);
            pass.draw_indexed(1, 1, 0, 0, 0);
        };
        pass_refused(&canvas, "ndex", one).await;
    }
}

#[tokio::test]
async fn in_a_bundle_too_a_part_without_bytes_binds_nothing() {
    let canvas = canvas();
    let device = &canvas.device;
    let pipeline = device.create_render_pipeline(with_vertices(device));
    let sheet = vertices(device, &sheet(0.0, 1.0));
    let indices = indices(&canvas, &[0, 1, 2, 3]);
    let bound = |vertices: Option<u64>, indexed: Option<u64>| {
        let bundle = bundle(&canvas);
        bundle.set_pipeline(&pipeline);
        bundle.set_vertex_buffer(0, Some(&sheet), 0, vertices);
        bundle.set_index_buffer(&indices, IndexFormat::Uint32, 0, indexed);
        bundle
    };
    refused(device, "ertex", || {
        let bundle = bound(Some(0), None);
        bundle.draw(6, 1, 0, 0);
        drop(bundle.finish(None));
    })
    .await;
    refused(device, "ndex", || {
        let bundle = bound(None, Some(0));
        bundle.draw_indexed(3, 1, 0, 0, 0);
        drop(bundle.finish(None));
    })
    .await;
    let empty = bound(Some(0), Some(0));
    empty.draw_indexed(0, 1, 0, 0, 0);
    let empty = empty.finish(None);
    let pixels = canvas.draw(|pass| pass.execute_bundles(&[empty])).await;
    assert_eq!(pixels.count(BLACK), ALL);
}

#[tokio::test]
async fn a_draw_by_indices_can_be_told_by_a_buffer() {
    let canvas = canvas();
    let pipeline = canvas
        .device
        .create_render_pipeline(with_vertices(&canvas.device));
    let (buffer, indices) = (corners(&canvas), indices(&canvas, &[7, 0, 1, 2]));
    let told = told(&canvas, &[u32::MAX, 3, 1, 1, 1, 0]);
    let direct = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&buffer), 0, None);
            pass.set_index_buffer(&indices, IndexFormat::Uint32, 0, None);
            pass.draw_indexed_indirect(&told, 4);
        })
        .await;
    assert_eq!(direct.count(GREEN), ALL);
    let bundle = bundle(&canvas);
    bundle.set_pipeline(&pipeline);
    bundle.set_vertex_buffer(0, Some(&buffer), 0, None);
    bundle.set_index_buffer(&indices, IndexFormat::Uint32, 0, None);
    bundle.draw_indexed_indirect(&told, 4);
    let bundle = bundle.finish(None);
    let bundled = canvas.draw(|pass| pass.execute_bundles(&[bundle])).await;
    assert_eq!(bundled.count(GREEN), ALL);
}

#[tokio::test]
async fn a_buffer_that_tells_more_than_is_bound_draws_nothing() {
    let canvas = canvas();
    let pipeline = canvas
        .device
        .create_render_pipeline(with_vertices(&canvas.device));
    let (buffer, indices) = (corners(&canvas), indices(&canvas, &[1, 2, 3]));
    let many = told(&canvas, &[3, 1, 2, 0]);
    let indexed = told(&canvas, &[4, 1, 0, 0, 0]);
    let beyond = told(&canvas, &[3, 1, u32::MAX, 0, 0]);
    let instances = told(&canvas, &[3, 1, 1, u32::MAX]);
    let pixels = canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&buffer), 0, None);
            pass.set_index_buffer(&indices, IndexFormat::Uint32, 0, None);
            pass.draw_indirect(&many, 0);
            pass.draw_indexed_indirect(&indexed, 0);
            pass.draw_indexed_indirect(&beyond, 0);
            // Without the feature for it, a first instance makes the draw nothing.
            pass.draw_indirect(&instances, 0);
        })
        .await;
    assert_eq!(pixels.count(BLACK), ALL);
}

#[tokio::test]
async fn a_draw_is_not_told_by_what_is_odd_beyond_the_end_or_for_something_else() {
    let canvas = canvas();
    let everywhere = canvas.pipeline(EVERYWHERE);
    let told = told(&canvas, &[3, 1, 0, 0, 3, 1, 0, 0]);
    let other = empty(&canvas.device, BufferUsages::STORAGE, 64);
    let cases = [
        (&told, 2, "multiple of 4"),
        (&told, 20, "uffer"),
        (&told, u64::MAX - 3, "uffer"),
        (&other, 0, "INDIRECT"),
    ];
    for (buffer, offset, word) in cases {
        let draw = |pass: &RenderPass| {
            pass.set_pipeline(&everywhere);
            pass.draw_indirect(buffer, offset);
        };
        pass_refused(&canvas, word, draw).await;
        refused(&canvas.device, word, || {
            let bundle = bundle(&canvas);
            bundle.set_pipeline(&everywhere);
            bundle.draw_indirect(buffer, offset);
            let bundle = bundle.finish(None);
            let commands = recorded(&canvas.device, |encoder| {
                let pass = encoder.begin_render_pass(&RenderPassDescriptor {
                    color_attachments: vec![Some(cleared(view(&canvas.texture)))],
                    ..RenderPassDescriptor::default()
                });
                pass.execute_bundles(&[bundle]);
                pass.end();
            });
            drop(commands);
        })
        .await;
    }
}

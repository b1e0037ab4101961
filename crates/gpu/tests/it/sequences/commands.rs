//! Calls that record commands, submit them, and write through the queue.

use arbitrary::Arbitrary;
use weft_gpu::objects::{
    CommandEncoderDescriptor, ComputePassDescriptor, PassChannel, PassTimestampWrites,
    RenderBundleEncoderDescriptor, RenderPassColorAttachment, RenderPassDepthStencilAttachment,
    RenderPassDescriptor, TexelCopyBufferInfo, TexelCopyTextureInfo,
};
use wgpu_types as wgt;

use super::number::{Choice, Float, Number, Slot};
use super::resources::{ASPECTS, FORMATS};
use super::world::World;

#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Call {
    Encoder(Slot),
    ComputePass(Slot, Option<Timestamps>),
    RenderPass(Slot, Box<Attachments>),
    Bundler {
        device: Slot,
        format: Option<Choice>,
        depth: Option<Choice>,
        samples: Choice,
    },
    CopyBuffers {
        encoder: Slot,
        from: (Slot, Number),
        to: (Slot, Number),
        size: Option<Number>,
    },
    BufferToTexture(Slot, Texels),
    TextureToBuffer(Slot, Texels),
    CopyTextures(Slot, Texels, Slot),
    Clear(Slot, Slot, Number, Option<Number>),
    Resolve(Slot, Slot, (Number, Number), Slot, Number),
    Group(Slot, bool),
    Marker(Slot),
    Finish(Slot),
    Submit(Slot, [Option<Slot>; 3]),
    Done(Slot),
    WriteBuffer(Slot, Slot, Number, u16),
    WriteTexture(Slot, Texels, u16),
}

#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Timestamps {
    queries: Slot,
    first: Option<Number>,
    last: Option<Number>,
}

#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Attachments {
    color: Option<(Slot, Option<Slot>, Option<Number>, bool)>,
    depth: Option<(Slot, Option<Float>, bool)>,
    occlusion: Option<Slot>,
    timestamps: Option<Timestamps>,
}

/// A part of a texture, and where it is in a buffer.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Texels {
    buffer: Slot,
    offset: Number,
    row: Option<Number>,
    rows: Option<Number>,
    texture: Slot,
    mip: Number,
    origin: [Number; 3],
    aspect: Choice,
    size: [Number; 3],
}

impl Timestamps {
    fn of(&self, world: &World) -> Option<PassTimestampWrites> {
        Some(PassTimestampWrites {
            query_set: world.queries.get(self.queries)?.clone(),
            beginning_of_pass_write_index: self.first.map(Number::short),
            end_of_pass_write_index: self.last.map(Number::short),
        })
    }
}

impl Attachments {
    fn of(&self, world: &World) -> RenderPassDescriptor {
        let color = self
            .color
            .as_ref()
            .and_then(|(view, resolve, slice, clear)| {
                Some(RenderPassColorAttachment {
                    view: world.views.get(*view)?.clone(),
                    depth_slice: slice.map(Number::short),
                    resolve_target: resolve.and_then(|slot| world.views.get(slot).cloned()),
                    load_op: if *clear {
                        wgt::LoadOp::Clear(wgt::Color::RED)
                    } else {
                        wgt::LoadOp::Load
                    },
                    store_op: wgt::StoreOp::Store,
                })
            });
        let depth = self.depth.as_ref().and_then(|(view, clear, read_only)| {
            Some(RenderPassDepthStencilAttachment {
                view: world.views.get(*view)?.clone(),
                depth: PassChannel {
                    load_op: clear.map(|clear| wgt::LoadOp::Clear(Some(clear.0))),
                    store_op: clear.map(|_| wgt::StoreOp::Discard),
                    read_only: *read_only,
                },
                stencil: PassChannel {
                    load_op: clear.map(|_| wgt::LoadOp::Clear(None)),
                    store_op: clear.map(|_| wgt::StoreOp::Store),
                    read_only: *read_only,
                },
            })
        });
        RenderPassDescriptor {
            label: None,
            color_attachments: color.into_iter().map(Some).collect(),
            depth_stencil_attachment: depth,
            occlusion_query_set: self
                .occlusion
                .and_then(|slot| world.queries.get(slot).cloned()),
            timestamp_writes: self.timestamps.as_ref().and_then(|writes| writes.of(world)),
            max_draw_count: None,
        }
    }
}

impl Texels {
    fn layout(&self) -> wgt::TexelCopyBufferLayout {
        wgt::TexelCopyBufferLayout {
            offset: self.offset.0,
            bytes_per_row: self.row.map(Number::short),
            rows_per_image: self.rows.map(Number::short),
        }
    }

    fn origin(&self) -> wgt::Origin3d {
        let [x, y, z] = self.origin.map(Number::short);
        wgt::Origin3d { x, y, z }
    }

    fn size(&self) -> wgt::Extent3d {
        let [width, height, depth_or_array_layers] = self.size.map(Number::short);
        wgt::Extent3d {
            width,
            height,
            depth_or_array_layers,
        }
    }

    fn buffer(&self, world: &World) -> Option<TexelCopyBufferInfo> {
        Some(TexelCopyBufferInfo {
            buffer: world.buffers.get(self.buffer)?.clone(),
            layout: self.layout(),
        })
    }

    fn texture(&self, world: &World, slot: Slot) -> Option<TexelCopyTextureInfo> {
        Some(TexelCopyTextureInfo {
            texture: world.textures.get(slot)?.clone(),
            mip_level: self.mip.short(),
            origin: self.origin(),
            aspect: self.aspect.of(&ASPECTS),
        })
    }
}

impl Call {
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each call")]
    pub(crate) fn run(self, world: &mut World) -> Option<()> {
        match self {
            Self::Encoder(device) => {
                let none = CommandEncoderDescriptor::default();
                let made = world.devices.get(device)?.create_command_encoder(&none);
                world.encoders.add(made);
            }
            Self::ComputePass(encoder, timestamps) => {
                let descriptor = ComputePassDescriptor {
                    label: None,
                    timestamp_writes: timestamps.and_then(|writes| writes.of(world)),
                };
                let made = world.encoders.get(encoder)?.begin_compute_pass(&descriptor);
                world.compute_passes.add(made);
            }
            Self::RenderPass(encoder, attachments) => {
                let descriptor = attachments.of(world);
                let made = world.encoders.get(encoder)?.begin_render_pass(&descriptor);
                world.render_passes.add(made);
            }
            Self::Bundler {
                device,
                format,
                depth,
                samples,
            } => {
                let descriptor = RenderBundleEncoderDescriptor {
                    label: None,
                    color_formats: vec![format.map(|format| format.of(&FORMATS))],
                    depth_stencil: depth.map(|format| wgt::RenderBundleDepthStencil {
                        format: format.of(&FORMATS),
                        depth_read_only: false,
                        stencil_read_only: true,
                    }),
                    sample_count: samples.of(&[1, 4, 0, u32::MAX]),
                };
                let made = world
                    .devices
                    .get(device)?
                    .create_render_bundle_encoder(&descriptor);
                world.bundlers.add(made);
            }
            Self::CopyBuffers {
                encoder,
                from,
                to,
                size,
            } => world.encoders.get(encoder)?.copy_buffer_to_buffer(
                world.buffers.get(from.0)?,
                from.1.0,
                world.buffers.get(to.0)?,
                to.1.0,
                size.map(|size| size.0),
            ),
            Self::BufferToTexture(encoder, texels) => {
                world.encoders.get(encoder)?.copy_buffer_to_texture(
                    &texels.buffer(world)?,
                    &texels.texture(world, texels.texture)?,
                    texels.size(),
                );
            }
            Self::TextureToBuffer(encoder, texels) => {
                world.encoders.get(encoder)?.copy_texture_to_buffer(
                    &texels.texture(world, texels.texture)?,
                    &texels.buffer(world)?,
                    texels.size(),
                );
            }
            Self::CopyTextures(encoder, texels, other) => {
                world.encoders.get(encoder)?.copy_texture_to_texture(
                    &texels.texture(world, texels.texture)?,
                    &texels.texture(world, other)?,
                    texels.size(),
                );
            }
            Self::Clear(encoder, buffer, offset, size) => world
                .encoders
                .get(encoder)?
                .clear_buffer(world.buffers.get(buffer)?, offset.0, size.map(|it| it.0)),
            Self::Resolve(encoder, queries, (first, count), buffer, offset) => {
                world.encoders.get(encoder)?.resolve_query_set(
                    world.queries.get(queries)?,
                    first.short(),
                    count.short(),
                    world.buffers.get(buffer)?,
                    offset.0,
                );
            }
            Self::Group(encoder, true) => world.encoders.get(encoder)?.push_debug_group("group"),
            Self::Group(encoder, false) => world.encoders.get(encoder)?.pop_debug_group(),
            Self::Marker(encoder) => world.encoders.get(encoder)?.insert_debug_marker("here"),
            Self::Finish(encoder) => {
                let none = CommandEncoderDescriptor::default();
                let made = world.encoders.get(encoder)?.finish(&none);
                world.commands.add(made);
            }
            Self::Submit(device, commands) => {
                let commands: Vec<_> = commands
                    .into_iter()
                    .filter_map(|slot| world.commands.get(slot?).cloned())
                    .collect();
                world.devices.get(device)?.queue().submit(&commands);
            }
            Self::Done(device) => {
                let done = world.devices.get(device)?.queue().on_submitted_work_done();
                world.wait(done);
            }
            Self::WriteBuffer(device, buffer, offset, bytes) => {
                let queue = world.devices.get(device)?.queue();
                let bytes = vec![7; usize::from(bytes & !3)];
                // A refusal for want of staging memory is as good as any answer.
                let _ = queue.write_buffer(world.buffers.get(buffer)?, offset.0, &bytes);
            }
            Self::WriteTexture(device, texels, bytes) => {
                let destination = wgt::TexelCopyTextureInfo {
                    texture: world.textures.get(texels.texture)?,
                    mip_level: texels.mip.short(),
                    origin: texels.origin(),
                    aspect: texels.aspect.of(&ASPECTS),
                };
                world.devices.get(device)?.queue().write_texture(
                    &destination,
                    &vec![7; usize::from(bytes)],
                    &texels.layout(),
                    &texels.size(),
                );
            }
        }
        Some(())
    }
}

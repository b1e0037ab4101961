//! Calls that make buffers, textures, samplers, query sets, layouts and groups, and use them.

use arbitrary::Arbitrary;
use weft_gpu::objects::{
    BindGroupDescriptor, BindGroupEntry, BindGroupLayoutDescriptor, BindingResource,
    PipelineLayoutDescriptor, QuerySetDescriptor, QueryType, TextureDescriptor,
};
use wgpu_core::device::HostMap;
use wgpu_types as wgt;

use super::number::{Choice, Float, Number, Slot};
use super::world::World;

pub(crate) const FORMATS: [wgt::TextureFormat; 10] = [
    wgt::TextureFormat::Rgba8Unorm,
    wgt::TextureFormat::R32Uint,
    wgt::TextureFormat::Depth24PlusStencil8,
    wgt::TextureFormat::Depth32Float,
    wgt::TextureFormat::Stencil8,
    wgt::TextureFormat::Rgba32Float,
    wgt::TextureFormat::Rgb9e5Ufloat,
    wgt::TextureFormat::Bc1RgbaUnorm,
    wgt::TextureFormat::R8Unorm,
    wgt::TextureFormat::Rgba8UnormSrgb,
];

const USAGES: [u32; 8] = [
    // Everything at once but mapping, which WebGPU lets go with copies only.
    0x3fc, 0x009, 0x006, 0x03ff, 0, 0x100, 0x080, 0x4c,
];

#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Call {
    Buffer {
        device: Slot,
        size: Number,
        usage: Choice,
        mapped: bool,
    },
    Map {
        buffer: Slot,
        write: bool,
        offset: Number,
        size: Option<Number>,
    },
    Read {
        buffer: Slot,
        offset: Number,
        size: Option<Number>,
    },
    Write {
        buffer: Slot,
        offset: Number,
        size: Option<Number>,
        bytes: u8,
    },
    Unmap(Slot),
    DestroyBuffer(Slot),
    Texture {
        device: Slot,
        size: [Number; 3],
        rest: (Number, Choice, Choice),
        format: Choice,
        usage: u8,
        view_format: Option<Choice>,
    },
    DestroyTexture(Slot),
    View {
        texture: Slot,
        format: Option<Choice>,
        dimension: Option<Choice>,
        aspect: Choice,
        mips: (Number, Option<Number>),
        layers: (Number, Option<Number>),
    },
    Sampler {
        device: Slot,
        lod: (Float, Float),
        compare: bool,
        anisotropy: Option<u16>,
        linear: bool,
    },
    Queries {
        device: Slot,
        timestamps: bool,
        count: Number,
    },
    DestroyQueries(Slot),
    GroupLayout {
        device: Slot,
        entries: [Option<(Number, Choice, Number)>; 3],
    },
    Layout {
        device: Slot,
        groups: [Option<Slot>; 2],
        immediates: Choice,
    },
    Group {
        device: Slot,
        layout: Slot,
        entries: [Option<(Number, Resource)>; 3],
    },
}

#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Resource {
    Buffer(Slot, Number, Option<Number>),
    Sampler(Slot),
    View(Slot),
    Texture(Slot),
}

impl Call {
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each call")]
    pub(crate) fn run(self, world: &mut World) -> Option<()> {
        match self {
            Self::Buffer {
                device,
                size,
                usage,
                mapped,
            } => {
                let made = world
                    .devices
                    .get(device)?
                    .create_buffer(&wgt::BufferDescriptor {
                        label: Some("a buffer".to_owned()),
                        size: size.0,
                        usage: wgt::BufferUsages::from_bits_retain(usage.of(&USAGES)),
                        mapped_at_creation: mapped,
                    });
                world.buffers.add(made);
            }
            Self::Map {
                buffer,
                write,
                offset,
                size,
            } => {
                let mode = if write { HostMap::Write } else { HostMap::Read };
                let buffer = world.buffers.get(buffer)?;
                let answer = buffer.map_async(mode, offset.0, size.map(|size| size.0));
                world.wait(async move {
                    // Refusals are as good as any answer.
                    let _ = answer.await;
                });
            }
            Self::Read {
                buffer,
                offset,
                size,
            } => {
                let buffer = world.buffers.get(buffer)?;
                let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
                let _ = buffer.read_mapped(offset.0, size.map(|size| size.0), sum);
            }
            Self::Write {
                buffer,
                offset,
                size,
                bytes,
            } => {
                let buffer = world.buffers.get(buffer)?;
                let size = size.map(|size| size.0);
                // Mostly as many as the range has, so that it is written.
                let bytes = match size.unwrap_or_else(|| buffer.size().saturating_sub(offset.0)) {
                    fitting if fitting < 1 << 20 && bytes < 200 => {
                        usize::try_from(fitting).unwrap_or(0)
                    }
                    _ => usize::from(bytes),
                };
                let _ = buffer.write_mapped(offset.0, size, &vec![7; bytes]);
            }
            Self::Unmap(slot) => world.buffers.get(slot)?.unmap(),
            Self::DestroyBuffer(slot) => world.buffers.get(slot)?.destroy(),
            Self::DestroyTexture(slot) => world.textures.get(slot)?.destroy(),
            Self::DestroyQueries(slot) => world.queries.get(slot)?.destroy(),
            Self::Texture {
                device,
                size: [width, height, layers],
                rest: (mips, samples, dimension),
                format,
                usage,
                view_format,
            } => {
                let usage = if usage < 128 { 0x1f } else { u32::from(usage) };
                let made = world
                    .devices
                    .get(device)?
                    .create_texture(&TextureDescriptor {
                        label: None,
                        size: wgt::Extent3d {
                            width: width.short(),
                            height: height.short(),
                            depth_or_array_layers: layers.short(),
                        },
                        mip_level_count: mips.short(),
                        sample_count: samples.of(&[1, 4, 0, 2, 16, u32::MAX]),
                        dimension: dimension.of(&[
                            wgt::TextureDimension::D2,
                            wgt::TextureDimension::D1,
                            wgt::TextureDimension::D3,
                        ]),
                        format: format.of(&FORMATS),
                        usage: wgt::TextureUsages::from_bits_retain(usage),
                        view_formats: view_format.map(|it| it.of(&FORMATS)).into_iter().collect(),
                    });
                world.textures.add(made);
            }
            Self::View {
                texture,
                format,
                dimension,
                aspect,
                mips,
                layers,
            } => {
                let made = world
                    .textures
                    .get(texture)?
                    .create_view(&wgt::TextureViewDescriptor {
                        label: None,
                        format: format.map(|it| it.of(&FORMATS)),
                        dimension: dimension.map(|it| {
                            it.of(&[
                                wgt::TextureViewDimension::D2,
                                wgt::TextureViewDimension::D1,
                                wgt::TextureViewDimension::D2Array,
                                wgt::TextureViewDimension::Cube,
                                wgt::TextureViewDimension::CubeArray,
                                wgt::TextureViewDimension::D3,
                            ])
                        }),
                        usage: None,
                        aspect: aspect.of(&ASPECTS),
                        base_mip_level: mips.0.short(),
                        mip_level_count: mips.1.map(Number::short),
                        base_array_layer: layers.0.short(),
                        array_layer_count: layers.1.map(Number::short),
                    });
                world.views.add(made);
            }
            Self::Sampler {
                device,
                lod,
                compare,
                anisotropy,
                linear,
            } => {
                let mut descriptor = wgt::SamplerDescriptor {
                    lod_min_clamp: lod.0.0,
                    lod_max_clamp: lod.1.0,
                    compare: compare.then_some(wgt::CompareFunction::Less),
                    anisotropy_clamp: anisotropy.unwrap_or(1),
                    ..wgt::SamplerDescriptor::default()
                };
                if linear {
                    descriptor.mag_filter = wgt::FilterMode::Linear;
                    descriptor.min_filter = wgt::FilterMode::Linear;
                }
                let made = world.devices.get(device)?.create_sampler(&descriptor);
                world.samplers.add(made);
            }
            Self::Queries {
                device,
                timestamps,
                count,
            } => {
                let kind = if timestamps {
                    QueryType::Timestamp
                } else {
                    QueryType::Occlusion
                };
                let descriptor = QuerySetDescriptor {
                    label: None,
                    kind,
                    count: count.short(),
                };
                if let Ok(made) = world.devices.get(device)?.create_query_set(&descriptor) {
                    world.queries.add(made);
                }
            }
            Self::GroupLayout { device, entries } => {
                let entries = entries
                    .into_iter()
                    .flatten()
                    .map(|(binding, kind, least)| entry(binding.short(), kind, least))
                    .collect();
                let descriptor = BindGroupLayoutDescriptor {
                    label: None,
                    entries,
                };
                let made = world
                    .devices
                    .get(device)?
                    .create_bind_group_layout(&descriptor);
                world.group_layouts.add(made);
            }
            Self::Layout {
                device,
                groups,
                immediates,
            } => {
                let bind_group_layouts = groups
                    .into_iter()
                    .map(|slot| world.group_layouts.get(slot?).cloned())
                    .collect();
                let made =
                    world
                        .devices
                        .get(device)?
                        .create_pipeline_layout(&PipelineLayoutDescriptor {
                            label: None,
                            bind_group_layouts,
                            immediate_size: immediates.of(&[0, 4, 1, 64, 1 << 20, u32::MAX]),
                        });
                world.layouts.add(made);
            }
            Self::Group {
                device,
                layout,
                entries,
            } => {
                let layout = world.group_layouts.get(layout)?.clone();
                let entries = entries
                    .into_iter()
                    .flatten()
                    .filter_map(|(binding, resource)| {
                        Some(BindGroupEntry {
                            binding: binding.short(),
                            resource: resource.of(world)?,
                        })
                    })
                    .collect();
                let made = world
                    .devices
                    .get(device)?
                    .create_bind_group(&BindGroupDescriptor {
                        label: None,
                        layout,
                        entries,
                    });
                world.groups.add(made);
            }
        }
        Some(())
    }
}

pub(crate) const ASPECTS: [wgt::TextureAspect; 3] = [
    wgt::TextureAspect::All,
    wgt::TextureAspect::DepthOnly,
    wgt::TextureAspect::StencilOnly,
];

impl Resource {
    fn of(self, world: &World) -> Option<BindingResource> {
        Some(match self {
            Self::Buffer(slot, offset, size) => BindingResource::Buffer {
                buffer: world.buffers.get(slot)?.clone(),
                offset: offset.0,
                size: size.map(|size| size.0),
            },
            Self::Sampler(slot) => BindingResource::Sampler(world.samplers.get(slot)?.clone()),
            Self::View(slot) => BindingResource::TextureView(world.views.get(slot)?.clone()),
            Self::Texture(slot) => BindingResource::Texture(world.textures.get(slot)?.clone()),
        })
    }
}

fn entry(binding: u32, kind: Choice, least: Number) -> wgt::BindGroupLayoutEntry {
    let buffer = |ty, has_dynamic_offset| wgt::BindingType::Buffer {
        ty,
        has_dynamic_offset,
        min_binding_size: wgt::BufferSize::new(least.0),
    };
    let storage = |read_only| wgt::BufferBindingType::Storage { read_only };
    let ty = kind.of(&[
        buffer(storage(false), false),
        buffer(storage(true), true),
        buffer(wgt::BufferBindingType::Uniform, true),
        wgt::BindingType::Sampler(wgt::SamplerBindingType::Filtering),
        wgt::BindingType::Sampler(wgt::SamplerBindingType::Comparison),
        wgt::BindingType::Texture {
            sample_type: wgt::TextureSampleType::Float { filterable: true },
            view_dimension: wgt::TextureViewDimension::D2,
            multisampled: false,
        },
        wgt::BindingType::Texture {
            sample_type: wgt::TextureSampleType::Depth,
            view_dimension: wgt::TextureViewDimension::Cube,
            multisampled: true,
        },
        wgt::BindingType::StorageTexture {
            access: wgt::StorageTextureAccess::WriteOnly,
            format: wgt::TextureFormat::Rgba8Unorm,
            view_dimension: wgt::TextureViewDimension::D2,
        },
    ]);
    wgt::BindGroupLayoutEntry {
        binding,
        visibility: wgt::ShaderStages::from_bits_retain((least.short() % 8) | 4),
        ty,
        count: None,
    }
}

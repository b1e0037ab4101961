//! Calls that make shaders and pipelines, of sources that are good, bad, or were good once.

use arbitrary::Arbitrary;
use weft_gpu::objects::{
    ComputePipelineDescriptor, FragmentState, ProgrammableStage, RenderPipelineDescriptor,
    ShaderModuleDescriptor, VertexBufferLayout, VertexState,
};
use wgpu_types as wgt;

use super::number::{Choice, Float, Number, Slot};
use super::resources::FORMATS;
use super::world::World;

/// Both kinds of pipeline can be made of the first.
pub(crate) const SOURCES: [&str; 6] = [
    "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
     override factor: u32 = 2u;
     @compute @workgroup_size(1) fn compute(@builtin(global_invocation_id) id: vec3u) { data[id.x] *= factor; }
     @vertex fn vertex(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f { return vec4f(f32(i)); }
     @fragment fn fragment() -> @location(0) vec4f { return vec4f(1.0); }",
    "@compute @workgroup_size(64) fn compute() { loop { workgroupBarrier(); } }",
    "@group(0) @binding(0) var t: texture_2d<f32>; @group(0) @binding(1) var s: sampler;
     @vertex fn vertex(@location(0) at: vec4f) -> @builtin(position) vec4f { return at; }
     @fragment fn fragment(@builtin(position) p: vec4f) -> @location(0) vec4f { return textureSample(t, s, p.xy); }",
    "override size: u32; @compute @workgroup_size(size, size, size) fn compute() {}",
    "enable f16; @group(7) @binding(4294967295) var<uniform> a: array<vec4f, 100000>; @compute @workgroup_size(1) fn compute() { _ = a[1]; }",
    "",
];

#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Call {
    Module {
        device: Slot,
        source: Choice,
        damage: Option<Damage>,
    },
    Computer {
        device: Slot,
        layout: Option<Slot>,
        stage: Stage,
        later: bool,
    },
    Painter {
        device: Slot,
        layout: Option<Slot>,
        vertex: Stage,
        fragment: Option<Stage>,
        shape: Shape,
        later: bool,
    },
    LayoutOfComputer(Slot, Number),
    LayoutOfPainter(Slot, Number),
}

/// A part of a source is cut out, or comes again and again.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Damage {
    at: u16,
    length: u8,
    times: u8,
}

#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Stage {
    module: Slot,
    entry: Choice,
    constant: Option<(Choice, Float)>,
}

#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Shape {
    format: Option<Choice>,
    depth: Option<(Choice, bool, Float)>,
    samples: Choice,
    strip: bool,
    vertices: Option<(Number, Number, Number)>,
    blend: bool,
}

impl Damage {
    fn apply(&self, source: &str) -> String {
        let bytes = source.as_bytes();
        let at = usize::from(self.at) % (bytes.len() + 1);
        let end = (at + usize::from(self.length)).min(bytes.len());
        let part = &bytes[at..end];
        let middle = part.repeat(usize::from(self.times));
        String::from_utf8_lossy(&[&bytes[..at], &middle, &bytes[end..]].concat()).into_owned()
    }
}

impl Stage {
    fn of(&self, world: &World, usual: &str) -> Option<ProgrammableStage> {
        let constants = self.constant.iter().map(|(name, value)| {
            let name: &str = name.of(&["factor", "size", "0", "", "nope"]);
            (name.to_owned(), f64::from(value.0))
        });
        Some(ProgrammableStage {
            module: world.modules.get(self.module)?.clone(),
            entry_point: self
                .entry
                .of(&[Some(usual), None, Some("compute"), Some("vertex"), Some("")])
                .map(str::to_owned),
            constants: constants.collect(),
        })
    }
}

impl Shape {
    fn depth(&self) -> Option<wgt::DepthStencilState> {
        self.depth
            .as_ref()
            .map(|(format, writes, bias)| wgt::DepthStencilState {
                format: format.of(&[
                    wgt::TextureFormat::Depth24PlusStencil8,
                    wgt::TextureFormat::Depth32Float,
                    wgt::TextureFormat::Rgba8Unorm,
                ]),
                depth_write_enabled: Some(*writes),
                depth_compare: writes.then_some(wgt::CompareFunction::Less),
                stencil: wgt::StencilState::default(),
                bias: wgt::DepthBiasState {
                    constant: i32::MIN,
                    slope_scale: bias.0,
                    clamp: bias.0,
                },
            })
    }

    fn buffers(&self) -> Vec<Option<VertexBufferLayout>> {
        let buffer = self
            .vertices
            .map(|(array_stride, offset, location)| VertexBufferLayout {
                array_stride: array_stride.0,
                step_mode: wgt::VertexStepMode::Vertex,
                attributes: vec![wgt::VertexAttribute {
                    format: wgt::VertexFormat::Float32x4,
                    offset: offset.0,
                    shader_location: location.short(),
                }],
            });
        buffer.into_iter().map(Some).collect()
    }
}

impl Call {
    pub(crate) fn run(self, world: &mut World) -> Option<()> {
        match self {
            Self::Module {
                device,
                source,
                damage,
            } => {
                let source: &str = source.of(&SOURCES);
                let code = damage.map_or_else(|| source.to_owned(), |damage| damage.apply(source));
                let made = world
                    .devices
                    .get(device)?
                    .create_shader_module(ShaderModuleDescriptor { label: None, code });
                assert!(made.compilation_info().messages.len() < 100);
                world.modules.add(made);
            }
            Self::Computer {
                device,
                layout,
                stage,
                later,
            } => {
                let descriptor = ComputePipelineDescriptor {
                    label: None,
                    layout: layout.and_then(|slot| world.layouts.get(slot).cloned()),
                    compute: stage.of(world, "compute")?,
                };
                let device = world.devices.get(device)?;
                if later {
                    let made = device.create_compute_pipeline_async(descriptor);
                    world.wait(async move { drop(made.await) });
                } else {
                    let made = device.create_compute_pipeline(descriptor);
                    world.computers.add(made);
                }
            }
            Self::Painter {
                device,
                layout,
                vertex,
                fragment,
                shape,
                later,
            } => {
                let target = shape.format.map(|format| wgt::ColorTargetState {
                    format: format.of(&FORMATS),
                    blend: shape.blend.then_some(wgt::BlendState::ALPHA_BLENDING),
                    write_mask: wgt::ColorWrites::ALL,
                });
                let fragment = fragment.and_then(|stage| {
                    Some(FragmentState {
                        stage: stage.of(world, "fragment")?,
                        targets: vec![target],
                    })
                });
                let descriptor = RenderPipelineDescriptor {
                    label: None,
                    layout: layout.and_then(|slot| world.layouts.get(slot).cloned()),
                    vertex: VertexState {
                        stage: vertex.of(world, "vertex")?,
                        buffers: shape.buffers(),
                    },
                    primitive: wgt::PrimitiveState {
                        strip_index_format: shape.strip.then_some(wgt::IndexFormat::Uint16),
                        ..wgt::PrimitiveState::default()
                    },
                    depth_stencil: shape.depth(),
                    multisample: wgt::MultisampleState {
                        count: shape.samples.of(&[1, 4, 0, 3, u32::MAX]),
                        mask: u64::MAX,
                        alpha_to_coverage_enabled: shape.blend && shape.strip,
                    },
                    fragment,
                };
                let device = world.devices.get(device)?;
                if later {
                    let made = device.create_render_pipeline_async(descriptor);
                    world.wait(async move { drop(made.await) });
                } else {
                    let made = device.create_render_pipeline(descriptor);
                    world.painters.add(made);
                }
            }
            Self::LayoutOfComputer(slot, index) => {
                let made = world
                    .computers
                    .get(slot)?
                    .get_bind_group_layout(index.short());
                world.group_layouts.add(made);
            }
            Self::LayoutOfPainter(slot, index) => {
                let made = world
                    .painters
                    .get(slot)?
                    .get_bind_group_layout(index.short());
                world.group_layouts.add(made);
            }
        }
        Some(())
    }
}

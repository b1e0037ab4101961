//! A small picture to draw on, and what is on it afterwards.

use weft_gpu::error::ErrorKind;
use weft_gpu::objects::{
    Buffer, CommandEncoder, CommandEncoderDescriptor, Device, FragmentState, ProgrammableStage,
    RenderPass, RenderPassColorAttachment, RenderPassDescriptor, RenderPipeline,
    RenderPipelineDescriptor, ShaderModuleDescriptor, TexelCopyBufferInfo, TexelCopyTextureInfo,
    Texture, TextureDescriptor, TextureView, VertexBufferLayout, VertexState,
};
use wgpu_core::device::HostMap;
use wgpu_types as wgt;

/// Pixels of one side.
pub(crate) const SIDE: u32 = 16;
/// Bytes of one row in a buffer: WebGPU wants a multiple of 256.
const ROW: u32 = 256;

/// Colours that are exact in eight bits.
pub(crate) const BLACK: [u8; 4] = [0, 0, 0, 255];
pub(crate) const RED: [u8; 4] = [255, 0, 0, 255];
pub(crate) const GREEN: [u8; 4] = [0, 255, 0, 255];

/// A picture of `SIDE` x `SIDE` pixels.
pub(crate) struct Canvas {
    pub(crate) device: Device,
    pub(crate) texture: Texture,
}

/// What is on a picture.
pub(crate) struct Pixels(Vec<u8>);

impl Pixels {
    pub(crate) fn at(&self, x: u32, y: u32) -> [u8; 4] {
        let at = usize::try_from(y * ROW + x * 4).unwrap();
        self.0[at..at + 4].try_into().unwrap()
    }

    /// How many pixels have this colour.
    pub(crate) fn count(&self, colour: [u8; 4]) -> usize {
        let places = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
        places.filter(|(x, y)| self.at(*x, *y) == colour).count()
    }
}

pub(crate) fn texture(device: &Device, samples: u32, format: wgt::TextureFormat) -> Texture {
    let single = samples == 1 && format == wgt::TextureFormat::Rgba8Unorm;
    let copied = wgt::TextureUsages::COPY_SRC | wgt::TextureUsages::COPY_DST;
    device.create_texture(&TextureDescriptor {
        label: None,
        size: wgt::Extent3d {
            width: SIDE,
            height: SIDE,
            depth_or_array_layers: 1,
        },
        mip_level_count: 1,
        sample_count: samples,
        dimension: wgt::TextureDimension::D2,
        format,
        usage: wgt::TextureUsages::RENDER_ATTACHMENT
            | if single {
                copied
            } else {
                wgt::TextureUsages::empty()
            },
        view_formats: Vec::new(),
    })
}

pub(crate) fn view(texture: &Texture) -> TextureView {
    texture.create_view(&wgt::TextureViewDescriptor::default())
}

/// A pass clears to black first.
pub(crate) fn cleared(view: TextureView) -> RenderPassColorAttachment {
    RenderPassColorAttachment {
        view,
        depth_slice: None,
        resolve_target: None,
        load_op: wgt::LoadOp::Clear(wgt::Color::BLACK),
        store_op: wgt::StoreOp::Store,
    }
}

/// A pipeline of one module with `vs` and `fs`.
pub(crate) fn pipeline(device: &Device, code: &str) -> RenderPipelineDescriptor {
    let module = device.create_shader_module(ShaderModuleDescriptor {
        label: None,
        code: code.to_owned(),
    });
    let stage = |entry: &str| ProgrammableStage {
        module: module.clone(),
        entry_point: Some(entry.to_owned()),
        constants: Vec::new(),
    };
    RenderPipelineDescriptor {
        label: None,
        layout: None,
        vertex: VertexState {
            stage: stage("vs"),
            buffers: Vec::new(),
        },
        primitive: wgt::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgt::MultisampleState::default(),
        fragment: Some(FragmentState {
            stage: stage("fs"),
            targets: vec![Some(wgt::TextureFormat::Rgba8Unorm.into())],
        }),
    }
}

/// Positions and colours come from a buffer of `vec4f`: x, y, depth, and red where it is 0, else green.
pub(crate) const FROM_BUFFER: &str = "
    struct Vertex { @builtin(position) position: vec4f, @location(0) green: f32 }
    @vertex fn vs(@location(0) at: vec4f) -> Vertex {
        return Vertex(vec4f(at.xyz, 1.0), at.w);
    }
    @fragment fn fs(vertex: Vertex) -> @location(0) vec4f {
        return vec4f(1.0 - vertex.green, vertex.green, 0.0, 1.0);
    }";

/// One large triangle that covers the left half of the picture.
pub(crate) const LEFT_HALF: &str = "
    @vertex fn vs(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
        let corners = array(vec2f(-1.0, -5.0), vec2f(-1.0, 5.0), vec2f(-1.0, 0.0));
        var at = corners[i];
        if i == 2u { at = vec2f(0.0, 5.0); }
        return vec4f(at, 0.0, 1.0);
    }
    @fragment fn fs() -> @location(0) vec4f { return vec4f(1.0, 0.0, 0.0, 1.0); }";

/// Everything.
pub(crate) const EVERYWHERE: &str = "
    @vertex fn vs(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
        let corners = array(vec2f(-1.0, -1.0), vec2f(3.0, -1.0), vec2f(-1.0, 3.0));
        return vec4f(corners[i], 0.0, 1.0);
    }
    @fragment fn fs() -> @location(0) vec4f { return vec4f(1.0, 0.0, 0.0, 1.0); }";

pub(crate) fn with_vertices(device: &Device) -> RenderPipelineDescriptor {
    let mut descriptor = pipeline(device, FROM_BUFFER);
    descriptor.vertex.buffers = vec![Some(VertexBufferLayout {
        array_stride: 16,
        step_mode: wgt::VertexStepMode::Vertex,
        attributes: vec![wgt::VertexAttribute {
            format: wgt::VertexFormat::Float32x4,
            offset: 0,
            shader_location: 0,
        }],
    })];
    descriptor
}

/// A buffer with these bytes.
pub(crate) fn filled(device: &Device, usage: wgt::BufferUsages, bytes: &[u8]) -> Buffer {
    let buffer = device.create_buffer(&wgt::BufferDescriptor {
        label: None,
        size: bytes.len() as u64,
        usage: usage | wgt::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    device.queue().write_buffer(&buffer, 0, bytes).unwrap();
    buffer
}

pub(crate) fn vertices(device: &Device, all: &[[f32; 4]]) -> Buffer {
    let bytes: Vec<u8> = all
        .iter()
        .flatten()
        .flat_map(|number| number.to_ne_bytes())
        .collect();
    filled(device, wgt::BufferUsages::VERTEX, &bytes)
}

/// A rectangle of two triangles over the whole picture, at this depth.
pub(crate) fn sheet(depth: f32, green: f32) -> [[f32; 4]; 6] {
    [
        (-1.0, -1.0),
        (1.0, -1.0),
        (-1.0, 1.0),
        (-1.0, 1.0),
        (1.0, -1.0),
        (1.0, 1.0),
    ]
    .map(|(x, y)| [x, y, depth, green])
}

impl Canvas {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
            texture: texture(device, 1, wgt::TextureFormat::Rgba8Unorm),
        }
    }

    /// One pass onto it that is cleared to black first. Nothing may be wrong.
    pub(crate) async fn draw(&self, draw: impl FnOnce(&RenderPass)) -> Pixels {
        let descriptor = RenderPassDescriptor {
            color_attachments: vec![Some(cleared(view(&self.texture)))],
            ..RenderPassDescriptor::default()
        };
        self.pass(descriptor, draw).await
    }

    /// The same with another pass.
    pub(crate) async fn pass(
        &self,
        descriptor: RenderPassDescriptor,
        draw: impl FnOnce(&RenderPass),
    ) -> Pixels {
        self.record(|encoder| {
            let pass = encoder.begin_render_pass(&descriptor);
            draw(&pass);
            pass.end();
        })
        .await
    }

    /// What is on it after these commands.
    pub(crate) async fn record(&self, record: impl FnOnce(&CommandEncoder)) -> Pixels {
        let device = &self.device;
        device.errors().push_scope(ErrorKind::Validation);
        let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        record(&encoder);
        let back = device.create_buffer(&wgt::BufferDescriptor {
            label: None,
            size: u64::from(ROW * SIDE),
            usage: wgt::BufferUsages::COPY_DST | wgt::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        encoder.copy_texture_to_buffer(
            &self.whole(),
            &TexelCopyBufferInfo {
                buffer: back.clone(),
                layout: wgt::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(ROW),
                    rows_per_image: None,
                },
            },
            wgt::Extent3d {
                width: SIDE,
                height: SIDE,
                depth_or_array_layers: 1,
            },
        );
        let commands = encoder.finish(&CommandEncoderDescriptor::default());
        device.queue().submit(&[commands]);
        assert_eq!(device.errors().pop_scope(), Ok(None));
        back.map_async(HostMap::Read, 0, None).await.unwrap();
        Pixels(back.read_mapped(0, None, <[u8]>::to_vec).unwrap())
    }

    pub(crate) fn whole(&self) -> TexelCopyTextureInfo {
        TexelCopyTextureInfo {
            texture: self.texture.clone(),
            mip_level: 0,
            origin: wgt::Origin3d::ZERO,
            aspect: wgt::TextureAspect::All,
        }
    }

    pub(crate) fn pipeline(&self, code: &str) -> RenderPipeline {
        let descriptor = pipeline(&self.device, code);
        self.device.create_render_pipeline(descriptor)
    }
}

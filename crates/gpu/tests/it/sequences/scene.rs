//! Several calls that fit together, so that others find pipelines, groups and passes that are whole.

use arbitrary::Arbitrary;
use weft_gpu::objects::{
    BindGroupDescriptor, BindGroupEntry, BindingResource, CommandEncoderDescriptor,
    ComputePassDescriptor, ComputePipelineDescriptor, Device, FragmentState, ProgrammableStage,
    RenderPassColorAttachment, RenderPassDescriptor, RenderPipelineDescriptor, ShaderModule,
    ShaderModuleDescriptor, TextureDescriptor, VertexState,
};
use wgpu_types as wgt;

use super::number::Slot;
use super::programs::SOURCES;
use super::world::World;

#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Scene {
    /// A compute pass that has its pipeline and its group.
    Compute(Slot),
    /// A render pass that has its pipeline.
    Render(Slot),
    /// Ends the newest passes and submits what was recorded.
    Submit(Slot),
}

impl Scene {
    pub(crate) fn run(self, world: &mut World) {
        let slot = match self {
            Self::Compute(slot) | Self::Render(slot) | Self::Submit(slot) => slot,
        };
        let Some(device) = world.devices.get(slot).cloned() else {
            return;
        };
        match self {
            Self::Compute(_) => compute(world, &device),
            Self::Render(_) => render(world, &device),
            Self::Submit(slot) => submit(world, &device, slot),
        }
    }
}

fn module(device: &Device) -> ShaderModule {
    device.create_shader_module(ShaderModuleDescriptor {
        label: None,
        code: SOURCES[0].to_owned(),
    })
}

fn stage(module: &ShaderModule, entry: &str) -> ProgrammableStage {
    ProgrammableStage {
        module: module.clone(),
        entry_point: Some(entry.to_owned()),
        constants: Vec::new(),
    }
}

fn compute(world: &mut World, device: &Device) {
    let module = module(device);
    let pipeline = device.create_compute_pipeline(ComputePipelineDescriptor {
        label: None,
        layout: None,
        compute: stage(&module, "compute"),
    });
    let buffer = device.create_buffer(&wgt::BufferDescriptor {
        label: None,
        size: 256,
        usage: wgt::BufferUsages::STORAGE
            | wgt::BufferUsages::COPY_SRC
            | wgt::BufferUsages::COPY_DST
            | wgt::BufferUsages::INDIRECT,
        mapped_at_creation: false,
    });
    let layout = pipeline.get_bind_group_layout(0);
    let group = device.create_bind_group(&BindGroupDescriptor {
        label: None,
        layout: layout.clone(),
        entries: vec![BindGroupEntry {
            binding: 0,
            resource: BindingResource::Buffer {
                buffer: buffer.clone(),
                offset: 0,
                size: None,
            },
        }],
    });
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, Some(&group), &[]);
    world.modules.add(module);
    world.computers.add(pipeline);
    world.buffers.add(buffer);
    world.group_layouts.add(layout);
    world.groups.add(group);
    world.encoders.add(encoder);
    world.compute_passes.add(pass);
}

fn render(world: &mut World, device: &Device) {
    let module = module(device);
    let format = wgt::TextureFormat::Rgba8Unorm;
    let pipeline = device.create_render_pipeline(RenderPipelineDescriptor {
        label: None,
        layout: None,
        vertex: VertexState {
            stage: stage(&module, "vertex"),
            buffers: Vec::new(),
        },
        primitive: wgt::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgt::MultisampleState::default(),
        fragment: Some(FragmentState {
            stage: stage(&module, "fragment"),
            targets: vec![Some(format.into())],
        }),
    });
    let texture = device.create_texture(&TextureDescriptor {
        label: None,
        size: wgt::Extent3d {
            width: 8,
            height: 8,
            depth_or_array_layers: 1,
        },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgt::TextureDimension::D2,
        format,
        usage: wgt::TextureUsages::RENDER_ATTACHMENT | wgt::TextureUsages::COPY_SRC,
        view_formats: Vec::new(),
    });
    let view = texture.create_view(&wgt::TextureViewDescriptor::default());
    let encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
    let pass = encoder.begin_render_pass(&RenderPassDescriptor {
        label: None,
        color_attachments: vec![Some(RenderPassColorAttachment {
            view: view.clone(),
            depth_slice: None,
            resolve_target: None,
            load_op: wgt::LoadOp::Clear(wgt::Color::BLACK),
            store_op: wgt::StoreOp::Store,
        })],
        depth_stencil_attachment: None,
        occlusion_query_set: None,
        timestamp_writes: None,
        max_draw_count: None,
    });
    pass.set_pipeline(&pipeline);
    world.modules.add(module);
    world.painters.add(pipeline);
    world.textures.add(texture);
    world.views.add(view);
    world.encoders.add(encoder);
    world.render_passes.add(pass);
}

fn submit(world: &mut World, device: &Device, slot: Slot) {
    if let Some(pass) = world.compute_passes.get(slot) {
        pass.end();
    }
    if let Some(pass) = world.render_passes.get(slot) {
        pass.end();
    }
    if let Some(encoder) = world.encoders.get(slot) {
        let commands = encoder.finish(&CommandEncoderDescriptor::default());
        device.queue().submit(std::slice::from_ref(&commands));
        world.commands.add(commands);
    }
}

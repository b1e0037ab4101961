//! A render program: a triangle of three colours.

use crate::picture::{FORMAT, Picture};

pub async fn png(device: &wgpu::Device, queue: &wgpu::Queue, width: u32, height: u32) -> Vec<u8> {
    let module = device.create_shader_module(wgpu::include_wgsl!("triangle.wgsl"));
    let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("triangle"),
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("vertex"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("fragment"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(FORMAT.into())],
        }),
        multiview_mask: None,
        cache: None,
    });
    let picture = Picture::new(device, width, height);
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = picture.pass(&mut encoder, wgpu::Color::WHITE);
        pass.set_pipeline(&pipeline);
        pass.draw(0..3, 0..1);
    }
    picture.png(device, queue, encoder).await
}

//! A compute program, which waits as native programs do: it polls its device.

use wgpu::util::DeviceExt;

/// Steps to 1 of each number; `u32::MAX` where a step went beyond 32 bits.
pub fn steps(device: &wgpu::Device, queue: &wgpu::Queue, numbers: &[u32]) -> Vec<u32> {
    let module = device.create_shader_module(wgpu::include_wgsl!("collatz.wgsl"));
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some("collatz"),
        layout: None,
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let storage = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some("numbers"),
        contents: bytemuck::cast_slice(numbers),
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
    });
    let download = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("download"),
        size: storage.size(),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[wgpu::BindGroupEntry {
            binding: 0,
            resource: storage.as_entire_binding(),
        }],
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(u32::try_from(numbers.len().div_ceil(64)).unwrap(), 1, 1);
    }
    encoder.copy_buffer_to_buffer(&storage, 0, &download, 0, storage.size());
    queue.submit([encoder.finish()]);
    download.map_async(wgpu::MapMode::Read, .., |mapped| mapped.unwrap());
    device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let steps = download.get_mapped_range(..).unwrap();
    bytemuck::cast_slice(&steps).to_vec()
}

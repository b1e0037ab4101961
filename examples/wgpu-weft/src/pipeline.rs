//! Pipelines.

use std::rc::Rc;

use crate::binding::{BindGroupLayout, PipelineLayout};
use crate::bindings::*;
use crate::convert::*;
use crate::device::Shared;
use crate::of;
use crate::shader::ShaderModule;
use wgpu::custom::{ComputePipelineInterface, DispatchBindGroupLayout, RenderPipelineInterface};

fn layout_mode(layout: Option<&wgpu::PipelineLayout>) -> GpuLayoutMode<'_> {
    match layout {
        Some(layout) => GpuLayoutMode::Specific(&of!(layout => PipelineLayout).0),
        None => GpuLayoutMode::Auto,
    }
}

fn constants(
    options: &wgpu::PipelineCompilationOptions<'_>,
) -> Option<RecordGpuPipelineConstantValue> {
    let record = RecordGpuPipelineConstantValue::new();
    for (name, value) in options.constants {
        record.add(name, *value);
    }
    (!options.constants.is_empty()).then_some(record)
}

#[derive(Debug)]
pub(crate) struct ComputePipeline(pub(crate) GpuComputePipeline);

impl ComputePipeline {
    pub(crate) fn new(shared: &Rc<Shared>, desc: &wgpu::ComputePipelineDescriptor<'_>) -> Self {
        let pipeline = shared
            .device
            .create_compute_pipeline(GpuComputePipelineDescriptor {
                compute: GpuProgrammableStage {
                    module: &of!(desc.module => ShaderModule).0,
                    entry_point: label(desc.entry_point),
                    constants: constants(&desc.compilation_options),
                },
                layout: layout_mode(desc.layout),
                label: label(desc.label),
            });
        Self(pipeline)
    }
}

impl ComputePipelineInterface for ComputePipeline {
    fn get_bind_group_layout(&self, index: u32) -> DispatchBindGroupLayout {
        let layout = self.0.get_bind_group_layout(index);
        DispatchBindGroupLayout::custom(BindGroupLayout(layout))
    }
}

#[derive(Debug)]
pub(crate) struct RenderPipeline(pub(crate) GpuRenderPipeline);

impl RenderPipeline {
    pub(crate) fn new(shared: &Rc<Shared>, desc: &wgpu::RenderPipelineDescriptor<'_>) -> Self {
        // The first thing that WebGPU does not have; the rest of the pipeline is made for the host to refuse.
        let mut unknown = None;
        let pipeline = GpuRenderPipelineDescriptor {
            vertex: GpuVertexState {
                buffers: Some(known_parts(
                    desc.vertex.buffers,
                    vertex_buffer,
                    &mut unknown,
                )),
                module: &of!(desc.vertex.module => ShaderModule).0,
                entry_point: label(desc.vertex.entry_point),
                constants: constants(&desc.vertex.compilation_options),
            },
            primitive: known_part(primitive(&desc.primitive), &mut unknown),
            depth_stencil: desc
                .depth_stencil
                .as_ref()
                .and_then(|state| known_part(depth_stencil(state), &mut unknown)),
            multisample: Some(multisample(desc.multisample)),
            fragment: desc.fragment.as_ref().map(|fragment| GpuFragmentState {
                targets: known_parts(fragment.targets, color_target, &mut unknown),
                module: &of!(fragment.module => ShaderModule).0,
                entry_point: label(fragment.entry_point),
                constants: constants(&fragment.compilation_options),
            }),
            layout: layout_mode(desc.layout),
            label: label(desc.label),
        };
        if desc.multiview_mask.is_some() {
            unknown.get_or_insert("multiview".to_owned());
        }
        if let Some(unknown) = unknown {
            shared.refuse(format!(
                "the pipeline {:?} asks for {unknown}, which WebGPU does not have",
                desc.label.unwrap_or_default()
            ));
        }
        Self(shared.device.create_render_pipeline(pipeline))
    }
}

impl RenderPipelineInterface for RenderPipeline {
    fn get_bind_group_layout(&self, index: u32) -> DispatchBindGroupLayout {
        let layout = self.0.get_bind_group_layout(index);
        DispatchBindGroupLayout::custom(BindGroupLayout(layout))
    }
}

fn known_part<T>(part: Result<T, Unknown>, unknown: &mut Option<Unknown>) -> Option<T> {
    part.map_err(|what| unknown.get_or_insert(what)).ok()
}

fn known_parts<T, U>(
    parts: &[Option<T>],
    convert: impl Fn(&T) -> Result<U, Unknown>,
    unknown: &mut Option<Unknown>,
) -> Vec<Option<U>> {
    let parts = parts.iter().map(Option::as_ref);
    parts
        .map(|part| part.and_then(|part| known_part(convert(part), unknown)))
        .collect()
}

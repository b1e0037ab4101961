//! What shaders are given, and in which layout.

use std::rc::Rc;

use crate::bindings::*;
use crate::convert::{binding, label, layout_entry};
use crate::device::Shared;
use crate::of;
use wgpu::custom::{
    BindGroupInterface, BindGroupLayoutInterface, PipelineLayoutInterface, SamplerInterface,
};

#[derive(Debug)]
pub(crate) struct Sampler(pub(crate) GpuSampler);

impl SamplerInterface for Sampler {}

#[derive(Debug)]
pub(crate) struct BindGroupLayout(pub(crate) GpuBindGroupLayout);

impl BindGroupLayoutInterface for BindGroupLayout {}

impl BindGroupLayout {
    pub(crate) fn new(shared: &Rc<Shared>, desc: &wgpu::BindGroupLayoutDescriptor<'_>) -> Self {
        let entries = desc.entries.iter().filter_map(|entry| {
            let converted = layout_entry(entry);
            if let Err(what) = &converted {
                shared.refuse(format!("WebGPU does not have this: {what}"));
            }
            converted.ok()
        });
        let layout = shared
            .device
            .create_bind_group_layout(&GpuBindGroupLayoutDescriptor {
                entries: entries.collect(),
                label: label(desc.label),
            });
        Self(layout)
    }
}

#[derive(Debug)]
pub(crate) struct BindGroup(pub(crate) GpuBindGroup);

impl BindGroupInterface for BindGroup {}

impl BindGroup {
    pub(crate) fn new(shared: &Rc<Shared>, desc: &wgpu::BindGroupDescriptor<'_>) -> Self {
        let entries = desc.entries.iter().filter_map(|entry| {
            let resource = binding(&entry.resource);
            if let Err(what) = &resource {
                let number = entry.binding;
                shared.refuse(format!("WebGPU cannot bind {what}, as at binding {number}"));
            }
            Some(GpuBindGroupEntry {
                binding: entry.binding,
                resource: resource.ok()?,
            })
        });
        let group = shared.device.create_bind_group(&GpuBindGroupDescriptor {
            layout: &of!(desc.layout => BindGroupLayout).0,
            entries: entries.collect(),
            label: label(desc.label),
        });
        Self(group)
    }
}

#[derive(Debug)]
pub(crate) struct PipelineLayout(pub(crate) GpuPipelineLayout);

impl PipelineLayoutInterface for PipelineLayout {}

impl PipelineLayout {
    pub(crate) fn new(shared: &Rc<Shared>, desc: &wgpu::PipelineLayoutDescriptor<'_>) -> Self {
        let layouts = desc.bind_group_layouts.iter();
        let layout = shared
            .device
            .create_pipeline_layout(&GpuPipelineLayoutDescriptor {
                bind_group_layouts: layouts
                    .map(|layout| layout.map(|layout| &of!(layout => BindGroupLayout).0))
                    .collect(),
                immediate_size: (desc.immediate_size > 0).then_some(desc.immediate_size),
                label: label(desc.label),
            });
        Self(layout)
    }
}

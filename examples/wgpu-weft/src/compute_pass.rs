//! Compute passes.

use std::rc::Rc;

use crate::binding::BindGroup;
use crate::bindings::GpuComputePassEncoder;
use crate::buffer::Buffer;
use crate::device::Shared;
use crate::of;
use crate::pipeline::ComputePipeline;
use wgpu::custom::*;

pub(crate) struct ComputePass {
    shared: Rc<Shared>,
    pass: GpuComputePassEncoder,
}

impl std::fmt::Debug for ComputePass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ComputePass").field(&self.pass).finish()
    }
}

impl ComputePass {
    pub(crate) fn new(shared: &Rc<Shared>, pass: GpuComputePassEncoder) -> Self {
        Self {
            shared: Rc::clone(shared),
            pass,
        }
    }

    fn refuse(&self, what: &str) {
        self.shared.refuse(format!("WebGPU has no {what}"));
    }
}

impl Drop for ComputePass {
    fn drop(&mut self) {
        self.pass.end();
    }
}

impl ComputePassInterface for ComputePass {
    fn set_pipeline(&mut self, pipeline: &DispatchComputePipeline) {
        self.pass.set_pipeline(&of!(pipeline => ComputePipeline).0);
    }

    fn set_bind_group(&mut self, index: u32, group: Option<&DispatchBindGroup>, offsets: &[u32]) {
        let group = group.map(|group| &of!(group => BindGroup).0);
        let set = self
            .pass
            .set_bind_group(index, group, Some(offsets), None, None);
        if let Err(error) = set {
            self.shared.refuse(error.message);
        }
    }

    fn set_immediates(&mut self, offset: u32, data: &[u8]) {
        self.pass.set_immediates(offset, data, None, None);
    }

    fn insert_debug_marker(&mut self, label: &str) {
        self.pass.insert_debug_marker(label);
    }

    fn push_debug_group(&mut self, label: &str) {
        self.pass.push_debug_group(label);
    }

    fn pop_debug_group(&mut self) {
        self.pass.pop_debug_group();
    }

    fn write_timestamp(&mut self, _: &DispatchQuerySet, _: u32) {
        self.refuse("timestamps inside passes: let the pass write them at its ends");
    }

    fn begin_pipeline_statistics_query(&mut self, _: &DispatchQuerySet, _: u32) {
        self.refuse("queries of pipeline statistics");
    }

    fn end_pipeline_statistics_query(&mut self) {}

    fn dispatch_workgroups(&mut self, x: u32, y: u32, z: u32) {
        self.pass.dispatch_workgroups(x, Some(y), Some(z));
    }

    fn dispatch_workgroups_indirect(&mut self, buffer: &DispatchBuffer, offset: u64) {
        let buffer = of!(buffer => Buffer).buffer();
        self.pass.dispatch_workgroups_indirect(buffer, offset);
    }

    fn transition_resources<'a>(
        &mut self,
        _: &mut dyn Iterator<Item = wgpu::BufferTransition<&'a DispatchBuffer>>,
        _: &mut dyn Iterator<Item = wgpu::TextureTransition<&'a DispatchTextureView>>,
    ) {
        // The host sees to every transition itself.
    }
}

//! The encoders of passes and bundles.

use wasmtime::component::Resource;

use super::webgpu;
use crate::View;
use crate::bound::{
    BindGroup, Buffer, ComputePassEncoder, ComputePipeline, RenderBundle, RenderBundleEncoder,
    RenderPassEncoder, RenderPipeline,
};
use crate::convert::Plain;
use crate::methods::{bundle_encoder, common, compute_pass, drawing, labelled, render_pass};

impl webgpu::HostGpuComputePassEncoder for View<'_> {
    compute_pass!(webgpu);
}

impl webgpu::HostGpuRenderPassEncoder for View<'_> {
    render_pass!(webgpu);
}

impl webgpu::HostGpuRenderBundleEncoder for View<'_> {
    bundle_encoder!(webgpu);
}

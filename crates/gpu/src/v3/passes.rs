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

/// `set-immediates` of passes and bundles, within their implementations.
macro_rules! immediates {
    ($type:ty) => {
        fn set_immediates(
            &mut self,
            this: Resource<$type>,
            range_offset: u32,
            data: Vec<u8>,
            data_offset: Option<u64>,
            data_size: Option<u64>,
        ) -> wasmtime::Result<()> {
            let pass = self.of(&this)?;
            let start = data_offset.unwrap_or(0);
            if let Err(error) = pass.set_immediates(range_offset, &data, start, data_size) {
                pass.errors()
                    .push($crate::error::GpuError::validation(error.to_string()));
            }
            Ok(())
        }
    };
}

impl webgpu::HostGpuComputePassEncoder for View<'_> {
    compute_pass!(webgpu);
    immediates!(ComputePassEncoder);
}

impl webgpu::HostGpuRenderPassEncoder for View<'_> {
    render_pass!(webgpu);
    immediates!(RenderPassEncoder);
}

impl webgpu::HostGpuRenderBundleEncoder for View<'_> {
    bundle_encoder!(webgpu);
    immediates!(RenderBundleEncoder);
}

//! `gpu-render-bundle-encoder`.

use wasmtime::component::Resource;

use super::compute_pass::common;
use super::host::labelled;
use super::render_pass::drawing;
use super::webgpu;
use crate::View;
use crate::bound::{BindGroup, Buffer, RenderBundle, RenderBundleEncoder, RenderPipeline};

impl webgpu::HostGpuRenderBundleEncoder for View<'_> {
    fn finish(
        &mut self,
        this: Resource<RenderBundleEncoder>,
        descriptor: Option<webgpu::GpuRenderBundleDescriptor>,
    ) -> wasmtime::Result<Resource<RenderBundle>> {
        let label = descriptor.and_then(|descriptor| descriptor.label);
        let bundle = self.of(&this)?.finish(label.as_ref());
        self.put(bundle)
    }

    common!(RenderBundleEncoder);
    drawing!(RenderBundleEncoder);
    labelled!(RenderBundleEncoder);
}

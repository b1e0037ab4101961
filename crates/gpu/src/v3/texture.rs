//! `gpu-texture`, `gpu-query-set`, `gpu-shader-module` and the pipelines: what is made once and used often.

use wasmtime::component::{Accessor, Resource};

use super::convert::of_texture_usages;
use super::webgpu;
use crate::bound::{CompilationInfo, ShaderModule, Texture, TextureView};
use crate::convert::Plain;
use crate::methods::{labelled, pipelines, texture, told};
use crate::objects::Device;
use crate::{Gpus, View};

impl webgpu::HostGpuTexture for View<'_> {
    fn usage(&mut self, this: Resource<Texture>) -> wasmtime::Result<webgpu::GpuTextureUsage> {
        Ok(of_texture_usages(self.table.get(&this)?.usage()))
    }

    fn texture_binding_view_dimension(
        &mut self,
        this: Resource<Texture>,
    ) -> wasmtime::Result<Option<webgpu::GpuTextureViewDimension>> {
        let dimension = self.table.get(&this)?.texture_binding_view_dimension();
        Ok(dimension.map(TryInto::try_into).transpose()?)
    }

    texture!(webgpu);
}

impl webgpu::HostGpuShaderModule for View<'_> {
    labelled!(ShaderModule);
}

impl<T: Send + 'static> webgpu::HostGpuShaderModuleWithStore<T> for Gpus {
    async fn get_compilation_info(
        accessor: &Accessor<T, Self>,
        this: Resource<ShaderModule>,
    ) -> wasmtime::Result<Resource<CompilationInfo>> {
        accessor.with(|mut access| {
            let mut view = access.get();
            let info = view.of(&this)?.compilation_info().clone();
            view.put(info)
        })
    }
}

pipelines!(webgpu);

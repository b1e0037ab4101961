//! `gpu-texture`, `gpu-query-set`, `gpu-shader-module` and the pipelines: what is made once and used often.

use wasmtime::component::{Accessor, Resource};

use super::convert::of_texture_usages;
use super::host::{labelled, told};
use super::webgpu;
use crate::bound::{
    BindGroupLayout, CompilationInfo, ComputePipeline, QuerySet, RenderPipeline, ShaderModule,
    Texture, TextureView,
};
use crate::convert::Plain;
use crate::objects::Device;
use crate::{Gpus, View};

impl webgpu::HostGpuTexture for View<'_> {
    fn create_view(
        &mut self,
        this: Resource<Texture>,
        descriptor: Option<webgpu::GpuTextureViewDescriptor>,
    ) -> wasmtime::Result<Resource<TextureView>> {
        let texture = self.of(&this)?;
        let device = Device {
            core: texture.core.device.clone(),
        };
        let descriptor = match descriptor {
            None => Some(wgpu_types::TextureViewDescriptor::default()),
            Some(descriptor) => told(&device, descriptor.plain()),
        };
        let view = match descriptor {
            Some(descriptor) => texture.create_view(&descriptor),
            None => device.invalid(|_| {
                texture.create_view(&wgpu_types::TextureViewDescriptor {
                    base_mip_level: u32::MAX,
                    ..Default::default()
                })
            }),
        };
        self.put(view)
    }

    fn destroy(&mut self, this: Resource<Texture>) -> wasmtime::Result<()> {
        self.table.get(&this)?.destroy();
        Ok(())
    }

    fn width(&mut self, this: Resource<Texture>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&this)?.width())
    }

    fn height(&mut self, this: Resource<Texture>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&this)?.height())
    }

    fn depth_or_array_layers(&mut self, this: Resource<Texture>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&this)?.depth_or_array_layers())
    }

    fn mip_level_count(&mut self, this: Resource<Texture>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&this)?.mip_level_count())
    }

    fn sample_count(&mut self, this: Resource<Texture>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&this)?.sample_count())
    }

    fn dimension(
        &mut self,
        this: Resource<Texture>,
    ) -> wasmtime::Result<webgpu::GpuTextureDimension> {
        Ok(self.table.get(&this)?.dimension().try_into()?)
    }

    fn format(&mut self, this: Resource<Texture>) -> wasmtime::Result<webgpu::GpuTextureFormat> {
        Ok(self.table.get(&this)?.format().try_into()?)
    }

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

    labelled!(Texture);
}

impl webgpu::HostGpuQuerySet for View<'_> {
    fn destroy(&mut self, this: Resource<QuerySet>) -> wasmtime::Result<()> {
        self.table.get(&this)?.destroy();
        Ok(())
    }

    fn type_(&mut self, this: Resource<QuerySet>) -> wasmtime::Result<webgpu::GpuQueryType> {
        use crate::objects::QueryType;
        Ok(match self.table.get(&this)?.kind() {
            QueryType::Occlusion => webgpu::GpuQueryType::Occlusion,
            QueryType::Timestamp => webgpu::GpuQueryType::Timestamp,
        })
    }

    fn count(&mut self, this: Resource<QuerySet>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&this)?.count())
    }

    labelled!(QuerySet);
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

impl webgpu::HostGpuComputePipeline for View<'_> {
    fn get_bind_group_layout(
        &mut self,
        this: Resource<ComputePipeline>,
        index: u32,
    ) -> wasmtime::Result<Resource<BindGroupLayout>> {
        let layout = self.table.get(&this)?.get_bind_group_layout(index);
        self.put(layout)
    }

    labelled!(ComputePipeline);
}

impl webgpu::HostGpuRenderPipeline for View<'_> {
    fn get_bind_group_layout(
        &mut self,
        this: Resource<RenderPipeline>,
        index: u32,
    ) -> wasmtime::Result<Resource<BindGroupLayout>> {
        let layout = self.table.get(&this)?.get_bind_group_layout(index);
        self.put(layout)
    }

    labelled!(RenderPipeline);
}

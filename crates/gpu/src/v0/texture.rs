//! `gpu-texture` and `gpu-shader-module`, with `gpu-query-set` and the pipelines: what is made once and used often.

use wasmtime::component::Resource;

use super::webgpu;
use crate::View;
use crate::bound::{AbstractBuffer, CompilationInfo, ShaderModule, Texture, TextureView};
use crate::convert::Plain;
use crate::methods::{labelled, pipelines, texture, told};
use crate::objects::Device;

impl webgpu::HostGpuTexture for View<'_> {
    fn usage(&mut self, this: Resource<Texture>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&this)?.usage().bits())
    }

    fn from_graphics_buffer(
        &mut self,
        buffer: Resource<AbstractBuffer>,
    ) -> wasmtime::Result<Resource<Texture>> {
        let texture = self.table.delete(buffer)?.texture()?;
        self.put(texture)
    }

    texture!(webgpu);
}

impl webgpu::HostGpuShaderModule for View<'_> {
    fn get_compilation_info(
        &mut self,
        this: Resource<ShaderModule>,
    ) -> wasmtime::Result<Resource<CompilationInfo>> {
        let info = self.of(&this)?.compilation_info().clone();
        self.put(info)
    }

    labelled!(ShaderModule);
}

pipelines!(webgpu);

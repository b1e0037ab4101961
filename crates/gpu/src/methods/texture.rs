//! `gpu-texture`, `gpu-query-set` and the pipelines: what is made once and used often.

/// `gpu-texture`, but for its usage, within its implementation.
macro_rules! texture {
    ($w:ident) => {
        fn create_view(
            &mut self,
            this: Resource<Texture>,
            descriptor: Option<$w::GpuTextureViewDescriptor>,
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
        ) -> wasmtime::Result<$w::GpuTextureDimension> {
            Ok(self.table.get(&this)?.dimension().try_into()?)
        }

        fn format(&mut self, this: Resource<Texture>) -> wasmtime::Result<$w::GpuTextureFormat> {
            Ok(self.table.get(&this)?.format().try_into()?)
        }

        labelled!(Texture);
    };
}

/// `gpu-query-set`, and pipelines of both kinds.
macro_rules! pipelines {
    ($w:ident) => {
        const _: () = {
            use wasmtime::component::Resource;
            use $crate::View;
            use $crate::bound::{BindGroupLayout, ComputePipeline, QuerySet, RenderPipeline};
            use $crate::methods::labelled;

            impl $w::HostGpuQuerySet for View<'_> {
                fn destroy(&mut self, this: Resource<QuerySet>) -> wasmtime::Result<()> {
                    self.table.get(&this)?.destroy();
                    Ok(())
                }

                fn type_(
                    &mut self,
                    this: Resource<QuerySet>,
                ) -> wasmtime::Result<$w::GpuQueryType> {
                    use crate::objects::QueryType;
                    Ok(match self.table.get(&this)?.kind() {
                        QueryType::Occlusion => $w::GpuQueryType::Occlusion,
                        QueryType::Timestamp => $w::GpuQueryType::Timestamp,
                    })
                }

                fn count(&mut self, this: Resource<QuerySet>) -> wasmtime::Result<u32> {
                    Ok(self.table.get(&this)?.count())
                }

                labelled!(QuerySet);
            }

            impl $w::HostGpuComputePipeline for View<'_> {
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

            impl $w::HostGpuRenderPipeline for View<'_> {
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
        };
    };
}

pub(crate) use {pipelines, texture};

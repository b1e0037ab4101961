//! `gpu-device`: what makes all other objects. A descriptor that cannot be had makes an error and an invalid object.

/// `gpu-device`, but for what takes its time, within its implementation.
macro_rules! device {
    ($w:ident) => {
        fn features(
            &mut self,
            this: Resource<Device>,
        ) -> wasmtime::Result<Resource<SupportedFeatures>> {
            let features = self.table.get(&this)?.features();
            self.put(SupportedFeatures(features))
        }

        fn limits(
            &mut self,
            this: Resource<Device>,
        ) -> wasmtime::Result<Resource<SupportedLimits>> {
            let limits = self.table.get(&this)?.limits().clone();
            self.put(SupportedLimits(limits))
        }

        fn adapter_info(
            &mut self,
            this: Resource<Device>,
        ) -> wasmtime::Result<Resource<AdapterInfo>> {
            let info = Adapter::new(self.table.get(&this)?.lease()).info();
            self.put(info)
        }

        fn queue(&mut self, this: Resource<Device>) -> wasmtime::Result<Resource<Queue>> {
            let queue = self.table.get(&this)?.queue();
            self.put(queue)
        }

        fn destroy(&mut self, this: Resource<Device>) -> wasmtime::Result<()> {
            self.table.get(&this)?.destroy();
            Ok(())
        }

        fn create_buffer(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuBufferDescriptor,
        ) -> wasmtime::Result<Resource<Buffer>> {
            let device = self.of(&this)?;
            let buffer = match told(&device, descriptor.plain()) {
                Some(descriptor) => device.create_buffer(&descriptor),
                None => device.invalid(|device| {
                    device.create_buffer(&wgt::BufferDescriptor {
                        label: None,
                        size: 0,
                        usage: wgt::BufferUsages::empty(),
                        mapped_at_creation: false,
                    })
                }),
            };
            self.put(buffer)
        }

        fn create_texture(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuTextureDescriptor,
        ) -> wasmtime::Result<Resource<Texture>> {
            let device = self.of(&this)?;
            let texture = match told(&device, descriptor.plain()) {
                Some(descriptor) => device.create_texture(&descriptor),
                None => device.invalid(|device| {
                    device.create_texture(&wgt::TextureDescriptor {
                        label: None,
                        size: wgt::Extent3d {
                            width: 0,
                            height: 0,
                            depth_or_array_layers: 0,
                        },
                        mip_level_count: 1,
                        sample_count: 1,
                        dimension: wgt::TextureDimension::D2,
                        format: wgt::TextureFormat::Rgba8Unorm,
                        usage: wgt::TextureUsages::empty(),
                        view_formats: Vec::new(),
                    })
                }),
            };
            self.put(texture)
        }

        fn create_sampler(
            &mut self,
            this: Resource<Device>,
            descriptor: Option<$w::GpuSamplerDescriptor>,
        ) -> wasmtime::Result<Resource<Sampler>> {
            let device = self.of(&this)?;
            let descriptor = match descriptor {
                Some(descriptor) => told(&device, descriptor.plain()),
                None => Some(wgt::SamplerDescriptor::default()),
            };
            let sampler = match descriptor {
                Some(descriptor) => device.create_sampler(&descriptor),
                None => device.invalid(|device| {
                    device.create_sampler(&wgt::SamplerDescriptor {
                        lod_min_clamp: -1.0,
                        ..Default::default()
                    })
                }),
            };
            self.put(sampler)
        }

        fn create_bind_group_layout(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuBindGroupLayoutDescriptor,
        ) -> wasmtime::Result<Resource<BindGroupLayout>> {
            let device = self.of(&this)?;
            let layout = match told(&device, descriptor.plain()) {
                Some(descriptor) => device.create_bind_group_layout(&descriptor),
                None => device.invalid(Device::invalid_layout),
            };
            self.put(layout)
        }

        fn create_pipeline_layout(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuPipelineLayoutDescriptor,
        ) -> wasmtime::Result<Resource<PipelineLayout>> {
            let device = self.of(&this)?;
            let layout = match resolved(&device, descriptor.resolve(self.table))? {
                Some(descriptor) => device.create_pipeline_layout(&descriptor),
                None => device.invalid(|device| {
                    device.create_pipeline_layout(&crate::descriptors::PipelineLayoutDescriptor {
                        label: None,
                        bind_group_layouts: vec![Some(device.invalid_layout())],
                        immediate_size: 0,
                    })
                }),
            };
            self.put(layout)
        }

        fn create_bind_group(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuBindGroupDescriptor,
        ) -> wasmtime::Result<Resource<BindGroup>> {
            let device = self.of(&this)?;
            let group = match resolved(&device, descriptor.resolve(self.table))? {
                Some(descriptor) => device.create_bind_group(&descriptor),
                None => device.invalid(|device| {
                    device.create_bind_group(&crate::descriptors::BindGroupDescriptor {
                        label: None,
                        layout: device.invalid_layout(),
                        entries: Vec::new(),
                    })
                }),
            };
            self.put(group)
        }

        fn create_shader_module(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuShaderModuleDescriptor,
        ) -> wasmtime::Result<Resource<ShaderModule>> {
            let device = self.of(&this)?;
            let module = match told(&device, descriptor.plain()) {
                Some(descriptor) => device.create_shader_module(descriptor),
                None => device.invalid(Device::invalid_module),
            };
            self.put(module)
        }

        fn create_compute_pipeline(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuComputePipelineDescriptor,
        ) -> wasmtime::Result<Resource<ComputePipeline>> {
            let device = self.of(&this)?;
            let pipeline = match resolved(&device, descriptor.resolve(self.table))? {
                Some(descriptor) => device.create_compute_pipeline(descriptor),
                None => device.invalid(Device::invalid_compute_pipeline),
            };
            self.put(pipeline)
        }

        fn create_render_pipeline(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuRenderPipelineDescriptor,
        ) -> wasmtime::Result<Resource<RenderPipeline>> {
            let device = self.of(&this)?;
            let pipeline = match resolved(&device, descriptor.resolve(self.table))? {
                Some(descriptor) => device.create_render_pipeline(descriptor),
                None => device.invalid(Device::invalid_render_pipeline),
            };
            self.put(pipeline)
        }

        fn create_command_encoder(
            &mut self,
            this: Resource<Device>,
            descriptor: Option<$w::GpuCommandEncoderDescriptor>,
        ) -> wasmtime::Result<Resource<CommandEncoder>> {
            let device = self.of(&this)?;
            let label = descriptor.and_then(|descriptor| descriptor.label);
            let encoder = device.create_command_encoder(&CommandEncoderDescriptor { label });
            self.put(encoder)
        }

        fn create_render_bundle_encoder(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuRenderBundleEncoderDescriptor,
        ) -> wasmtime::Result<Resource<RenderBundleEncoder>> {
            let device = self.of(&this)?;
            let encoder = match told(&device, descriptor.plain()) {
                Some(descriptor) => device.create_render_bundle_encoder(&descriptor),
                None => device.invalid(|device| {
                    device.create_render_bundle_encoder(
                        &crate::descriptors::RenderBundleEncoderDescriptor {
                            label: None,
                            color_formats: Vec::new(),
                            depth_stencil: None,
                            sample_count: 1,
                        },
                    )
                }),
            };
            self.put(encoder)
        }

        fn create_query_set(
            &mut self,
            this: Resource<Device>,
            descriptor: $w::GpuQuerySetDescriptor,
        ) -> wasmtime::Result<Result<Resource<QuerySet>, $w::CreateQuerySetError>> {
            let device = self.of(&this)?;
            let failed = |message: String| $w::CreateQuerySetError {
                kind: $w::CreateQuerySetErrorKind::TypeError,
                message,
            };
            let made = match descriptor.plain() {
                Ok(descriptor) => device
                    .create_query_set(&descriptor)
                    .map_err(|error| failed(error.to_string())),
                Err(unsupported) => Err(failed(unsupported.what)),
            };
            made.map(|set| self.put(set)).transpose_result()
        }

        fn push_error_scope(
            &mut self,
            this: Resource<Device>,
            filter: $w::GpuErrorFilter,
        ) -> wasmtime::Result<()> {
            let kind = match filter {
                $w::GpuErrorFilter::Validation => ErrorKind::Validation,
                $w::GpuErrorFilter::OutOfMemory => ErrorKind::OutOfMemory,
                $w::GpuErrorFilter::Internal => ErrorKind::Internal,
            };
            self.table.get(&this)?.errors().push_scope(kind);
            Ok(())
        }

        labelled!(Device);
    };
}

/// Why there is no pipeline, and no device.
macro_rules! refusals {
    ($w:ident) => {
        const _: () = {
            use $crate::objects::{PipelineError, PipelineErrorReason};

            impl From<$crate::methods::NoDevice> for $w::RequestDeviceError {
                fn from(none: $crate::methods::NoDevice) -> Self {
                    match none {
                        $crate::methods::NoDevice::TypeError(message) => Self {
                            kind: $w::RequestDeviceErrorKind::TypeError,
                            message,
                        },
                        $crate::methods::NoDevice::Refused(error) => error.into(),
                    }
                }
            }

            impl From<PipelineError> for $w::CreatePipelineError {
                fn from(error: PipelineError) -> Self {
                    let reason = match error.reason {
                        PipelineErrorReason::Validation => $w::GpuPipelineErrorReason::Validation,
                        PipelineErrorReason::Internal => $w::GpuPipelineErrorReason::Internal,
                    };
                    Self {
                        kind: $w::CreatePipelineErrorKind::GpuPipelineError(reason),
                        message: error.message,
                    }
                }
            }
        };
    };
}

/// `Result<Result<T, _>, E>`, the other way round.
pub(crate) trait TransposeResult<T, E> {
    fn transpose_result(self) -> wasmtime::Result<Result<T, E>>;
}

impl<T, E> TransposeResult<T, E> for Result<wasmtime::Result<T>, E> {
    fn transpose_result(self) -> wasmtime::Result<Result<T, E>> {
        match self {
            Ok(Ok(value)) => Ok(Ok(value)),
            Ok(Err(error)) => Err(error),
            Err(error) => Ok(Err(error)),
        }
    }
}

pub(crate) use {device, refusals};

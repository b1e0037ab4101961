//! Records that name resources: with the objects themselves, which are looked up in the table of the store.

/// `Resolve` for the records of the bindings.
macro_rules! resources {
    ($w:ident) => {
        const _: () = {
            use wasmtime::component::{Resource, ResourceTable};
            use wgpu_core::command::PassChannel;
            use wgpu_types as wgt;
            use $crate::convert::{Failed, Plain, Resolve, Unsupported, finite, finite64};
            use $crate::descriptors as plain;
            use $crate::values::ConstantValues;

            fn of<T: Clone + 'static>(
                table: &ResourceTable,
                resource: &Resource<T>,
            ) -> Result<T, Failed> {
                Ok(table.get(resource)?.clone())
            }

            fn maybe<T: Clone + 'static>(
                table: &ResourceTable,
                resource: Option<&Resource<T>>,
            ) -> Result<Option<T>, Failed> {
                resource.map(|resource| of(table, resource)).transpose()
            }

            // GPUDeviceDescriptor: requiredFeatures = [], requiredLimits = {}, defaultQueue = {}.
            impl Resolve for $w::GpuDeviceDescriptor {
                type Resolved = plain::DeviceDescriptor;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let limits = match self.required_limits {
                        Some(limits) => table.delete(limits)?,
                        None => $crate::values::RequiredLimits::default(),
                    };
                    let mut features = wgt::Features::empty();
                    for feature in self.required_features.unwrap_or_default() {
                        features |= wgt::Features::try_from(feature)?;
                    }
                    Ok(plain::DeviceDescriptor {
                        label: self.label,
                        queue_label: self.default_queue.and_then(|queue| queue.label),
                        features,
                        limits,
                    })
                }
            }

            // GPUBufferBinding: offset = 0.
            impl Resolve for $w::GpuBufferBinding {
                type Resolved = plain::BindingResource;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    Ok(plain::BindingResource::Buffer {
                        buffer: of(table, &self.buffer)?,
                        offset: self.offset.unwrap_or(0),
                        size: self.size,
                    })
                }
            }

            impl Resolve for $w::GpuBindGroupDescriptor {
                type Resolved = plain::BindGroupDescriptor;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let layout = of(table, &self.layout)?;
                    let entry = |entry: $w::GpuBindGroupEntry| {
                        Ok(plain::BindGroupEntry {
                            binding: entry.binding,
                            resource: entry.resource.resolve(table)?,
                        })
                    };
                    Ok(plain::BindGroupDescriptor {
                        label: self.label,
                        layout,
                        entries: self
                            .entries
                            .into_iter()
                            .map(entry)
                            .collect::<Result<_, Failed>>()?,
                    })
                }
            }

            // GPUPipelineLayoutDescriptor: immediateSize = 0.
            impl Resolve for $w::GpuPipelineLayoutDescriptor {
                type Resolved = plain::PipelineLayoutDescriptor;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let immediate_size = immediate_size(&self);
                    let layouts = self.bind_group_layouts.iter();
                    Ok(plain::PipelineLayoutDescriptor {
                        label: self.label,
                        bind_group_layouts: layouts
                            .map(|layout| maybe(table, layout.as_ref()))
                            .collect::<Result<_, _>>()?,
                        immediate_size,
                    })
                }
            }

            // Compilation hints are hints.
            impl Plain for $w::GpuShaderModuleDescriptor {
                type Plain = plain::ShaderModuleDescriptor;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(plain::ShaderModuleDescriptor {
                        label: self.label,
                        code: self.code,
                    })
                }
            }

            impl Resolve for $w::GpuLayoutMode {
                type Resolved = Option<$crate::bound::PipelineLayout>;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    match self {
                        Self::Specific(layout) => of(table, &layout).map(Some),
                        Self::Auto => Ok(None),
                    }
                }
            }

            /// Takes the constants out of the table.
            fn taken(
                table: &mut ResourceTable,
                constants: Option<Resource<ConstantValues>>,
            ) -> Result<ConstantValues, Failed> {
                Ok(match constants {
                    Some(constants) => table.delete(constants)?,
                    None => ConstantValues::default(),
                })
            }

            fn constants(values: &ConstantValues) -> Result<Vec<(String, f64)>, Unsupported> {
                if values.is_overflown() {
                    return Err(Unsupported::new("more constants than a stage may have"));
                }
                values
                    .entries()
                    .map(|(name, value)| Ok((name.to_owned(), finite64("a constant", value)?)))
                    .collect()
            }

            impl Resolve for $w::GpuProgrammableStage {
                type Resolved = plain::ProgrammableStage;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let values = taken(table, self.constants)?;
                    Ok(plain::ProgrammableStage {
                        module: of(table, &self.module)?,
                        entry_point: self.entry_point,
                        constants: constants(&values)?,
                    })
                }
            }

            impl Resolve for $w::GpuComputePipelineDescriptor {
                type Resolved = plain::ComputePipelineDescriptor;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let compute = self.compute.resolve(table)?;
                    Ok(plain::ComputePipelineDescriptor {
                        label: self.label,
                        layout: self.layout.resolve(table)?,
                        compute,
                    })
                }
            }

            // GPUVertexState: buffers = [].
            impl Resolve for $w::GpuVertexState {
                type Resolved = plain::VertexState;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let values = taken(table, self.constants)?;
                    let buffers = self.buffers.unwrap_or_default().into_iter();
                    Ok(plain::VertexState {
                        stage: plain::ProgrammableStage {
                            module: of(table, &self.module)?,
                            entry_point: self.entry_point,
                            constants: constants(&values)?,
                        },
                        buffers: buffers
                            .map(|buffer| buffer.map(Plain::plain).transpose())
                            .collect::<Result<_, _>>()?,
                    })
                }
            }

            impl Resolve for $w::GpuFragmentState {
                type Resolved = plain::FragmentState;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let values = taken(table, self.constants)?;
                    let targets = self.targets.into_iter();
                    Ok(plain::FragmentState {
                        stage: plain::ProgrammableStage {
                            module: of(table, &self.module)?,
                            entry_point: self.entry_point,
                            constants: constants(&values)?,
                        },
                        targets: targets
                            .map(|target| target.map(Plain::plain).transpose())
                            .collect::<Result<_, _>>()?,
                    })
                }
            }

            // GPURenderPipelineDescriptor: primitive = {}, multisample = {}.
            impl Resolve for $w::GpuRenderPipelineDescriptor {
                type Resolved = plain::RenderPipelineDescriptor;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    // Both own constants: each is taken, even if the other is refused.
                    let vertex = self.vertex.resolve(table);
                    let fragment = self.fragment.map(|fragment| fragment.resolve(table));
                    let primitive = self.primitive.map(Plain::plain).transpose()?;
                    let multisample = self.multisample.map(Plain::plain).transpose()?;
                    Ok(plain::RenderPipelineDescriptor {
                        label: self.label,
                        layout: self.layout.resolve(table)?,
                        vertex: vertex?,
                        primitive: primitive.unwrap_or_default(),
                        depth_stencil: self.depth_stencil.map(Plain::plain).transpose()?,
                        multisample: multisample.unwrap_or(wgt::MultisampleState {
                            count: 1,
                            mask: u32::MAX.into(),
                            alpha_to_coverage_enabled: false,
                        }),
                        fragment: fragment.transpose()?,
                    })
                }
            }

            impl Resolve for $w::GpuComputePassTimestampWrites {
                type Resolved = plain::TimestampWrites;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    Ok(plain::TimestampWrites {
                        query_set: of(table, &self.query_set)?,
                        beginning_of_pass_write_index: self.beginning_of_pass_write_index,
                        end_of_pass_write_index: self.end_of_pass_write_index,
                    })
                }
            }

            impl Resolve for $w::GpuRenderPassTimestampWrites {
                type Resolved = plain::TimestampWrites;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    Ok(plain::TimestampWrites {
                        query_set: of(table, &self.query_set)?,
                        beginning_of_pass_write_index: self.beginning_of_pass_write_index,
                        end_of_pass_write_index: self.end_of_pass_write_index,
                    })
                }
            }

            impl Resolve for $w::GpuComputePassDescriptor {
                type Resolved = plain::ComputePassDescriptor;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let writes = self.timestamp_writes;
                    Ok(plain::ComputePassDescriptor {
                        label: self.label,
                        timestamp_writes: writes.map(|writes| writes.resolve(table)).transpose()?,
                    })
                }
            }

            // GPURenderPassColorAttachment: clearValue = {0, 0, 0, 0}.
            impl Resolve for $w::GpuRenderPassColorAttachment {
                type Resolved = plain::ColorAttachment;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let clear = self.clear_value.map(Plain::plain).transpose()?;
                    Ok(plain::ColorAttachment {
                        view: of(table, &self.view)?,
                        depth_slice: self.depth_slice,
                        resolve_target: maybe(table, self.resolve_target.as_ref())?,
                        load_op: load_op(self.load_op, clear.unwrap_or(wgt::Color::TRANSPARENT)),
                        store_op: self.store_op.into(),
                    })
                }
            }

            // GPURenderPassDepthStencilAttachment: depthReadOnly = false, stencilClearValue = 0,
            // stencilReadOnly = false; depthClearValue has no default.
            impl Resolve for $w::GpuRenderPassDepthStencilAttachment {
                type Resolved = plain::DepthStencilAttachment;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let depth = self
                        .depth_clear_value
                        .map(|value| finite("depthClearValue", value))
                        .transpose()?;
                    let stencil = Some(self.stencil_clear_value.unwrap_or(0));
                    Ok(plain::DepthStencilAttachment {
                        view: of(table, &self.view)?,
                        depth: PassChannel {
                            load_op: self.depth_load_op.map(|op| load_op(op, depth)),
                            store_op: self.depth_store_op.map(Into::into),
                            read_only: self.depth_read_only.unwrap_or(false),
                        },
                        stencil: PassChannel {
                            load_op: self.stencil_load_op.map(|op| load_op(op, stencil)),
                            store_op: self.stencil_store_op.map(Into::into),
                            read_only: self.stencil_read_only.unwrap_or(false),
                        },
                    })
                }
            }

            impl Resolve for $w::GpuRenderPassDescriptor {
                type Resolved = plain::RenderPassDescriptor;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let colors = self.color_attachments.into_iter();
                    let color_attachments = colors
                        .map(|color| color.map(|color| color.resolve(table)).transpose())
                        .collect::<Result<_, _>>()?;
                    let depth_stencil = self.depth_stencil_attachment;
                    let writes = self.timestamp_writes;
                    Ok(plain::RenderPassDescriptor {
                        label: self.label,
                        color_attachments,
                        depth_stencil_attachment: depth_stencil
                            .map(|depth_stencil| depth_stencil.resolve(table))
                            .transpose()?,
                        occlusion_query_set: maybe(table, self.occlusion_query_set.as_ref())?,
                        timestamp_writes: writes.map(|writes| writes.resolve(table)).transpose()?,
                        max_draw_count: self.max_draw_count,
                    })
                }
            }

            // GPUTexelCopyBufferLayout: offset = 0.
            impl Resolve for $w::GpuTexelCopyBufferInfo {
                type Resolved = plain::TexelCopyBufferInfo;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    Ok(plain::TexelCopyBufferInfo {
                        buffer: of(table, &self.buffer)?,
                        layout: wgt::TexelCopyBufferLayout {
                            offset: self.offset.unwrap_or(0),
                            bytes_per_row: self.bytes_per_row,
                            rows_per_image: self.rows_per_image,
                        },
                    })
                }
            }

            // GPUTexelCopyTextureInfo: mipLevel = 0, origin = {}, aspect = "all".
            impl Resolve for $w::GpuTexelCopyTextureInfo {
                type Resolved = plain::TexelCopyTextureInfo;
                fn resolve(self, table: &mut ResourceTable) -> Result<Self::Resolved, Failed> {
                    let origin = self.origin.map(Plain::plain).transpose()?;
                    Ok(plain::TexelCopyTextureInfo {
                        texture: of(table, &self.texture)?,
                        mip_level: self.mip_level.unwrap_or(0),
                        origin: origin.unwrap_or(wgt::Origin3d::ZERO),
                        aspect: self.aspect.map_or(wgt::TextureAspect::All, Into::into),
                    })
                }
            }
        };

        /// What is there when a pass begins.
        pub(crate) fn load_op<V>(op: $w::GpuLoadOp, clear: V) -> wgpu_types::LoadOp<V> {
            match op {
                $w::GpuLoadOp::Load => wgpu_types::LoadOp::Load,
                $w::GpuLoadOp::Clear => wgpu_types::LoadOp::Clear(clear),
            }
        }
    };
}

pub(crate) use resources;

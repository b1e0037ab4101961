//! Records that name no resource. The defaults are those of the dictionaries of the WebGPU specification, which are named
//! where they are written.

/// `Plain` for the records of the bindings.
macro_rules! records {
    ($w:ident) => {
        const _: () = {
            use wgpu_types as wgt;
            use $crate::convert::{Plain, Unsupported, finite, finite64};
            use $crate::descriptors as plain;

            fn map<T: Plain>(value: Option<T>) -> Result<Option<T::Plain>, Unsupported> {
                value.map(Plain::plain).transpose()
            }

            // GPURequestAdapterOptions: featureLevel = "core", forceFallbackAdapter = false.
            impl Plain for $w::GpuRequestAdapterOptions {
                type Plain = plain::RequestAdapterOptions;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let compatibility = match self.feature_level.as_deref() {
                        None | Some("core") => false,
                        Some("compatibility") => true,
                        Some(_) => {
                            return Err(Unsupported::new(
                                "a feature level is core or compatibility",
                            ));
                        }
                    };
                    Ok(plain::RequestAdapterOptions {
                        compatibility,
                        power_preference: self
                            .power_preference
                            .map_or(wgt::PowerPreference::None, Into::into),
                        force_fallback: self.force_fallback_adapter.unwrap_or(false),
                    })
                }
            }

            // GPUBufferDescriptor: mappedAtCreation = false.
            impl Plain for $w::GpuBufferDescriptor {
                type Plain = plain::BufferDescriptor;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(wgt::BufferDescriptor {
                        label: self.label,
                        size: self.size,
                        usage: buffer_usages(self.usage)?,
                        mapped_at_creation: self.mapped_at_creation.unwrap_or(false),
                    })
                }
            }

            // GPUExtent3DDict: height = 1, depthOrArrayLayers = 1.
            impl Plain for $w::GpuExtent3D {
                type Plain = wgt::Extent3d;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(wgt::Extent3d {
                        width: self.width,
                        height: self.height.unwrap_or(1),
                        depth_or_array_layers: self.depth_or_array_layers.unwrap_or(1),
                    })
                }
            }

            // GPUOrigin3DDict: x = 0, y = 0, z = 0.
            impl Plain for $w::GpuOrigin3D {
                type Plain = wgt::Origin3d;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(wgt::Origin3d {
                        x: self.x.unwrap_or(0),
                        y: self.y.unwrap_or(0),
                        z: self.z.unwrap_or(0),
                    })
                }
            }

            // GPUColorDict has no defaults; Web IDL's `double` is finite.
            impl Plain for $w::GpuColor {
                type Plain = wgt::Color;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(wgt::Color {
                        r: finite64("red", self.r)?,
                        g: finite64("green", self.g)?,
                        b: finite64("blue", self.b)?,
                        a: finite64("alpha", self.a)?,
                    })
                }
            }

            // GPUTextureDescriptor: mipLevelCount = 1, sampleCount = 1, dimension = "2d", viewFormats = [].
            // textureBindingViewDimension is for compatibility mode only, which no device here has.
            impl Plain for $w::GpuTextureDescriptor {
                type Plain = plain::TextureDescriptor;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let view_formats = self.view_formats.unwrap_or_default();
                    Ok(wgt::TextureDescriptor {
                        label: self.label,
                        size: self.size.plain()?,
                        mip_level_count: self.mip_level_count.unwrap_or(1),
                        sample_count: self.sample_count.unwrap_or(1),
                        dimension: self
                            .dimension
                            .map_or(wgt::TextureDimension::D2, Into::into),
                        format: self.format.into(),
                        usage: texture_usages(self.usage)?,
                        view_formats: view_formats.into_iter().map(Into::into).collect(),
                    })
                }
            }

            // GPUTextureViewDescriptor: usage = 0 (that is the texture's), aspect = "all", baseMipLevel = 0,
            // baseArrayLayer = 0, swizzle = "rgba".
            impl Plain for $w::GpuTextureViewDescriptor {
                type Plain = plain::TextureViewDescriptor;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    swizzle(&self)?;
                    let usage = self.usage.map(texture_usages).transpose()?;
                    Ok(wgt::TextureViewDescriptor {
                        label: self.label,
                        format: self.format.map(Into::into),
                        dimension: self.dimension.map(Into::into),
                        usage: usage.filter(|usage| !usage.is_empty()),
                        aspect: self.aspect.map_or(wgt::TextureAspect::All, Into::into),
                        base_mip_level: self.base_mip_level.unwrap_or(0),
                        mip_level_count: self.mip_level_count,
                        base_array_layer: self.base_array_layer.unwrap_or(0),
                        array_layer_count: self.array_layer_count,
                    })
                }
            }

            // GPUSamplerDescriptor: addressModeU, V, W = "clamp-to-edge", magFilter, minFilter, mipmapFilter = "nearest",
            // lodMinClamp = 0, lodMaxClamp = 32, maxAnisotropy = 1.
            impl Plain for $w::GpuSamplerDescriptor {
                type Plain = plain::SamplerDescriptor;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let address = |mode: Option<$w::GpuAddressMode>| {
                        mode.map_or(wgt::AddressMode::ClampToEdge, Into::into)
                    };
                    let filter = |mode: Option<$w::GpuFilterMode>| {
                        mode.map_or(wgt::FilterMode::Nearest, Into::into)
                    };
                    Ok(wgt::SamplerDescriptor {
                        label: self.label,
                        address_mode_u: address(self.address_mode_u),
                        address_mode_v: address(self.address_mode_v),
                        address_mode_w: address(self.address_mode_w),
                        mag_filter: filter(self.mag_filter),
                        min_filter: filter(self.min_filter),
                        mipmap_filter: self
                            .mipmap_filter
                            .map_or(wgt::MipmapFilterMode::Nearest, Into::into),
                        lod_min_clamp: finite("lodMinClamp", self.lod_min_clamp.unwrap_or(0.0))?,
                        lod_max_clamp: finite("lodMaxClamp", self.lod_max_clamp.unwrap_or(32.0))?,
                        compare: self.compare.map(Into::into),
                        anisotropy_clamp: self.max_anisotropy.unwrap_or(1),
                        border_color: None,
                    })
                }
            }

            // GPUBufferBindingLayout: type = "uniform", hasDynamicOffset = false, minBindingSize = 0 (which is none);
            // GPUSamplerBindingLayout: type = "filtering"; GPUTextureBindingLayout: sampleType = "float",
            // viewDimension = "2d", multisampled = false; GPUStorageTextureBindingLayout: access = "write-only",
            // viewDimension = "2d".
            impl Plain for $w::GpuBindGroupLayoutEntry {
                type Plain = wgt::BindGroupLayoutEntry;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let view = |dimension: Option<$w::GpuTextureViewDimension>| {
                        dimension.map_or(wgt::TextureViewDimension::D2, Into::into)
                    };
                    let buffer = self.buffer.map(|layout| wgt::BindingType::Buffer {
                        ty: layout
                            .type_
                            .map_or(wgt::BufferBindingType::Uniform, Into::into),
                        has_dynamic_offset: layout.has_dynamic_offset.unwrap_or(false),
                        min_binding_size: layout.min_binding_size.and_then(wgt::BufferSize::new),
                    });
                    let sampler = self.sampler.map(|layout| {
                        wgt::BindingType::Sampler(
                            layout
                                .type_
                                .map_or(wgt::SamplerBindingType::Filtering, Into::into),
                        )
                    });
                    let texture = self.texture.map(|layout| wgt::BindingType::Texture {
                        sample_type: layout.sample_type.map_or(
                            wgt::TextureSampleType::Float { filterable: true },
                            Into::into,
                        ),
                        view_dimension: view(layout.view_dimension),
                        multisampled: layout.multisampled.unwrap_or(false),
                    });
                    let storage =
                        self.storage_texture
                            .map(|layout| wgt::BindingType::StorageTexture {
                                access: layout
                                    .access
                                    .map_or(wgt::StorageTextureAccess::WriteOnly, Into::into),
                                format: layout.format.into(),
                                view_dimension: view(layout.view_dimension),
                            });
                    let mut kinds = [buffer, sampler, texture, storage].into_iter().flatten();
                    match (kinds.next(), kinds.next()) {
                        (Some(ty), None) => Ok(wgt::BindGroupLayoutEntry {
                            binding: self.binding,
                            visibility: shader_stages(self.visibility)?,
                            ty,
                            count: None,
                        }),
                        (None, _) => Err(Unsupported::new(format!(
                            "binding {} is neither a buffer, a sampler, a texture nor a storage texture",
                            self.binding
                        ))),
                        (Some(_), Some(_)) => Err(Unsupported::new(format!(
                            "binding {} is several things at once",
                            self.binding
                        ))),
                    }
                }
            }

            impl Plain for $w::GpuBindGroupLayoutDescriptor {
                type Plain = plain::BindGroupLayoutDescriptor;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let entries = self.entries.into_iter().map(Plain::plain);
                    Ok(plain::BindGroupLayoutDescriptor {
                        label: self.label,
                        entries: entries.collect::<Result<_, _>>()?,
                    })
                }
            }

            // GPUPrimitiveState: topology = "triangle-list", frontFace = "ccw", cullMode = "none",
            // unclippedDepth = false.
            impl Plain for $w::GpuPrimitiveState {
                type Plain = wgt::PrimitiveState;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(wgt::PrimitiveState {
                        topology: self
                            .topology
                            .map_or(wgt::PrimitiveTopology::TriangleList, Into::into),
                        strip_index_format: self.strip_index_format.map(Into::into),
                        front_face: self.front_face.map_or(wgt::FrontFace::Ccw, Into::into),
                        cull_mode: self.cull_mode.and_then(cull_mode),
                        unclipped_depth: self.unclipped_depth.unwrap_or(false),
                        polygon_mode: wgt::PolygonMode::Fill,
                        conservative: false,
                    })
                }
            }

            // GPUStencilFaceState: compare = "always", failOp, depthFailOp, passOp = "keep".
            impl Plain for $w::GpuStencilFaceState {
                type Plain = wgt::StencilFaceState;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let operation = |operation: Option<$w::GpuStencilOperation>| {
                        operation.map_or(wgt::StencilOperation::Keep, Into::into)
                    };
                    Ok(wgt::StencilFaceState {
                        compare: self
                            .compare
                            .map_or(wgt::CompareFunction::Always, Into::into),
                        fail_op: operation(self.fail_op),
                        depth_fail_op: operation(self.depth_fail_op),
                        pass_op: operation(self.pass_op),
                    })
                }
            }

            // GPUDepthStencilState: stencilFront, stencilBack = {}, stencilReadMask, stencilWriteMask = 0xFFFFFFFF,
            // depthBias, depthBiasSlopeScale, depthBiasClamp = 0.
            impl Plain for $w::GpuDepthStencilState {
                type Plain = wgt::DepthStencilState;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let slope_scale = self.depth_bias_slope_scale.unwrap_or(0.0);
                    let clamp = self.depth_bias_clamp.unwrap_or(0.0);
                    Ok(wgt::DepthStencilState {
                        format: self.format.into(),
                        depth_write_enabled: self.depth_write_enabled,
                        depth_compare: self.depth_compare.map(Into::into),
                        stencil: wgt::StencilState {
                            front: map(self.stencil_front)?
                                .unwrap_or(wgt::StencilFaceState::IGNORE),
                            back: map(self.stencil_back)?
                                .unwrap_or(wgt::StencilFaceState::IGNORE),
                            read_mask: self.stencil_read_mask.unwrap_or(u32::MAX),
                            write_mask: self.stencil_write_mask.unwrap_or(u32::MAX),
                        },
                        bias: wgt::DepthBiasState {
                            constant: self.depth_bias.unwrap_or(0),
                            slope_scale: finite("depthBiasSlopeScale", slope_scale)?,
                            clamp: finite("depthBiasClamp", clamp)?,
                        },
                    })
                }
            }

            // GPUMultisampleState: count = 1, mask = 0xFFFFFFFF, alphaToCoverageEnabled = false.
            impl Plain for $w::GpuMultisampleState {
                type Plain = wgt::MultisampleState;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(wgt::MultisampleState {
                        count: self.count.unwrap_or(1),
                        mask: self.mask.unwrap_or(u32::MAX).into(),
                        alpha_to_coverage_enabled: self.alpha_to_coverage_enabled.unwrap_or(false),
                    })
                }
            }

            // GPUBlendComponent: operation = "add", srcFactor = "one", dstFactor = "zero".
            impl Plain for $w::GpuBlendComponent {
                type Plain = wgt::BlendComponent;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(wgt::BlendComponent {
                        src_factor: self.src_factor.map_or(wgt::BlendFactor::One, Into::into),
                        dst_factor: self.dst_factor.map_or(wgt::BlendFactor::Zero, Into::into),
                        operation: self.operation.map_or(wgt::BlendOperation::Add, Into::into),
                    })
                }
            }

            // GPUColorTargetState: writeMask = 0xF.
            impl Plain for $w::GpuColorTargetState {
                type Plain = wgt::ColorTargetState;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let blend = match self.blend {
                        Some(blend) => Some(wgt::BlendState {
                            color: blend.color.plain()?,
                            alpha: blend.alpha.plain()?,
                        }),
                        None => None,
                    };
                    let write_mask = self.write_mask.map(color_writes).transpose()?;
                    Ok(wgt::ColorTargetState {
                        format: self.format.into(),
                        blend,
                        write_mask: write_mask.unwrap_or(wgt::ColorWrites::ALL),
                    })
                }
            }

            // GPUVertexBufferLayout: stepMode = "vertex".
            impl Plain for $w::GpuVertexBufferLayout {
                type Plain = plain::VertexBufferLayout;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let attribute = |attribute: $w::GpuVertexAttribute| wgt::VertexAttribute {
                        format: attribute.format.into(),
                        offset: attribute.offset,
                        shader_location: attribute.shader_location,
                    };
                    Ok(plain::VertexBufferLayout {
                        array_stride: self.array_stride,
                        step_mode: self
                            .step_mode
                            .map_or(wgt::VertexStepMode::Vertex, Into::into),
                        attributes: self.attributes.into_iter().map(attribute).collect(),
                    })
                }
            }

            // GPURenderBundleEncoderDescriptor: depthReadOnly, stencilReadOnly = false, sampleCount = 1.
            impl Plain for $w::GpuRenderBundleEncoderDescriptor {
                type Plain = plain::RenderBundleEncoderDescriptor;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    let depth_read_only = self.depth_read_only.unwrap_or(false);
                    let stencil_read_only = self.stencil_read_only.unwrap_or(false);
                    let colors = self.color_formats.into_iter();
                    Ok(plain::RenderBundleEncoderDescriptor {
                        label: self.label,
                        color_formats: colors.map(|format| format.map(Into::into)).collect(),
                        depth_stencil: self.depth_stencil_format.map(|format| {
                            wgt::RenderBundleDepthStencil {
                                format: format.into(),
                                depth_read_only,
                                stencil_read_only,
                            }
                        }),
                        sample_count: self.sample_count.unwrap_or(1),
                    })
                }
            }

            impl Plain for $w::GpuQuerySetDescriptor {
                type Plain = plain::QuerySetDescriptor;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(plain::QuerySetDescriptor {
                        label: self.label,
                        kind: self.type_.into(),
                        count: self.count,
                    })
                }
            }

            // GPUTexelCopyBufferLayout: offset = 0.
            impl Plain for $w::GpuTexelCopyBufferLayout {
                type Plain = wgt::TexelCopyBufferLayout;
                fn plain(self) -> Result<Self::Plain, Unsupported> {
                    Ok(wgt::TexelCopyBufferLayout {
                        offset: self.offset.unwrap_or(0),
                        bytes_per_row: self.bytes_per_row,
                        rows_per_image: self.rows_per_image,
                    })
                }
            }
        };
    };
}

pub(crate) use records;

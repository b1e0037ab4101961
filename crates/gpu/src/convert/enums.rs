//! Enums. Each is written as its list of cases, once; a case that is forgotten does not compile.

/// Both ways between the enums of the bindings and those of wgpu, or ours.
macro_rules! enums {
    // wgpu's enums have more cases than WebGPU's: those have no way back.
    (@pair $w:ident::$wit:ident = $wgpu:path; $($case:ident => { $($value:tt)+ })*) => {
        #[cfg(test)]
        impl $crate::convert::Cases for $w::$wit {
            const CASES: &'static [Self] = &[$(Self::$case),*];
        }

        impl From<$w::$wit> for $wgpu {
            fn from(value: $w::$wit) -> Self {
                match value {
                    $($w::$wit::$case => Self::$($value)+,)*
                }
            }
        }

        impl TryFrom<$wgpu> for $w::$wit {
            type Error = $crate::convert::Unsupported;

            fn try_from(value: $wgpu) -> Result<Self, $crate::convert::Unsupported> {
                use $wgpu as Theirs;
                $(if matches!(value, Theirs::$($value)+) {
                    return Ok(Self::$case);
                })*
                Err($crate::convert::Unsupported::new(format!(
                    concat!("the WIT package has no ", stringify!($wit), " {:?}"),
                    value
                )))
            }
        }
    };

    (@features $w:ident; $($case:ident => $name:literal)*) => {
        #[cfg(test)]
        impl $crate::convert::Cases for $w::GpuFeatureName {
            const CASES: &'static [Self] = &[$(Self::$case),*];
        }

        /// What WebGPU calls a feature.
        pub(crate) fn feature_name(feature: $w::GpuFeatureName) -> &'static str {
            match feature {
                $($w::GpuFeatureName::$case => $name,)*
            }
        }

        impl TryFrom<$w::GpuFeatureName> for wgpu_types::Features {
            type Error = $crate::convert::Unsupported;

            fn try_from(feature: $w::GpuFeatureName) -> Result<Self, Self::Error> {
                let name = feature_name(feature);
                $crate::convert::features::named(name).ok_or_else(|| {
                    $crate::convert::Unsupported::new(format!("no adapter has the feature {name}"))
                })
            }
        }
    };

    ($w:ident) => {
        $crate::convert::enums! { @pair $w::GpuAddressMode = wgpu_types::AddressMode; ClampToEdge => { ClampToEdge } Repeat => { Repeat } MirrorRepeat => { MirrorRepeat } }
        $crate::convert::enums! { @pair $w::GpuBlendFactor = wgpu_types::BlendFactor; Zero => { Zero } One => { One } Src => { Src } OneMinusSrc => { OneMinusSrc } SrcAlpha => { SrcAlpha } OneMinusSrcAlpha => { OneMinusSrcAlpha } Dst => { Dst } OneMinusDst => { OneMinusDst } DstAlpha => { DstAlpha } OneMinusDstAlpha => { OneMinusDstAlpha } SrcAlphaSaturated => { SrcAlphaSaturated } Constant => { Constant } OneMinusConstant => { OneMinusConstant } Src1 => { Src1 } OneMinusSrc1 => { OneMinusSrc1 } Src1Alpha => { Src1Alpha } OneMinusSrc1Alpha => { OneMinusSrc1Alpha } }
        $crate::convert::enums! { @pair $w::GpuBlendOperation = wgpu_types::BlendOperation; Add => { Add } Subtract => { Subtract } ReverseSubtract => { ReverseSubtract } Min => { Min } Max => { Max } }
        $crate::convert::enums! { @pair $w::GpuCompareFunction = wgpu_types::CompareFunction; Never => { Never } Less => { Less } Equal => { Equal } LessEqual => { LessEqual } Greater => { Greater } NotEqual => { NotEqual } GreaterEqual => { GreaterEqual } Always => { Always } }
        $crate::convert::enums! { @pair $w::GpuFilterMode = wgpu_types::FilterMode; Nearest => { Nearest } Linear => { Linear } }
        $crate::convert::enums! { @pair $w::GpuFrontFace = wgpu_types::FrontFace; Ccw => { Ccw } Cw => { Cw } }
        $crate::convert::enums! { @pair $w::GpuIndexFormat = wgpu_types::IndexFormat; Uint16 => { Uint16 } Uint32 => { Uint32 } }
        $crate::convert::enums! { @pair $w::GpuMipmapFilterMode = wgpu_types::MipmapFilterMode; Nearest => { Nearest } Linear => { Linear } }
        $crate::convert::enums! { @pair $w::GpuPrimitiveTopology = wgpu_types::PrimitiveTopology; PointList => { PointList } LineList => { LineList } LineStrip => { LineStrip } TriangleList => { TriangleList } TriangleStrip => { TriangleStrip } }
        $crate::convert::enums! { @pair $w::GpuQueryType = $crate::objects::QueryType; Occlusion => { Occlusion } Timestamp => { Timestamp } }
        $crate::convert::enums! { @pair $w::GpuSamplerBindingType = wgpu_types::SamplerBindingType; Filtering => { Filtering } NonFiltering => { NonFiltering } Comparison => { Comparison } }
        $crate::convert::enums! { @pair $w::GpuStencilOperation = wgpu_types::StencilOperation; Keep => { Keep } Zero => { Zero } Replace => { Replace } Invert => { Invert } IncrementClamp => { IncrementClamp } DecrementClamp => { DecrementClamp } IncrementWrap => { IncrementWrap } DecrementWrap => { DecrementWrap } }
        $crate::convert::enums! { @pair $w::GpuStorageTextureAccess = wgpu_types::StorageTextureAccess; WriteOnly => { WriteOnly } ReadOnly => { ReadOnly } ReadWrite => { ReadWrite } }
        $crate::convert::enums! { @pair $w::GpuStoreOp = wgpu_types::StoreOp; Store => { Store } Discard => { Discard } }
        $crate::convert::enums! { @pair $w::GpuTextureAspect = wgpu_types::TextureAspect; All => { All } StencilOnly => { StencilOnly } DepthOnly => { DepthOnly } }
        $crate::convert::enums! { @pair $w::GpuTextureDimension = wgpu_types::TextureDimension; D1 => { D1 } D2 => { D2 } D3 => { D3 } }
        $crate::convert::enums! { @pair $w::GpuTextureViewDimension = wgpu_types::TextureViewDimension; D1 => { D1 } D2 => { D2 } D2Array => { D2Array } Cube => { Cube } CubeArray => { CubeArray } D3 => { D3 } }
        $crate::convert::enums! { @pair $w::GpuVertexStepMode = wgpu_types::VertexStepMode; Vertex => { Vertex } Instance => { Instance } }
        $crate::convert::enums! { @pair $w::GpuPowerPreference = wgpu_types::PowerPreference; LowPower => { LowPower } HighPerformance => { HighPerformance } }
        $crate::convert::enums! { @pair $w::GpuVertexFormat = wgpu_types::VertexFormat; Uint8 => { Uint8 } Uint8x2 => { Uint8x2 } Uint8x4 => { Uint8x4 } Sint8 => { Sint8 } Sint8x2 => { Sint8x2 } Sint8x4 => { Sint8x4 } Unorm8 => { Unorm8 } Unorm8x2 => { Unorm8x2 } Unorm8x4 => { Unorm8x4 } Snorm8 => { Snorm8 } Snorm8x2 => { Snorm8x2 } Snorm8x4 => { Snorm8x4 } Uint16 => { Uint16 } Uint16x2 => { Uint16x2 } Uint16x4 => { Uint16x4 } Sint16 => { Sint16 } Sint16x2 => { Sint16x2 } Sint16x4 => { Sint16x4 } Unorm16 => { Unorm16 } Unorm16x2 => { Unorm16x2 } Unorm16x4 => { Unorm16x4 } Snorm16 => { Snorm16 } Snorm16x2 => { Snorm16x2 } Snorm16x4 => { Snorm16x4 } Float16 => { Float16 } Float16x2 => { Float16x2 } Float16x4 => { Float16x4 } Float32 => { Float32 } Float32x2 => { Float32x2 } Float32x3 => { Float32x3 } Float32x4 => { Float32x4 } Uint32 => { Uint32 } Uint32x2 => { Uint32x2 } Uint32x3 => { Uint32x3 } Uint32x4 => { Uint32x4 } Sint32 => { Sint32 } Sint32x2 => { Sint32x2 } Sint32x3 => { Sint32x3 } Sint32x4 => { Sint32x4 } Unorm1010102 => { Unorm10_10_10_2 } Unorm8x4Bgra => { Unorm8x4Bgra } }
        $crate::convert::enums! { @pair $w::GpuTextureSampleType = wgpu_types::TextureSampleType; Float => { Float { filterable: true } } UnfilterableFloat => { Float { filterable: false } } Depth => { Depth } Sint => { Sint } Uint => { Uint } }
        $crate::convert::enums! { @pair $w::GpuBufferBindingType = wgpu_types::BufferBindingType; Uniform => { Uniform } Storage => { Storage { read_only: false } } ReadOnlyStorage => { Storage { read_only: true } } }
        $crate::convert::enums! { @pair $w::GpuDeviceLostReason = crate::error::LostReason; Unknown => { Unknown } Destroyed => { Destroyed } }
        $crate::convert::enums! { @pair $w::GpuErrorFilter = crate::error::ErrorKind; Validation => { Validation } OutOfMemory => { OutOfMemory } Internal => { Internal } }
        $crate::convert::enums! { @pair $w::GpuBufferMapState = crate::objects::MapState; Unmapped => { Unmapped } Pending => { Pending } Mapped => { Mapped } }
        $crate::convert::enums! { @pair $w::GpuCompilationMessageType = crate::objects::CompilationMessageType; Error => { Error } Warning => { Warning } Info => { Info } }
        #[cfg(test)]
        impl $crate::convert::Cases for $w::GpuCullMode {
            const CASES: &'static [Self] = &[Self::None, Self::Front, Self::Back];
        }

        /// Which faces are left out.
        pub(crate) fn cull_mode(mode: $w::GpuCullMode) -> Option<wgpu_types::Face> {
            match mode {
                $w::GpuCullMode::None => None,
                $w::GpuCullMode::Front => Some(wgpu_types::Face::Front),
                $w::GpuCullMode::Back => Some(wgpu_types::Face::Back),
            }
        }

        impl From<$crate::error::ErrorKind> for $w::GpuErrorKind {
            fn from(kind: $crate::error::ErrorKind) -> Self {
                use $crate::error::ErrorKind;
                match kind {
                    ErrorKind::Validation => Self::ValidationError,
                    ErrorKind::OutOfMemory => Self::OutOfMemoryError,
                    ErrorKind::Internal => Self::InternalError,
                }
            }
        }

        impl From<$crate::objects::MapError> for $w::MapAsyncError {
            fn from(error: $crate::objects::MapError) -> Self {
                use $crate::objects::MapError;
                let kind = match error {
                    MapError::Abort => $w::MapAsyncErrorKind::AbortError,
                    MapError::Operation(_) => $w::MapAsyncErrorKind::OperationError,
                };
                Self { kind, message: error.to_string() }
            }
        }

        impl From<$crate::objects::RangeError> for $w::GetMappedRangeError {
            fn from(error: $crate::objects::RangeError) -> Self {
                Self {
                    kind: $w::GetMappedRangeErrorKind::OperationError,
                    message: error.to_string(),
                }
            }
        }

        impl From<$crate::objects::WriteError> for $w::WriteBufferError {
            fn from(error: $crate::objects::WriteError) -> Self {
                Self {
                    kind: $w::WriteBufferErrorKind::OperationError,
                    message: error.to_string(),
                }
            }
        }

        impl From<$crate::error::NoScope> for $w::PopErrorScopeError {
            fn from(error: $crate::error::NoScope) -> Self {
                Self {
                    kind: $w::PopErrorScopeErrorKind::OperationError,
                    message: error.to_string(),
                }
            }
        }

        impl From<$crate::objects::RequestError> for $w::RequestDeviceError {
            fn from(error: $crate::objects::RequestError) -> Self {
                use $crate::objects::RequestError;
                let kind = match error {
                    RequestError::Features(_) | RequestError::Feature(_) => $w::RequestDeviceErrorKind::TypeError,
                    RequestError::Limits(_) | RequestError::OverCap(_) => {
                        $w::RequestDeviceErrorKind::OperationError
                    }
                };
                Self { kind, message: error.to_string() }
            }
        }
    };
}

pub(crate) use enums;

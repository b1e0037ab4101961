//! Words of one choice.

use crate::bindings::*;

/// A function from one enumeration to another, whose variants pair up.
macro_rules! choice {
    ($name:ident: $from:ty => $to:ident { $($theirs:ident => $ours:ident),* $(,)? }) => {
        pub(crate) fn $name(choice: $from) -> $to {
            match choice {
                $(<$from>::$theirs => $to::$ours,)*
            }
        }
    };
}

choice!(address_mode: wgpu::AddressMode => GpuAddressMode {
    ClampToEdge => ClampToEdge,
    Repeat => Repeat,
    MirrorRepeat => MirrorRepeat,
    // WebGPU has no border colour. wgpu asks for ADDRESS_MODE_CLAMP_TO_BORDER first, which no device has here.
    ClampToBorder => ClampToEdge,
});
choice!(filter_mode: wgpu::FilterMode => GpuFilterMode {
    Nearest => Nearest,
    Linear => Linear,
});
choice!(mipmap_filter: wgpu::MipmapFilterMode => GpuMipmapFilterMode {
    Nearest => Nearest,
    Linear => Linear,
});
choice!(compare: wgpu::CompareFunction => GpuCompareFunction {
    Never => Never,
    Less => Less,
    Equal => Equal,
    LessEqual => LessEqual,
    Greater => Greater,
    NotEqual => NotEqual,
    GreaterEqual => GreaterEqual,
    Always => Always,
});
choice!(index_format: wgpu::IndexFormat => GpuIndexFormat {
    Uint16 => Uint16,
    Uint32 => Uint32,
});
choice!(texture_dimension: wgpu::TextureDimension => GpuTextureDimension {
    D1 => D1,
    D2 => D2,
    D3 => D3,
});
choice!(view_dimension: wgpu::TextureViewDimension => GpuTextureViewDimension {
    D1 => D1,
    D2 => D2,
    D2Array => D2Array,
    Cube => Cube,
    CubeArray => CubeArray,
    D3 => D3,
});
choice!(front_face: wgpu::FrontFace => GpuFrontFace {
    Ccw => Ccw,
    Cw => Cw,
});
choice!(topology: wgpu::PrimitiveTopology => GpuPrimitiveTopology {
    PointList => PointList,
    LineList => LineList,
    LineStrip => LineStrip,
    TriangleList => TriangleList,
    TriangleStrip => TriangleStrip,
});
choice!(step_mode: wgpu::VertexStepMode => GpuVertexStepMode {
    Vertex => Vertex,
    Instance => Instance,
});
choice!(cull_mode: wgpu::Face => GpuCullMode {
    Front => Front,
    Back => Back,
});
choice!(blend_operation: wgpu::BlendOperation => GpuBlendOperation {
    Add => Add,
    Subtract => Subtract,
    ReverseSubtract => ReverseSubtract,
    Min => Min,
    Max => Max,
});
choice!(blend_factor: wgpu::BlendFactor => GpuBlendFactor {
    Zero => Zero,
    One => One,
    Src => Src,
    OneMinusSrc => OneMinusSrc,
    SrcAlpha => SrcAlpha,
    OneMinusSrcAlpha => OneMinusSrcAlpha,
    Dst => Dst,
    OneMinusDst => OneMinusDst,
    DstAlpha => DstAlpha,
    OneMinusDstAlpha => OneMinusDstAlpha,
    SrcAlphaSaturated => SrcAlphaSaturated,
    Constant => Constant,
    OneMinusConstant => OneMinusConstant,
    Src1 => Src1,
    OneMinusSrc1 => OneMinusSrc1,
    Src1Alpha => Src1Alpha,
    OneMinusSrc1Alpha => OneMinusSrc1Alpha,
});
choice!(stencil_operation: wgpu::StencilOperation => GpuStencilOperation {
    Keep => Keep,
    Zero => Zero,
    Replace => Replace,
    Invert => Invert,
    IncrementClamp => IncrementClamp,
    DecrementClamp => DecrementClamp,
    IncrementWrap => IncrementWrap,
    DecrementWrap => DecrementWrap,
});
choice!(store_op: wgpu::StoreOp => GpuStoreOp {
    Store => Store,
    Discard => Discard,
});
choice!(sampler_binding: wgpu::SamplerBindingType => GpuSamplerBindingType {
    Filtering => Filtering,
    NonFiltering => NonFiltering,
    Comparison => Comparison,
});
choice!(error_filter: wgpu::ErrorFilter => GpuErrorFilter {
    OutOfMemory => OutOfMemory,
    Validation => Validation,
    Internal => Internal,
});

pub(crate) fn texture_aspect(aspect: wgpu::TextureAspect) -> GpuTextureAspect {
    match aspect {
        wgpu::TextureAspect::StencilOnly => GpuTextureAspect::StencilOnly,
        wgpu::TextureAspect::DepthOnly => GpuTextureAspect::DepthOnly,
        // The planes are those of video formats, which no device has here.
        wgpu::TextureAspect::All
        | wgpu::TextureAspect::Plane0
        | wgpu::TextureAspect::Plane1
        | wgpu::TextureAspect::Plane2 => GpuTextureAspect::All,
    }
}

pub(crate) fn power_preference(wish: wgpu::PowerPreference) -> Option<GpuPowerPreference> {
    match wish {
        wgpu::PowerPreference::None => None,
        wgpu::PowerPreference::LowPower => Some(GpuPowerPreference::LowPower),
        wgpu::PowerPreference::HighPerformance => Some(GpuPowerPreference::HighPerformance),
    }
}

pub(crate) fn buffer_binding(kind: wgpu::BufferBindingType) -> GpuBufferBindingType {
    match kind {
        wgpu::BufferBindingType::Uniform => GpuBufferBindingType::Uniform,
        wgpu::BufferBindingType::Storage { read_only: true } => {
            GpuBufferBindingType::ReadOnlyStorage
        }
        wgpu::BufferBindingType::Storage { read_only: false } => GpuBufferBindingType::Storage,
    }
}

pub(crate) fn sample_type(kind: wgpu::TextureSampleType) -> GpuTextureSampleType {
    match kind {
        wgpu::TextureSampleType::Float { filterable: true } => GpuTextureSampleType::Float,
        wgpu::TextureSampleType::Float { filterable: false } => {
            GpuTextureSampleType::UnfilterableFloat
        }
        wgpu::TextureSampleType::Depth => GpuTextureSampleType::Depth,
        wgpu::TextureSampleType::Sint => GpuTextureSampleType::Sint,
        wgpu::TextureSampleType::Uint => GpuTextureSampleType::Uint,
    }
}

/// None for atomic access, which WebGPU does not have.
pub(crate) fn storage_access(
    access: wgpu::StorageTextureAccess,
) -> Option<GpuStorageTextureAccess> {
    match access {
        wgpu::StorageTextureAccess::WriteOnly => Some(GpuStorageTextureAccess::WriteOnly),
        wgpu::StorageTextureAccess::ReadOnly => Some(GpuStorageTextureAccess::ReadOnly),
        wgpu::StorageTextureAccess::ReadWrite => Some(GpuStorageTextureAccess::ReadWrite),
        wgpu::StorageTextureAccess::Atomic => None,
    }
}

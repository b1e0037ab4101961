//! Features that wgpu and WebGPU both have.

use crate::bindings::{GpuFeatureName, GpuSupportedFeatures};
use wgpu::Features;

/// wgpu's flag, the name a device is asked for by, and the name the web knows it by.
#[rustfmt::skip] // A table: one feature a line.
const FEATURES: [(Features, GpuFeatureName, &str); 18] = [
    (Features::DEPTH_CLIP_CONTROL, GpuFeatureName::DepthClipControl, "depth-clip-control"),
    (Features::DEPTH32FLOAT_STENCIL8, GpuFeatureName::Depth32floatStencil8, "depth32float-stencil8"),
    (Features::TEXTURE_COMPRESSION_BC, GpuFeatureName::TextureCompressionBc, "texture-compression-bc"),
    (Features::TEXTURE_COMPRESSION_BC_SLICED_3D, GpuFeatureName::TextureCompressionBcSliced3d, "texture-compression-bc-sliced-3d"),
    (Features::TEXTURE_COMPRESSION_ETC2, GpuFeatureName::TextureCompressionEtc2, "texture-compression-etc2"),
    (Features::TEXTURE_COMPRESSION_ASTC, GpuFeatureName::TextureCompressionAstc, "texture-compression-astc"),
    (Features::TEXTURE_COMPRESSION_ASTC_SLICED_3D, GpuFeatureName::TextureCompressionAstcSliced3d, "texture-compression-astc-sliced-3d"),
    (Features::TIMESTAMP_QUERY, GpuFeatureName::TimestampQuery, "timestamp-query"),
    (Features::INDIRECT_FIRST_INSTANCE, GpuFeatureName::IndirectFirstInstance, "indirect-first-instance"),
    (Features::SHADER_F16, GpuFeatureName::ShaderF16, "shader-f16"),
    (Features::RG11B10UFLOAT_RENDERABLE, GpuFeatureName::Rg11b10ufloatRenderable, "rg11b10ufloat-renderable"),
    (Features::BGRA8UNORM_STORAGE, GpuFeatureName::Bgra8unormStorage, "bgra8unorm-storage"),
    (Features::FLOAT32_FILTERABLE, GpuFeatureName::Float32Filterable, "float32-filterable"),
    (Features::FLOAT32_BLENDABLE, GpuFeatureName::Float32Blendable, "float32-blendable"),
    (Features::CLIP_DISTANCES, GpuFeatureName::ClipDistances, "clip-distances"),
    (Features::DUAL_SOURCE_BLENDING, GpuFeatureName::DualSourceBlending, "dual-source-blending"),
    (Features::SUBGROUP, GpuFeatureName::Subgroups, "subgroups"),
    (Features::PRIMITIVE_INDEX, GpuFeatureName::PrimitiveIndex, "primitive-index"),
];

/// What an adapter or a device has. Immediates are a limit on the web, and a feature here.
pub(crate) fn features_of(supported: &GpuSupportedFeatures, limits: &wgpu::Limits) -> Features {
    let mut features = Features::empty();
    for (feature, _, name) in FEATURES {
        features.set(feature, supported.has(name));
    }
    features.set(Features::IMMEDIATES, limits.max_immediate_size > 0);
    features
}

/// The names to ask a device for, or those of the features that WebGPU does not have.
pub(crate) fn names_of(required: Features) -> Result<Vec<GpuFeatureName>, String> {
    let known = FEATURES
        .iter()
        .fold(Features::IMMEDIATES, |known, (feature, _, _)| {
            known | *feature
        });
    let unknown = required - known;
    if !unknown.is_empty() {
        let unknown: Vec<&str> = unknown.iter_names().map(|(name, _)| name).collect();
        return Err(format!(
            "wasi:webgpu has no feature {}: ask for what `Adapter::features` lists",
            unknown.join(", ")
        ));
    }
    let asked = FEATURES
        .into_iter()
        .filter(|(feature, _, _)| required.contains(*feature));
    Ok(asked.map(|(_, name, _)| name).collect())
}

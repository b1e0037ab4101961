//! Names of WebGPU's features, and what wgpu calls them.

use wgpu_types::Features;

/// What WGSL has beyond its core that shaders of guests may use: what naga implements.
pub(crate) const LANGUAGE: &[&str] = &[
    "readonly_and_readwrite_storage_textures",
    "packed_4x8_integer_dot_product",
    "pointer_composite_access",
];

/// All features of WebGPU by name. `None`: wgpu has no such feature, and no device does.
pub(crate) const FEATURES: &[(&str, Option<Features>)] = &[
    // Every device here is a core one.
    ("core-features-and-limits", Some(Features::empty())),
    ("depth-clip-control", Some(Features::DEPTH_CLIP_CONTROL)),
    (
        "depth32float-stencil8",
        Some(Features::DEPTH32FLOAT_STENCIL8),
    ),
    (
        "texture-compression-bc",
        Some(Features::TEXTURE_COMPRESSION_BC),
    ),
    (
        "texture-compression-bc-sliced-3d",
        Some(Features::TEXTURE_COMPRESSION_BC_SLICED_3D),
    ),
    (
        "texture-compression-etc2",
        Some(Features::TEXTURE_COMPRESSION_ETC2),
    ),
    (
        "texture-compression-astc",
        Some(Features::TEXTURE_COMPRESSION_ASTC),
    ),
    (
        "texture-compression-astc-sliced-3d",
        Some(Features::TEXTURE_COMPRESSION_ASTC_SLICED_3D),
    ),
    ("timestamp-query", Some(Features::TIMESTAMP_QUERY)),
    (
        "indirect-first-instance",
        Some(Features::INDIRECT_FIRST_INSTANCE),
    ),
    ("shader-f16", Some(Features::SHADER_F16)),
    (
        "rg11b10ufloat-renderable",
        Some(Features::RG11B10UFLOAT_RENDERABLE),
    ),
    ("bgra8unorm-storage", Some(Features::BGRA8UNORM_STORAGE)),
    ("float32-filterable", Some(Features::FLOAT32_FILTERABLE)),
    ("float32-blendable", Some(Features::FLOAT32_BLENDABLE)),
    ("clip-distances", Some(Features::CLIP_DISTANCES)),
    ("dual-source-blending", Some(Features::DUAL_SOURCE_BLENDING)),
    ("subgroups", Some(Features::SUBGROUP)),
    ("texture-formats-tier1", None),
    ("texture-formats-tier2", None),
    ("primitive-index", Some(Features::PRIMITIVE_INDEX)),
    ("texture-component-swizzle", None),
];

/// Whether `features` has the feature of this name; not, if there is no such feature. The spelling of the WIT packages,
/// which differs for sliced textures, is a name too.
pub(crate) fn has(features: Features, name: &str) -> bool {
    named(name).is_some_and(|feature| features.contains(feature))
}

/// The feature of a name, if wgpu has it.
pub(crate) fn named(name: &str) -> Option<Features> {
    let name = match name {
        "texture-compression-bc-sliced3d" => "texture-compression-bc-sliced-3d",
        "texture-compression-astc-sliced3d" => "texture-compression-astc-sliced-3d",
        name => name,
    };
    let (_, feature) = FEATURES.iter().find(|(known, _)| *known == name)?;
    *feature
}

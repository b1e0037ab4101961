//! That no case is forgotten and none is another one on its way.

use wgpu_types as wgt;

use super::super::webgpu as w;
use crate::convert::Cases;

/// Each case of an enum becomes a value that becomes the same case again.
macro_rules! round_trips {
    ($($name:ident: $wit:ident = $theirs:ty),* $(,)?) => {
        $(#[test]
        fn $name() {
            assert!(!w::$wit::CASES.is_empty());
            for case in w::$wit::CASES {
                let theirs = <$theirs>::from(*case);
                assert_eq!(w::$wit::try_from(theirs).unwrap(), *case);
            }
        })*
    };
}

round_trips! {
    every_texture_format_is_itself: GpuTextureFormat = wgt::TextureFormat,
    every_vertex_format_is_itself: GpuVertexFormat = wgt::VertexFormat,
    every_blend_factor_is_itself: GpuBlendFactor = wgt::BlendFactor,
    every_comparison_is_itself: GpuCompareFunction = wgt::CompareFunction,
    every_address_mode_is_itself: GpuAddressMode = wgt::AddressMode,
    every_topology_is_itself: GpuPrimitiveTopology = wgt::PrimitiveTopology,
    every_stencil_operation_is_itself: GpuStencilOperation = wgt::StencilOperation,
    every_view_dimension_is_itself: GpuTextureViewDimension = wgt::TextureViewDimension,
}

#[test]
fn every_feature_has_a_name_of_webgpu_and_is_one_of_wgpu_or_an_error() {
    for case in w::GpuFeatureName::CASES {
        let name = super::feature_name(*case);
        let feature = wgt::Features::try_from(*case);
        assert_eq!(
            feature.is_ok(),
            crate::convert::features::named(name).is_some(),
            "{name}"
        );
    }
}

#[test]
fn usages_are_the_same_bits_there_and_back() {
    for usage in [
        w::GpuBufferUsage::MAP_READ | w::GpuBufferUsage::COPY_DST,
        w::GpuBufferUsage::all(),
    ] {
        assert_eq!(
            super::of_buffer_usages(super::buffer_usages(usage).unwrap()),
            usage
        );
    }
    for usage in [w::GpuTextureUsage::COPY_SRC, w::GpuTextureUsage::all()] {
        assert_eq!(
            super::of_texture_usages(super::texture_usages(usage).unwrap()),
            usage
        );
    }
}

#[test]
fn a_map_mode_is_one_of_reading_and_writing() {
    assert!(super::map_mode(w::GpuMapMode::READ).is_ok());
    assert!(super::map_mode(w::GpuMapMode::WRITE).is_ok());
    assert!(super::map_mode(w::GpuMapMode::empty()).is_err());
    assert!(super::map_mode(w::GpuMapMode::all()).is_err());
}

#[test]
fn the_wit_package_has_as_many_resources_and_functions_as_are_implemented() {
    let mut resolve = wit_parser::Resolve::default();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/wasi-webgpu-0.3");
    let (package, _) = resolve.push_path(folder).unwrap();
    let (_, interface) = resolve.packages[package].interfaces.first().unwrap();
    let interface = &resolve.interfaces[*interface];
    let resources = interface
        .types
        .values()
        .filter(|id| matches!(resolve.types[**id].kind, wit_parser::TypeDefKind::Resource))
        .count();
    // 228 methods and constructors, and `get-gpu`.
    assert_eq!((resources, interface.functions.len()), (33, 229));
}

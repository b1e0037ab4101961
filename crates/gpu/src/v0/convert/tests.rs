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
fn the_wit_packages_have_as_many_resources_and_functions_as_are_implemented() {
    let mut resolve = wit_parser::Resolve::default();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/wasi-webgpu-0.0.1");
    resolve.push_path(folder).unwrap();
    let counted = |name: &str| {
        let mut found = resolve.interfaces.iter().map(|(_, interface)| interface);
        let interface = found
            .find(|interface| interface.name.as_deref() == Some(name))
            .unwrap();
        let resources = interface.types.values();
        let resources = resources
            .filter(|id| matches!(resolve.types[**id].kind, wit_parser::TypeDefKind::Resource));
        (resources.count(), interface.functions.len())
    };
    assert_eq!(counted("webgpu"), (38, 247));
    assert_eq!(counted("graphics-context"), (2, 3));
}

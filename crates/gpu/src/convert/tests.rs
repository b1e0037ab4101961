//! What has no value, and what is said of it.

use proptest::prelude::*;

use super::{features, finite, swizzle};

#[test]
fn only_the_identity_is_a_swizzle_that_can_be_had() {
    assert!(swizzle(None).is_ok());
    assert!(swizzle(Some("rgba")).is_ok());
    assert!(
        swizzle(Some("bgra"))
            .unwrap_err()
            .what
            .contains("texture-component-swizzle")
    );
    assert!(
        swizzle(Some("red"))
            .unwrap_err()
            .what
            .contains("four of the characters")
    );
}

#[test]
fn a_number_that_is_none_is_told_by_its_name() {
    assert_eq!(finite("depthBias", 1.5).unwrap(), 1.5);
    let error = finite("depthBias", f32::NAN).unwrap_err();
    assert_eq!(error.what, "depthBias has to be a finite number and is NaN");
}

proptest! {
    #[test]
    fn a_feature_that_nobody_knows_is_none(name in ".*") {
        let known = features::FEATURES.iter().any(|(feature, _)| *feature == name);
        prop_assert!(known || !features::has(wgpu_types::Features::empty(), &name) || name.ends_with("sliced3d"));
    }
}

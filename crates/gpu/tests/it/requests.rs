//! What a guest is told of its adapter, and the devices that it asks it for.

use weft_gpu::ledger::Charged;
use weft_gpu::objects::{Adapter, LIMITS, Limit, RequestError};
use weft_gpu::quota::Quota;

use crate::support::{assert_nothing_is_charged, lease, vulkan};

fn wanted(name: &str, value: u64) -> Vec<(String, Option<u64>)> {
    vec![(name.to_owned(), Some(value))]
}

#[test]
fn a_device_has_the_defaults_and_what_was_asked_for_beyond_them() {
    let lease = vulkan(Quota::default());
    let adapter = Adapter::new(&lease);
    let most = Limit::of("maxTextureDimension2D").unwrap();
    let there = most.get(adapter.limits());
    let device = adapter
        .request_device(&[], &wanted("maxTextureDimension2D", there))
        .unwrap();
    assert_eq!(most.get(device.limits()), there);
    let groups = Limit::of("maxBindGroups").unwrap();
    assert_eq!(groups.get(device.limits()), 4);
    let worse = adapter.request_device(&[], &wanted("maxBindGroups", 1));
    assert_eq!(groups.get(worse.unwrap().limits()), 4);
}

#[test]
fn a_small_quota_leaves_the_limits_that_webgpu_promises_everywhere() {
    let lease = vulkan(Quota {
        memory: 16 << 20,
        ..Quota::default()
    });
    let adapter = Adapter::new(&lease);
    let promised = wgpu_types::Limits::default();
    let asked = wanted("maxBufferSize", promised.max_buffer_size);
    let device = adapter.request_device(&[], &asked).unwrap();
    assert_eq!(device.limits().max_buffer_size, promised.max_buffer_size);
    let huge = Limit::of("maxBufferSize").unwrap();
    assert_eq!(huge.get(adapter.limits()), promised.max_buffer_size);
}

#[test]
fn limits_that_are_unknown_or_too_good_and_odd_alignments_are_operation_errors() {
    let lease = lease(Quota::default());
    let adapter = Adapter::new(&lease);
    for (name, value) in [
        ("maxMoney", 1),
        ("maxBufferSize", u64::MAX),
        ("minUniformBufferOffsetAlignment", 257),
        ("minUniformBufferOffsetAlignment", 0),
        ("minStorageBufferOffsetAlignment", 1 << 32),
        ("minStorageBufferOffsetAlignment", 1),
    ] {
        let refused = adapter.request_device(&[], &wanted(name, value));
        let error = refused.unwrap_err();
        assert!(matches!(error, RequestError::Limits(_)), "{name}: {error}");
    }
    // One without a number is not asked for.
    let unknown = [("maxMoney".to_owned(), None)];
    assert!(adapter.request_device(&[], &unknown).is_ok());
}

#[test]
fn every_limit_can_be_asked_for_as_the_adapter_has_it() {
    let lease = vulkan(Quota::default());
    let adapter = Adapter::new(&lease);
    let all: Vec<_> = LIMITS
        .iter()
        .map(|limit| (limit.name.to_owned(), Some(limit.get(adapter.limits()))))
        .collect();
    assert_eq!(all.len(), 36);
    let device = adapter.request_device(&[], &all).unwrap();
    for limit in &LIMITS {
        assert_eq!(limit.get(device.limits()), limit.get(adapter.limits()));
    }
}

#[test]
fn a_feature_that_there_is_not_is_a_type_error() {
    let lease = vulkan(Quota::default());
    let adapter = Adapter::new(&lease);
    assert!(adapter.has("core-features-and-limits"));
    assert!(!adapter.has("raw-shaders"));
    let refused = adapter.request_device(&["texture-formats-tier2"], &[]);
    assert!(matches!(refused, Err(RequestError::Feature(name)) if name == "texture-formats-tier2"));
}

#[test]
fn an_adapter_gives_devices_up_to_the_quota() {
    let lease = lease(Quota {
        devices: 2,
        ..Quota::default()
    });
    let adapter = Adapter::new(&lease);
    let two = [(); 2].map(|()| adapter.request_device(&[], &[]).unwrap());
    assert_eq!(lease.account().used(Charged::Devices), 2);
    let third = adapter.request_device(&[], &[]);
    assert!(matches!(third, Err(RequestError::OverCap(_))));
    drop(two);
    assert_nothing_is_charged(&lease);
}

#[test]
fn a_guest_learns_who_made_the_gpu_and_not_which_it_is() {
    let info = Adapter::new(&vulkan(Quota::default())).info();
    assert_eq!(
        (info.architecture, info.device, info.description),
        ("", "", "")
    );
    assert!(info.subgroup_min_size >= 4 && info.subgroup_max_size <= 128);
}

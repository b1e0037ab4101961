//! A guest of `wasi:webgpu@0.0.1` on the software adapter.

use weft_testkit::{guest, within};

use crate::manifest::Manifest;
use crate::operated::Operated;

/// What the guest answers on a path.
async fn told(path: &str) -> (u16, String) {
    let operated = Operated::with_gpu("software").await;
    let manifest = Manifest::new("acme", "gpu-v0", &guest("gpu_v0")).gpu(&[]);
    let _running = operated.start(&manifest).await;
    let reply = within(operated.client(&manifest).get(path)).await.unwrap();
    (reply.status, reply.text.trim().to_owned())
}

fn ok(text: &str) -> (u16, String) {
    (200, text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_computes_with_synchronous_functions() {
    assert_eq!(told("/double?1&2&21").await, ok("2 4 42"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_says_itself_whether_it_is_software() {
    assert_eq!(told("/adapter").await, ok("fallback: true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_catches_what_the_guest_does_wrong() {
    assert_eq!(
        told("/scope").await,
        ok("GpuErrorKind::ValidationError, and no scope beyond: true")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shader_without_an_entry_point_makes_no_pipeline() {
    let (status, text) = told("/pipeline").await;
    assert_eq!(status, 200);
    assert!(text.contains("Validation"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pollable_wakes_the_guest_at_an_error_that_nobody_caught() {
    assert_eq!(told("/uncaptured").await, ok("false, then woken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_texture_is_cleared_and_read_back() {
    assert_eq!(told("/clear").await, ok("[0, 255, 0, 255]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_a_graphics_context_can_be_drawn_into_without_a_display() {
    assert_eq!(told("/frame").await, ok("1280x720 [0, 255, 0, 255]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_without_a_device_ends_the_guest_and_not_the_host() {
    let (status, _) = told("/unconnected").await;
    assert_eq!(status, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_destroyed_says_why_it_is_lost() {
    assert_eq!(told("/lost").await, ok("GpuDeviceLostReason::Destroyed"));
}

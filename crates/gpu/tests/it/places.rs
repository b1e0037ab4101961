//! Places at the gate: what is over gives its place to others, whoever sees first that it is over.

use std::time::Duration;

use weft_gpu::quota::Quota;

use crate::support::{device, lease};

#[tokio::test]
async fn a_submission_that_ends_while_the_gate_looks_gives_its_place_back() {
    let lease = lease(Quota::default());
    let device = device(&lease);
    let submissions = async {
        for _ in 0..400_000 {
            device.queue().submit_in_turn(&[]).await;
            // Who asks looks at the device too: so a submission can end at any moment of the gate's own round.
            drop(device.queue().on_submitted_work_done());
        }
        device.queue().on_submitted_work_done().await;
    };
    let ended = tokio::time::timeout(Duration::from_secs(30), submissions).await;
    assert!(ended.is_ok(), "submissions wait, and nothing is under way");
}

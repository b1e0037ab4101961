//! What a hostile guest does to a GPU, beside a neighbour of another tenant on the same one: whatever the attack comes to,
//! the neighbour's answers are all right, and all that the attack held goes back.

use std::time::Instant;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use weft_host::HostConfig;
use weft_testkit::client::Reply;
use weft_testkit::visitor::Visitor;
use weft_testkit::{guest, within};

use crate::manifest::Manifest;
use crate::stage::Stage;

/// Requests of the neighbour while an attack goes on, at least, and after it.
const REQUESTS: usize = 10;

/// Requests that trap with 32 MiB mapped and a submission under way, one after the other.
const TRAPS: usize = 500;

/// Each of the two workloads keeps its adapter open a while for its next instance: a task that closes it then.
const OPEN_ADAPTERS: usize = 2;

/// What an attack is answered with: the status, and a part of the text.
type Answered = (u16, &'static str);

/// A host with the software adapter, the workload that attacks it and its neighbour.
struct Scene {
    stage: Stage,
    own: Runtime,
    mallory: Manifest,
    neighbour: Visitor,
    right: usize,
}

impl Scene {
    fn new() -> Self {
        let mut config = HostConfig::default();
        config.engine.gpu.selector = "software".parse().unwrap();
        let mut stage = Stage::with(config);
        let mallory = Manifest::new("mallory", "hostile", &guest("gpu_hostile"))
            .gpu(&[("memory", "64Mi"), ("submission-deadline", "500ms")]);
        let alice = Manifest::new("alice", "neighbour", &guest("gpu_hostile")).gpu(&[]);
        stage.start(&mallory);
        stage.start(&alice);
        let neighbour = Visitor::new(stage.addr(), &alice.host());
        Self {
            stage,
            own: Builder::new_current_thread().enable_all().build().unwrap(),
            mallory,
            neighbour,
            right: 0,
        }
    }

    /// Asks the hostile workload, and the neighbour over and over until that is answered.
    fn attacked(&mut self, path: &'static str) -> Reply {
        let mut hostile = self.hostile();
        let (told, mut answer) = oneshot::channel();
        self.stage.clients().spawn(async move {
            // The test may have failed already.
            let _ = told.send(hostile.get(path).await);
        });
        let mut asked = 0;
        let reply = loop {
            self.neighbour_is_right(path);
            asked += 1;
            match answer.try_recv() {
                Ok(reply) if asked >= REQUESTS => break reply,
                Ok(reply) => {
                    (0..REQUESTS).for_each(|_| self.neighbour_is_right(path));
                    break reply;
                }
                Err(oneshot::error::TryRecvError::Empty) => {}
                Err(error) => panic!("{path}: {error}"),
            }
        };
        (0..REQUESTS).for_each(|_| self.neighbour_is_right(path));
        reply.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn neighbour_is_right(&mut self, beside: &str) {
        let began = Instant::now();
        let reply = self.own.block_on(self.neighbour.get("/ok"));
        let doubled: Vec<String> = (1..=64_u32)
            .map(|number| (2 * number).to_string())
            .collect();
        let reply = reply.unwrap_or_else(|error| {
            let (right, took) = (self.right, began.elapsed());
            panic!("beside {beside}, after {right} right answers: {error} in {took:?}")
        });
        assert_eq!(
            (reply.status, reply.text),
            (200, doubled.join(" ")),
            "beside {beside}"
        );
        self.right += 1;
    }

    fn hostile(&self) -> Visitor {
        Visitor::new(self.stage.addr(), &self.mallory.host())
    }

    /// Waits until nothing is in use: no memory of either workload on the GPU, no device of the hostile one, which can have as
    /// many again as it may have, no instance and no task.
    fn is_clean(&mut self) {
        self.own.block_on(within(async {
            let mut hostile = self.hostile();
            loop {
                let reply = hostile.get("/many-devices").await.unwrap();
                if reply.text == "31 more devices" {
                    break;
                }
            }
            let mut admin = Visitor::new(self.stage.admin(), "admin");
            loop {
                let reply = admin.get("/workloads").await.unwrap();
                let page: Value = serde_json::from_str(&reply.text).unwrap();
                let workloads = page["workloads"].as_array().unwrap();
                if workloads.iter().all(|one| one["gpu"]["memoryBytes"] == 0) {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }));
        // A connection that is kept is a task of the host.
        self.neighbour.hang_up();
        self.own.block_on(self.stage.settled_but(OPEN_ADAPTERS));
    }
}

/// The attack beside its neighbour, and what is left of it.
fn survives(path: &'static str, (status, text): Answered) {
    let mut scene = Scene::new();
    let reply = scene.attacked(path);
    assert_eq!(reply.status, status, "{path}: {}", reply.text);
    assert!(reply.text.contains(text), "{path}: {}", reply.text);
    scene.is_clean();
}

/// One test for each attack.
macro_rules! attacks {
    ($($name:ident: $path:literal => $answered:expr;)*) => {
        $(#[test] fn $name() { survives($path, $answered) })*
    };
}

attacks! {
    a_shader_that_does_not_end_loses_its_device: "/endless-shader" =>
        (200, "lost: GpuDeviceLostReason::Unknown: a submission was not over after 500ms");
    thousands_of_submissions_wait_for_each_other: "/many-submissions?2000" => (200, "ran 2000 times");
    memory_ends_with_the_quota: "/allocate-all" => (200, "64 then out of memory and 64 then out of memory");
    a_guest_traps_while_buffers_are_mapped: "/trap-while-mapped" => (502, "guest-trap");
    a_guest_traps_while_it_waits_for_everything: "/trap-while-waiting" => (502, "guest-trap");
    objects_of_another_device_are_used: "/foreign-buffer" =>
        (200, "validation, validation, validation, validation, validation, validation; 1 2");
    objects_are_used_after_their_end: "/use-after-destroy" =>
        (200, "validation, validation, no mapping, no bytes, validation");
    shaders_are_too_long_too_deep_or_too_heavy: "/bad-wgsl" => (200, " of 22 refused");
    hundreds_of_pipelines_are_compiled: "/compile-storm?200" => (200, "200 pipelines");
    handles_end_with_the_table: "/handles" => (502, "guest-trap");
    numbers_are_as_large_as_they_can_be: "/nan-numbers" => (200, " calls");
    the_gpu_is_told_by_garbage_how_often_it_runs: "/indirect-garbage" =>
        (200, "ran 0 times; validation, validation, validation, validation");
    a_shader_reads_and_writes_outside_its_buffer: "/out-of-bounds" => (200, "0 strange words, 0 harmed");
    memory_is_read_before_it_is_written: "/uninitialised" => (200, "0 words are not zero");
    a_device_is_destroyed_while_it_works: "/destroy-device" =>
        (200, "lost: GpuDeviceLostReason::Destroyed, and it says nothing");
    devices_end_with_the_quota: "/many-devices" => (200, "31 more devices");
    error_scopes_without_end: "/scopes" => (200, "100000 scopes, 0 errors");
    labels_that_are_books: "/long-labels" => (200, "nothing; a beginning: true; little kept");
    query_sets_of_all_sizes: "/query-sets" => (200, "timestamps refused: true; validation, nothing, validation, validation");
}

#[test]
fn instances_that_trap_leave_no_memory() {
    let mut scene = Scene::new();
    let mut hostile = scene.hostile();
    for _ in 0..TRAPS {
        let reply = scene
            .own
            .block_on(hostile.get("/trap-while-mapped"))
            .unwrap();
        // A workload may have to wait for the memory of the one before.
        assert!([500, 502].contains(&reply.status), "{}", reply.text);
    }
    // Its connection is a task of the host.
    drop(hostile);
    scene.neighbour_is_right("traps");
    scene.is_clean();
}

//! What a guest gets that wants more than it may have: memory, time, requests, places, handles.

use std::time::Duration;

use futures::future::join_all;
use weft_api::spec::Limits;
use weft_engine::config::EngineConfig;
use weft_engine::fault::FaultKind;
use weft_engine::limits::Bounds;
use weft_testkit::client::{self, get as request};
use weft_testkit::{until, within};

use crate::support::{engine, engine_with, fault, get, no_instances, send, text, workload};

const MIB: u64 = 1 << 20;

const HOSTILE: [&str; 2] = ["http_hostile", "p3_hostile"];

fn memory(bytes: u64) -> Limits {
    Limits {
        memory: Some(bytes),
        ..Limits::default()
    }
}

fn quick(time: Duration) -> Limits {
    Limits {
        request_timeout: Some(time),
        ..Limits::default()
    }
}

#[tokio::test]
async fn memory_grows_up_to_the_limit_and_not_beyond() {
    for guest in HOSTILE {
        let workload = workload("limits-grow").component(guest);
        let workload = workload.limits(memory(64 * MIB)).start().await;
        let reached: u64 = text(&workload, "/grow?1").await.parse().unwrap();
        // Tables count too, so that a page may be missing.
        assert!(
            (63 * MIB..=64 * MIB).contains(&reached),
            "{guest} {reached}"
        );
    }
}

#[tokio::test]
async fn memory_is_256_mib_if_nothing_else_is_said() {
    let workload = workload("limits-default").component("http_hostile");
    let workload = workload.start().await;
    let reached: u64 = text(&workload, "/grow?16").await.parse().unwrap();
    assert!((254 * MIB..=256 * MIB).contains(&reached), "{reached}");
}

#[tokio::test]
async fn a_trap_for_want_of_memory_says_which_limit_it_met_and_where() {
    for guest in HOSTILE {
        let workload = workload("limits-oom").component(guest);
        let workload = workload.limits(memory(32 * MIB)).start().await;
        let fault = fault(&workload, "/oom").await;
        assert_eq!((fault.kind, fault.cause), (FaultKind::Trap, "memory"));
        let component = guest.replace('_', "-");
        for part in [
            &*format!("component `{component}`: memory in `"),
            "memory was refused by the limit of 32 MiB for one instance",
            "last host call: wasi:",
        ] {
            assert!(fault.detail.contains(part), "{part}\n{}", fault.detail);
        }
        assert_eq!(text(&workload, "/hello").await, "hello");
        assert_eq!(workload.usage().failures.get("memory"), Some(&1));
    }
}

#[tokio::test]
async fn a_tenant_has_its_part_of_the_hosts_memory_and_leaves_the_rest_to_others() {
    let engine = engine_with(EngineConfig {
        memory: Some(128 * MIB),
        tenant_memory: Some(64 * MIB),
        ..EngineConfig::default()
    });
    let greedy = workload("limits-greedy").tenant("mallory");
    let greedy = greedy.component("http_hostile").start_on(&engine).await;
    let neighbour = workload("limits-neighbour").tenant("alice");
    let neighbour = neighbour.component("http_hostile").start_on(&engine).await;
    let reached: u64 = text(&greedy, "/grow?16").await.parse().unwrap();
    assert!(reached <= 64 * MIB, "{reached}");
    let reached: u64 = text(&neighbour, "/grow?16").await.parse().unwrap();
    assert!(reached >= 62 * MIB, "{reached}");
}

#[tokio::test]
async fn what_an_instance_had_is_given_back_when_it_ends() {
    let engine = engine_with(EngineConfig::default());
    let workload = workload("limits-back").component("http_hostile");
    let workload = workload.start_on(&engine).await;
    for path in ["/grow?16", "/oom", "/hello"] {
        let _ = get(&workload, path).await;
    }
    no_instances(1).await;
    let (engine, workload) = (engine.usage(), workload.usage());
    assert_eq!((engine.memory, engine.instances), (0, 0));
    assert_eq!((workload.memory, workload.instances), (0, 0));
    assert_eq!((workload.in_flight, workload.waiting), (0, 0));
    assert!(workload.cpu > Duration::ZERO);
}

#[tokio::test]
async fn an_instance_that_is_made_without_a_request_leaves_nothing() {
    let engine = engine_with(EngineConfig::default());
    let workload = workload("limits-made").component("http_hostile");
    let workload = workload.start_on(&engine).await;
    for _ in 0..3 {
        workload.instantiate().await.unwrap();
    }
    assert_eq!((engine.usage().memory, engine.usage().instances), (0, 0));
    assert!(workload.usage().cpu > Duration::ZERO);
}

#[tokio::test]
async fn an_instance_that_cannot_be_made_fails_as_its_request_would() {
    let begin = workload("limits-made-not").component("http_hostile");
    let begin = begin.limits(memory(MIB)).start().await;
    let asked = fault(&begin, "/hello").await;
    let made = begin.instantiate().await.unwrap_err();
    assert_eq!((made.kind, made.cause), (asked.kind, asked.cause));
    assert_eq!(made.detail, asked.detail);
}

#[tokio::test]
async fn a_component_that_begins_with_more_than_its_limit_is_refused_by_its_limit() {
    let workload = workload("limits-begin").component("http_hostile");
    let workload = workload.limits(memory(MIB)).start().await;
    let fault = fault(&workload, "/hello").await;
    assert_eq!(
        (fault.kind, fault.cause),
        (FaultKind::Instantiate, "memory"),
        "{}",
        fault.detail
    );
}

#[tokio::test]
async fn a_request_that_takes_too_long_ends_and_its_instance_with_it() {
    for guest in HOSTILE {
        let workload = workload("limits-slow").component(guest);
        let limits = quick(Duration::from_millis(100));
        let workload = workload.limits(limits).start().await;
        for path in ["/spin", "/sleep"] {
            let fault = fault(&workload, path).await;
            assert_eq!((fault.kind, fault.cause), (FaultKind::Timeout, "timeout"));
            assert!(
                fault
                    .detail
                    .contains("not done within 100ms (weft.dev/request-timeout)"),
                "{}",
                fault.detail
            );
            no_instances(1).await;
        }
        assert_eq!(text(&workload, "/hello").await, "hello");
    }
}

#[tokio::test]
async fn a_start_that_never_ends_takes_no_longer_than_a_request_may() {
    for init in ["spin", "sleep"] {
        let workload = workload("limits-init").component("hostile_init");
        let limits = quick(Duration::from_millis(100));
        let workload = workload.env("INIT", init).limits(limits).start().await;
        let fault = fault(&workload, "/").await;
        assert_eq!(fault.kind, FaultKind::Timeout, "{}", fault.detail);
        no_instances(1).await;
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_when_the_time_is_over() {
    for (guest, path) in [
        ("http_hostile", "/no-end"),
        ("http_hostile", "/body-endless"),
        ("p3_hostile", "/body-endless"),
    ] {
        let workload = workload("limits-body").component(guest);
        let limits = quick(Duration::from_millis(200));
        let workload = workload.limits(limits).start().await;
        let mut response = send(&workload, request(path)).await.unwrap();
        let error = loop {
            match response.piece().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("{guest} {path}: a whole body"),
                Err(error) => break error.to_string(),
            }
        };
        assert!(
            error.contains("took longer than a request may take"),
            "{error}"
        );
        drop(response);
        no_instances(1).await;
        assert_eq!(workload.usage().failures.get("timeout"), Some(&1));
    }
}

#[tokio::test]
async fn more_requests_than_may_be_in_flight_wait_and_more_than_may_wait_are_refused() {
    let workload = workload("limits-busy").component("http_hostile");
    let limits = Limits {
        max_in_flight: Some(1),
        max_queue: Some(1),
        ..Limits::default()
    };
    let workload = workload.limits(limits).start().await;
    let held = send(&workload, request("/no-end")).await.unwrap();
    let waiting = text(&workload, "/hello");
    let rest = async {
        until(|| workload.usage().waiting == 1).await;
        let refused = fault(&workload, "/hello").await;
        assert_eq!(
            (refused.kind, refused.cause),
            (FaultKind::Busy, "overloaded")
        );
        assert!(
            refused.detail.contains("max-in-flight"),
            "{}",
            refused.detail
        );
        drop(held);
    };
    let (answer, ()) = within(futures::future::join(waiting, rest)).await;
    assert_eq!(answer, "hello");
}

#[tokio::test]
async fn a_request_waits_no_longer_than_it_may() {
    let workload = workload("limits-wait").component("http_hostile");
    let limits = Limits {
        max_in_flight: Some(1),
        queue_wait: Some(Duration::from_millis(50)),
        ..Limits::default()
    };
    let workload = workload.limits(limits).start().await;
    let _held = send(&workload, request("/no-end")).await.unwrap();
    let refused = fault(&workload, "/hello").await;
    assert_eq!(refused.kind, FaultKind::Busy);
}

#[tokio::test]
async fn the_requests_of_a_tenant_count_together() {
    let engine = engine_with(EngineConfig {
        tenant_requests: Bounds {
            max_in_flight: 1,
            max_queue: 0,
            queue_wait: Duration::ZERO,
        },
        ..EngineConfig::default()
    });
    let start = async |name, tenant| {
        let workload = workload(name).tenant(tenant).component("http_hostile");
        workload.start_on(&engine).await
    };
    let first = start("limits-first", "mallory").await;
    let second = start("limits-second", "mallory").await;
    let other = start("limits-other", "alice").await;
    let _held = send(&first, request("/no-end")).await.unwrap();
    let refused = fault(&second, "/hello").await;
    assert!(
        refused.detail.contains("tenant mallory"),
        "{}",
        refused.detail
    );
    assert_eq!(text(&other, "/hello").await, "hello");
}

#[tokio::test]
async fn a_full_host_makes_requests_wait_and_is_no_error() {
    let engine = engine_with(EngineConfig {
        instances: Some(2),
        ..EngineConfig::default()
    });
    let workload = workload("limits-full").component("http_kitchen");
    let workload = workload.start_on(&engine).await;
    let answers = join_all((0..16).map(|_| text(&workload, "/sleep?5"))).await;
    assert_eq!(answers.len(), 16);
}

#[tokio::test]
async fn an_idle_instance_makes_room_for_a_request_that_waits() {
    let engine = engine_with(EngineConfig {
        instances: Some(1),
        ..EngineConfig::default()
    });
    let warm = workload("limits-warm").component("http_kitchen");
    let warm = warm.reuse(1, 0, 1).start_on(&engine).await;
    assert_eq!(text(&warm, "/hello").await, "hello");
    assert_eq!(engine.usage().instances, 1);
    let other = workload("limits-other-one").component("http_kitchen");
    let other = other.start_on(&engine).await;
    assert_eq!(text(&other, "/hello").await, "hello");
}

#[tokio::test]
async fn a_request_finds_no_room_in_time_and_hears_that_the_host_is_full() {
    let engine = engine_with(EngineConfig {
        instances: Some(1),
        ..EngineConfig::default()
    });
    let start = async |name, tenant| {
        let limits = Limits {
            queue_wait: Some(Duration::from_millis(50)),
            ..Limits::default()
        };
        let workload = workload(name).tenant(tenant).component("http_hostile");
        workload.limits(limits).start_on(&engine).await
    };
    let holder = start("limits-holder", "mallory").await;
    let other = start("limits-waiter", "alice").await;
    let _held = send(&holder, request("/no-end")).await.unwrap();
    let refused = fault(&other, "/hello").await;
    assert_eq!(
        (refused.kind, refused.cause),
        (FaultKind::Full, "overloaded")
    );
    assert!(refused.detail.contains("places"), "{}", refused.detail);
}

#[tokio::test]
async fn a_guest_cannot_hold_more_handles_than_it_may() {
    let engine = engine_with(EngineConfig {
        max_handles: 100,
        ..EngineConfig::default()
    });
    let workload = workload("limits-handles").component("http_hostile");
    let workload = workload.start_on(&engine).await;
    assert_eq!(text(&workload, "/handles?fields&50").await, "50");
    let fault = fault(&workload, "/handles?fields&200").await;
    assert_eq!(fault.kind, FaultKind::Trap, "{}", fault.detail);
    assert_eq!(fault.cause, "handles", "{}", fault.detail);
    assert!(fault.detail.contains("--max-handles"), "{}", fault.detail);
}

#[tokio::test]
async fn a_guest_cannot_have_more_tasks_than_it_may() {
    let engine = engine_with(EngineConfig {
        max_tasks: 200,
        ..EngineConfig::default()
    });
    let workload = workload("limits-tasks").component("p3_hostile");
    let workload = workload.start_on(&engine).await;
    let fault = fault(&workload, "/tasks-hold?10000").await;
    assert_eq!(
        (fault.kind, fault.cause),
        (FaultKind::Trap, "handles"),
        "{}",
        fault.detail
    );
    assert_eq!(text(&workload, "/hello").await, "hello");
}

#[tokio::test]
async fn causes_of_traps_have_names() {
    let workload = workload("limits-causes")
        .component("http_hostile")
        .start()
        .await;
    for (path, cause) in [
        ("/recurse", "stack-overflow"),
        ("/panic?before", "unreachable"),
        ("/no-answer", "no-response"),
        ("/exit?3", "exit"),
    ] {
        let fault = fault(&workload, path).await;
        assert_eq!(fault.cause, cause, "{path}: {}", fault.detail);
    }
}

#[tokio::test]
async fn a_trap_names_the_function_of_the_guest_and_not_its_panic_machinery() {
    let workload = workload("limits-names")
        .component("http_hostile")
        .start()
        .await;
    let fault = fault(&workload, "/panic?before").await;
    let first = fault.detail.lines().next().unwrap();
    assert!(
        first.contains("unreachable in `")
            && !first.contains("panicking")
            && !first.contains("abort"),
        "{}",
        fault.detail
    );
}

#[tokio::test]
async fn a_trap_in_a_call_to_the_host_names_the_function_that_called() {
    let engine = engine_with(EngineConfig {
        max_handles: 100,
        ..EngineConfig::default()
    });
    let workload = workload("limits-called").component("http_hostile");
    let workload = workload.start_on(&engine).await;
    let fault = fault(&workload, "/handles?fields&200").await;
    let first = fault.detail.lines().next().unwrap();
    assert!(first.contains("handles in `"), "{}", fault.detail);
    assert!(!first.contains("in `function "), "{}", fault.detail);
}

#[tokio::test]
async fn a_spinning_neighbour_of_another_tenant_slows_nobody_to_a_halt() {
    let engine = engine();
    let hog = workload("limits-hog")
        .tenant("mallory")
        .component("http_hostile");
    let hog = hog.start_on(&engine).await;
    let neighbour = workload("limits-calm")
        .tenant("alice")
        .component("http_hostile");
    let neighbour = neighbour.start_on(&engine).await;
    let spinning = join_all((0..32).map(|_| send(&hog, client::get("/spin"))));
    let served = async {
        for _ in 0..50 {
            assert_eq!(text(&neighbour, "/hello").await, "hello");
        }
    };
    tokio::select! {
        _ = spinning => panic!("a spinning guest answered"),
        () = served => {}
    }
}

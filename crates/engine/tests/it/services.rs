//! Services from their start to their end: when they are ready, what becomes of them when they fail, and how they stop.

use std::net::Ipv4Addr;
use std::time::Duration;

use weft_engine::Engine;
use weft_engine::config::EngineConfig;
use weft_engine::linked::Started;
use weft_engine::plan::Purpose;
use weft_engine::service::{End, Readiness, Service, ServiceConfig, ServiceState, ServiceStatus};
use weft_net::loopback::{Family, Role, TcpSocket};
use weft_testkit::log::LogCapture;
use weft_testkit::{until, within};

use crate::support::{Draft, KITCHENS, engine_with, fault, text, workload};

/// Restarts without the pauses that production has.
fn hasty() -> Engine {
    engine(ServiceConfig {
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(1),
        ..ServiceConfig::default()
    })
}

fn engine(service: ServiceConfig) -> Engine {
    engine_with(EngineConfig {
        service,
        ..EngineConfig::default()
    })
}

/// A workload with nothing but the service of the kitchen.
fn kitchen(name: &str, steps: &str, max_restarts: u32) -> Draft {
    let mut draft = workload(name).service("service_kitchen", max_restarts);
    let environment = &mut draft.service_resources().environment;
    environment.insert("DO".to_owned(), steps.to_owned());
    draft
}

async fn start(draft: Draft, engine: &Engine) -> Started {
    match draft.link(engine, Purpose::Serve).await {
        Ok(linked) => engine.start(linked),
        Err(refused) => panic!("{refused}"),
    }
}

async fn service(draft: Draft, engine: &Engine) -> Service {
    start(draft, engine).await.service.unwrap()
}

/// Waits for a state.
async fn state(service: &Service, wanted: ServiceState) -> ServiceStatus {
    until(|| service.status().state == wanted).await;
    service.status()
}

#[tokio::test]
async fn one_that_returns_has_completed() {
    for code in ["", "exit:0"] {
        let service = service(kitchen("svc-done", code, 3), &hasty()).await;
        assert_eq!(within(service.until_ready()).await, Ok(Readiness::Ready));
        let status = service.status();
        assert_eq!(status.state, ServiceState::Completed);
        assert_eq!((status.restarts, status.last_end), (0, Some(End::Exit(0))));
    }
}

#[tokio::test]
async fn one_that_says_so_is_ready_and_runs_on() {
    let service = service(kitchen("svc-ready", "ready sleep", 0), &hasty()).await;
    assert_eq!(within(service.until_ready()).await, Ok(Readiness::Ready));
    assert_eq!(service.status().state, ServiceState::Running);
    assert_eq!(service.usage().instances, 1);
}

#[tokio::test]
async fn one_that_neither_listens_nor_says_anything_is_waited_for_only_so_long() {
    let patience = Duration::from_millis(50);
    let engine = engine(ServiceConfig {
        start_wait: patience,
        ..ServiceConfig::default()
    });
    let service = service(kitchen("svc-mute", "sleep", 0), &engine).await;
    assert_eq!(
        within(service.until_ready()).await,
        Ok(Readiness::Unknown(patience))
    );
    assert_eq!(service.status().state, ServiceState::Starting);
}

#[tokio::test]
async fn an_exit_with_a_code_an_error_and_a_trap_are_failures_that_are_told_apart() {
    for (steps, expected) in [("exit:3", 3), ("exit:255", 255), ("fail", 1)] {
        let service = service(kitchen("svc-exit", steps, 0), &hasty()).await;
        let why = within(service.until_ready()).await.unwrap_err();
        assert_eq!(why, format!("it exited with code {expected}"));
        let status = service.status();
        assert_eq!(status.state, ServiceState::Failed);
        assert_eq!(status.last_end, Some(End::Exit(expected)));
    }
    let service = service(kitchen("svc-trap", "trap", 0), &hasty()).await;
    let why = within(service.until_ready()).await.unwrap_err();
    let Some(End::Trap { cause, detail }) = service.status().last_end else {
        panic!("{why}")
    };
    assert_eq!(cause, "unreachable");
    assert!(detail.contains("service_kitchen"), "{detail}");
    assert!(why.contains("unreachable"), "{why}");
}

#[tokio::test]
async fn the_same_is_noticed_of_one_for_0_3() {
    for (what, expected) in [
        ("return", End::Exit(0)),
        ("fail", End::Exit(1)),
        ("exit", End::Exit(3)),
    ] {
        let mut draft = workload("svc-p3").service("service_p3", 0);
        let environment = &mut draft.service_resources().environment;
        environment.insert("DO".to_owned(), what.to_owned());
        let service = service(draft, &hasty()).await;
        until(|| service.status().last_end.is_some()).await;
        assert_eq!(service.status().last_end, Some(expected), "{what}");
    }
    let mut draft = workload("svc-p3-ready").service("service_p3", 0);
    let environment = &mut draft.service_resources().environment;
    environment.insert("DO".to_owned(), "sleep".to_owned());
    let service = service(draft, &hasty()).await;
    assert_eq!(within(service.until_ready()).await, Ok(Readiness::Ready));
}

#[tokio::test]
async fn one_that_fails_is_started_again_as_often_as_its_manifest_says() {
    let log = LogCapture::of("test/svc-again");
    let draft = kitchen("svc-again", "say:started trap", 3);
    let service = service(draft, &hasty()).await;
    let status = state(&service, ServiceState::Failed).await;
    assert_eq!((status.restarts, status.restarts_left), (3, 0));
    let started = |line: &String| line.ends_with("started");
    assert_eq!(
        log.guest_lines()
            .iter()
            .filter(|line| started(line))
            .count(),
        4
    );
    let reason = status.reason().unwrap();
    assert!(reason.ends_with("(restarted 3 times)"), "{reason}");
}

#[tokio::test]
async fn a_restart_that_goes_well_makes_it_run() {
    let mut draft = kitchen("svc-second", "once:/data/f trap ready sleep", 3).empty_dir("data");
    let mounts = &mut draft.service_resources().volume_mounts;
    mounts.push(weft_api::spec::VolumeMount {
        volume: "data".to_owned(),
        mount_path: "/data".to_owned(),
        read_only: false,
    });
    let service = service(draft, &hasty()).await;
    assert_eq!(within(service.until_ready()).await, Ok(Readiness::Ready));
    let status = service.status();
    assert_eq!(status.state, ServiceState::Running);
    assert_eq!((status.restarts, status.restarts_left), (1, 2));
    assert!(matches!(status.last_end, Some(End::Trap { .. })));
}

#[tokio::test]
async fn one_that_stays_healthy_has_all_its_restarts_again() {
    let engine = engine(ServiceConfig {
        first_pause: Duration::from_millis(1),
        healthy_after: Duration::ZERO,
        ..ServiceConfig::default()
    });
    let service = service(kitchen("svc-healthy", "trap", 1), &engine).await;
    until(|| service.status().restarts > 10).await;
}

#[tokio::test]
async fn one_that_has_failed_for_good_fails_its_workload() {
    let draft = kitchen("svc-fails-all", "exit:7", 0).component("http_kitchen");
    let Started { front, service } = start(draft, &hasty()).await;
    state(&service.unwrap(), ServiceState::Failed).await;
    let failed = fault(&front.unwrap(), "/").await;
    assert_eq!(failed.cause, "service-failed");
    assert!(failed.detail.contains("exited with code 7"), "{failed}");
}

#[tokio::test]
async fn components_beside_a_service_answer() {
    let draft = kitchen("svc-beside", "ready sleep", 0).component("http_kitchen");
    let Started { front, service } = start(draft, &hasty()).await;
    assert_eq!(
        within(service.unwrap().until_ready()).await,
        Ok(Readiness::Ready)
    );
    assert_eq!(text(&front.unwrap(), "/env?DO").await, "DO is not set");
}

#[tokio::test]
async fn one_that_does_not_end_is_ended_by_force_after_its_grace() {
    let grace = Duration::from_millis(20);
    let engine = engine(ServiceConfig {
        grace,
        ..ServiceConfig::default()
    });
    for steps in ["ready sleep", "ready spin"] {
        let service = service(kitchen("svc-stop", steps, 5), &engine).await;
        within(service.until_ready()).await.unwrap();
        within(service.stop()).await;
        let status = service.status();
        assert_eq!(status.state, ServiceState::Stopped);
        assert_eq!(status.last_end, Some(End::Forced(grace)), "{steps}");
        assert_eq!(service.usage().instances, 0);
    }
}

#[tokio::test]
async fn one_that_waits_for_its_restart_stops_at_once() {
    let engine = engine(ServiceConfig {
        first_pause: Duration::from_hours(1),
        longest_pause: Duration::from_hours(1),
        ..ServiceConfig::default()
    });
    let service = service(kitchen("svc-stop-waiting", "trap", 5), &engine).await;
    state(&service, ServiceState::Waiting).await;
    within(service.stop()).await;
    assert_eq!(service.status().state, ServiceState::Stopped);
}

#[tokio::test]
async fn one_that_nobody_holds_is_gone() {
    let engine = engine(ServiceConfig {
        grace: Duration::from_millis(20),
        ..ServiceConfig::default()
    });
    for steps in ["ready spin", "listen:127.0.0.1:77 exit:0"] {
        let service = service(kitchen("svc-dropped", steps, 5), &engine).await;
        within(service.until_ready()).await.unwrap();
        assert_eq!(engine.usage().instances, 1);
        drop(service);
        until(|| engine.usage().instances == 0).await;
    }
}

#[tokio::test]
async fn one_that_has_failed_is_not_gone_on_with() {
    let engine = hasty();
    let draft = || kitchen("svc-failed-swap", "exit:3", 0).component("http_kitchen");
    let service = service(draft(), &engine).await;
    state(&service, ServiceState::Failed).await;
    let next = draft().link(&engine, Purpose::Serve).await.unwrap();
    assert!(!next.continues(&service));
}

#[tokio::test]
async fn one_that_computes_without_end_leaves_the_components_beside_it_their_share() {
    let draft = kitchen("svc-spin", "ready spin", 0).component("http_kitchen");
    let Started { front, service } = start(draft, &hasty()).await;
    let (front, service) = (front.unwrap(), service.unwrap());
    within(service.until_ready()).await.unwrap();
    for _ in 0..20 {
        assert_eq!(text(&front, "/env?DO").await, "DO is not set");
    }
    assert!(service.usage().cpu > Duration::ZERO);
}

#[tokio::test]
async fn one_that_only_answers_requests_is_one_instance_whatever_comes() {
    let Started { front, service } =
        start(workload("svc-http").service("service_http", 0), &hasty()).await;
    assert!(service.is_none());
    let front = front.unwrap();
    let (waited, went) = tokio::join!(text(&front, "/wait"), text(&front, "/go"));
    let mut counts = [waited, went];
    counts.sort();
    assert_eq!(counts, ["1", "2"]);
    assert_eq!(text(&front, "/count").await, "3");
    assert_eq!(front.usage().instances, 1);
}

#[tokio::test]
async fn one_that_only_answers_requests_keeps_its_instance_when_room_is_needed() {
    let engine = engine_with(EngineConfig {
        instances: Some(2),
        ..EngineConfig::default()
    });
    let draft = workload("svc-http-room").service("service_http", 0);
    let front = start(draft, &engine).await.front.unwrap();
    assert_eq!(text(&front, "/count").await, "1");
    let other = workload("svc-http-other")
        .tenant("other")
        .component("http_kitchen");
    let other = other.reuse(4, 0, 1).start_on(&engine).await;
    for _ in 0..5 {
        assert_eq!(text(&other, "/env?A").await, "A is not set");
    }
    assert_eq!(text(&front, "/count").await, "2");
}

#[tokio::test]
async fn one_that_only_answers_requests_is_there_again_after_a_trap() {
    let Started { front, .. } = start(
        workload("svc-http-trap").service("service_http", 0),
        &hasty(),
    )
    .await;
    let front = front.unwrap();
    assert_eq!(text(&front, "/count").await, "1");
    assert_eq!(fault(&front, "/trap").await.cause, "unreachable");
    assert_eq!(text(&front, "/count").await, "1");
}

/// Connects as a component would.
async fn connect(service: &Service, port: u16) -> TcpSocket {
    let socket = service.network().tcp(Family::V4, Role::Component).unwrap();
    let address = (Ipv4Addr::LOCALHOST, port).into();
    within(socket.connect(address)).await.unwrap();
    socket
}

/// Sends a line and reads until as many bytes have come back, or the connection is over.
async fn say(socket: &TcpSocket, line: &str) -> String {
    socket.write(format!("{line}\n").as_bytes()).await.unwrap();
    let mut answer = [0; 100];
    let mut read = 0;
    while read < line.len() + 1 {
        match within(socket.read(&mut answer[read..])).await {
            Ok(count @ 1..) => read += count,
            Ok(0) | Err(_) => break,
        }
    }
    String::from_utf8_lossy(&answer[..read])
        .trim_end()
        .to_owned()
}

#[tokio::test]
async fn one_that_is_killed_a_hundred_times_has_its_port_again_each_time() {
    let draft = kitchen("svc-hundred", "listen:127.0.0.1:77", 100);
    let service = service(draft, &hasty()).await;
    for (round, how) in (0..100).zip(["trap", "exit", "fail", "panic"].into_iter().cycle()) {
        within(service.until_ready()).await.unwrap();
        let socket = connect(&service, 77).await;
        assert_eq!(say(&socket, "hello").await, "hello", "round {round}");
        assert_eq!(say(&socket, how).await, "", "round {round}");
        until(|| service.status().restarts > round).await;
    }
    within(service.until_ready()).await.unwrap();
    let status = service.status();
    assert_eq!((status.restarts, status.restarts_left), (100, 0));
    assert_eq!(status.listening, ["127.0.0.1:77".parse().unwrap()]);
    // The listener, and nothing of those that are gone.
    assert_eq!(service.network().usage().sockets, 1);
}

#[tokio::test]
async fn a_hung_one_holds_up_its_peers_and_nobody_else() {
    let draft = kitchen("svc-hung", "listen:127.0.0.1:77", 0).component("http_kitchen");
    let Started { front, service } = start(draft, &hasty()).await;
    let (front, service) = (front.unwrap(), service.unwrap());
    within(service.until_ready()).await.unwrap();
    let socket = connect(&service, 77).await;
    socket.write(b"spin\n").await.unwrap();
    assert_eq!(text(&front, "/env?A").await, "A is not set");
    drop(front);
    drop(service);
    // What it had open ends with it.
    let mut rest = [0; 8];
    assert!(matches!(
        within(socket.read(&mut rest)).await,
        Ok(0) | Err(_)
    ));
}

#[tokio::test]
async fn one_that_stops_sees_its_sockets_close() {
    let service = service(kitchen("svc-sees", "listen:[::]:77 exit:0", 5), &hasty()).await;
    within(service.until_ready()).await.unwrap();
    within(service.stop()).await;
    let status = service.status();
    assert_eq!(status.state, ServiceState::Stopped);
    assert_eq!(status.last_end, Some(End::Exit(0)));
}

#[tokio::test]
async fn a_new_version_of_the_components_finds_the_service_that_runs() {
    let engine = hasty();
    let draft = || kitchen("svc-swap", "listen:127.0.0.1:77", 0).component("sockets_std");
    let Started { front, service } = start(draft(), &engine).await;
    let service = service.unwrap();
    within(service.until_ready()).await.unwrap();
    assert_eq!(
        text(&front.unwrap(), "/echo?localhost:77&one").await,
        "one\n"
    );
    let next = draft()
        .env("A", "changed")
        .link(&engine, Purpose::Serve)
        .await
        .unwrap();
    assert!(next.continues(&service));
    let next = engine.start_beside(next, &service).front.unwrap();
    assert_eq!(text(&next, "/echo?127.0.0.1:77&two").await, "two\n");
    assert_eq!(service.status().restarts, 0);
    assert_eq!(engine.usage().instances, 1);

    let mut other = draft();
    let environment = &mut other.service_resources().environment;
    environment.insert("B".to_owned(), "changed".to_owned());
    let other = other.link(&engine, Purpose::Serve).await.unwrap();
    assert!(!other.continues(&service));
}

#[tokio::test]
async fn two_workloads_may_listen_on_the_same_port_and_do_not_reach_each_other() {
    let engine = hasty();
    let one = kitchen("svc-one", "listen:0.0.0.0:77", 0).component("sockets_std");
    let two = kitchen("svc-two", "listen:0.0.0.0:78", 0).component("sockets_std");
    let (one, two) = (start(one, &engine).await, start(two, &engine).await);
    for started in [&one, &two] {
        within(started.service.as_ref().unwrap().until_ready())
            .await
            .unwrap();
    }
    let front = one.front.unwrap();
    assert_eq!(text(&front, "/echo?localhost:77&mine").await, "mine\n");
    for address in ["127.0.0.1:78", "127.0.0.2:78", "[::1]:78", "127.1.2.3:78"] {
        let answer = text(&front, &format!("/echo?{address}&theirs")).await;
        assert_eq!(answer, "error: ConnectionRefused", "{address}");
    }
}

#[tokio::test]
async fn components_ask_their_service_over_http_as_localhost() {
    let engine = hasty();
    for guest in KITCHENS {
        // Who has a service and lists `localhost` means the service.
        let draft = kitchen("svc-web", "http:[::1]:8080", 0)
            .component(guest)
            .allow_host("localhost:8080".to_owned());
        let Started { front, service } = start(draft, &engine).await;
        let (front, service) = (front.unwrap(), service.unwrap());
        within(service.until_ready()).await.unwrap();
        for host in ["localhost", "service.weft.internal", "[::1]"] {
            let answer = text(&front, &format!("/fetch?http://{host}:8080/a?b")).await;
            let expected = format!("200 GET /a?b HTTP/1.1 for {host}:8080");
            assert_eq!(answer, expected, "{guest}");
        }
        let log = LogCapture::of("test/svc-web");
        let nobody = text(&front, "/fetch?http://localhost:8081/").await;
        assert_eq!(nobody, "error: ConnectionRefused", "{guest}");
        log.wait_for_message("the loopback of the host is `host.weft.internal`")
            .await;
    }
}

#[tokio::test]
async fn ten_thousand_connections_are_held_at_the_same_time() {
    const COUNT: usize = 10_000;
    let steps = format!("hold:{COUNT}&127.0.0.1:77");
    let service = service(kitchen("svc-crowd", &steps, 0), &hasty()).await;
    within(service.until_ready()).await.unwrap();
    let mut held = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        held.push(connect(&service, 77).await);
    }
    for socket in &held {
        let mut line = [0; 8];
        let read = within(socket.read(&mut line)).await.unwrap();
        assert_eq!(&line[..read], b"held\n");
    }
    drop(held);
    state(&service, ServiceState::Completed).await;
    assert_eq!(service.network().usage().sockets, 0);
}

#[tokio::test]
async fn a_flood_that_nobody_reads_stops_at_the_buffers_and_leaves_others_alone() {
    let engine = hasty();
    let draft = kitchen("svc-deaf", "deaf:127.0.0.1:77", 0).component("sockets_std");
    let Started { front, service } = start(draft, &engine).await;
    let (front, service) = (front.unwrap(), service.unwrap());
    within(service.until_ready()).await.unwrap();
    let flood = text(&front, "/bulk?127.0.0.1:77&100000000");
    let mut flood = std::pin::pin!(flood);
    let full = until(|| service.network().usage().buffered > 0);
    tokio::select! {
        answer = &mut flood => panic!("{answer}"),
        () = full => {}
    }
    let others = kitchen("svc-other", "listen:127.0.0.1:77", 0).component("sockets_std");
    let others = start(others, &engine).await;
    within(others.service.as_ref().unwrap().until_ready())
        .await
        .unwrap();
    let answer = text(others.front.as_ref().unwrap(), "/echo?localhost:77&hi");
    tokio::select! {
        answer = &mut flood => panic!("{answer}"),
        answer = answer => assert_eq!(answer, "hi\n"),
    }
    // Both buffers of one connection.
    assert!(service.network().usage().buffered <= 2 * (64 << 10) + 1024);
}

#[tokio::test]
async fn one_that_holds_too_much_is_refused_more_and_goes_on() {
    let engine = engine_with(EngineConfig {
        max_service_handles: 50,
        service: ServiceConfig {
            first_pause: Duration::from_millis(1),
            ..ServiceConfig::default()
        },
        ..EngineConfig::default()
    });
    let service = service(kitchen("svc-handles", "hold:100&127.0.0.1:77", 3), &engine).await;
    within(service.until_ready()).await.unwrap();
    let mut held = Vec::new();
    while service.status().restarts == 0 && held.len() < 100 {
        let socket = service.network().tcp(Family::V4, Role::Component).unwrap();
        // Refused while it is between two lives.
        let _ = within(socket.connect((Ipv4Addr::LOCALHOST, 77).into())).await;
        held.push(socket);
        tokio::task::yield_now().await;
    }
    until(|| service.status().restarts > 0).await;
    assert!(matches!(
        service.status().last_end,
        Some(End::Trap { .. } | End::Exit(_))
    ));
}

#[tokio::test]
async fn one_that_closes_a_connection_whose_peer_does_not_read_goes_on() {
    let service = service(kitchen("svc-pour", "pour:127.0.0.1:77", 0), &hasty()).await;
    within(service.until_ready()).await.unwrap();
    let mut deaf = Vec::new();
    for _ in 0..3 {
        deaf.push(connect(&service, 77).await);
        // It has come to the end of this one when it takes the next.
        until(|| service.network().usage().buffered > deaf.len() * (64 << 10)).await;
    }
    // What was handed over comes all the same.
    let mut read = 0;
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = within(deaf[0].read(&mut buffer)).await {
        read += count;
    }
    assert!(read > 64 << 10, "{read} bytes");
    assert_eq!(service.status().state, ServiceState::Running);
}

//! Configuration, and what guests write: labelled, cut into lines, limited.

use tracing::Level;
use weft_engine::config::EngineConfig;
use weft_testkit::log::LogCapture;

use crate::support::{KITCHENS, engine_with, text, workload};

#[tokio::test]
async fn configuration_comes_from_the_entry_then_the_component_then_its_environment() {
    for guest in KITCHENS {
        let workload = workload("log-config")
            .component(guest)
            .config("b", "component")
            .config("c", "component")
            .env("c", "environment")
            .host_interface("wasi:http/incoming-handler", &[("host", "test.example")])
            .host_interface("wasi:logging/logging", &[])
            .host_interface(
                "wasi:config/store",
                &[("a", "entry"), ("b", "entry"), ("c", "entry")],
            )
            .start()
            .await;
        let all = text(&workload, "/config-all").await;
        assert_eq!(all, "a=entry\nb=component\nc=environment\n", "{guest}");
        assert_eq!(text(&workload, "/config?b").await, "component");
        assert_eq!(text(&workload, "/config?d").await, "d is not set");
    }
}

#[tokio::test]
async fn each_line_is_an_event_with_workload_component_and_stream() {
    for guest in KITCHENS {
        let log = LogCapture::of("test/log-lines");
        let workload = workload("log-lines").named("front", guest).start().await;
        text(&workload, "/print?one").await;
        text(&workload, "/eprint?two").await;
        text(&workload, "/printmany?3").await;
        let line = log.wait_for_message("line 2").await;
        assert_eq!(line.field("workload"), "test/log-lines");
        assert_eq!(line.level, Level::INFO);
        assert_eq!(
            log.guest_lines(),
            [
                "front stdout: one",
                "front stderr: two",
                "front stdout: line 0",
                "front stdout: line 1",
                "front stdout: line 2"
            ],
            "{guest}"
        );
    }
}

#[tokio::test]
async fn a_line_in_pieces_is_one_event() {
    let log = LogCapture::of("test/log-pieces");
    let workload = workload("log-pieces")
        .component("http_kitchen")
        .reuse(1, 0, 1);
    let workload = workload.start().await;
    for path in ["/print-raw?one,", "/print-raw?two,", "/print?three"] {
        text(&workload, path).await;
    }
    log.wait_for_message("three").await;
    assert_eq!(log.guest_lines(), ["http-kitchen stdout: one,two,three"]);
}

#[tokio::test]
async fn what_is_left_without_a_line_end_is_an_event_when_the_instance_ends() {
    let log = LogCapture::of("test/log-rest");
    let workload = workload("log-rest").component("http_kitchen").start().await;
    text(&workload, "/print-raw?the+rest").await;
    let line = log.wait_for_message("the rest").await;
    assert_eq!(line.message, "the rest");
}

#[tokio::test]
async fn a_long_line_is_cut_into_events_of_bounded_size() {
    let log = LogCapture::of("test/log-long");
    let workload = workload("log-long").component("http_kitchen").start().await;
    text(&workload, &format!("/print?{}end", "x".repeat(40_000))).await;
    log.wait_for_message("end").await;
    let lengths: Vec<_> = log.lines().iter().map(|line| line.message.len()).collect();
    assert_eq!(lengths.iter().sum::<usize>(), 40_003);
    assert!(
        lengths.iter().all(|length| *length <= 16 << 10),
        "{lengths:?}"
    );
}

#[tokio::test]
async fn a_long_message_is_cut_into_events_of_bounded_size_at_characters() {
    let log = LogCapture::of("test/log-long-message");
    let workload = workload("log-long-message").component("http_kitchen");
    let workload = workload.start().await;
    let sent = format!("{}end", "\u{20ac}".repeat(12_000));
    text(&workload, &format!("/log?info&{sent}")).await;
    log.wait_for(|line| line.message.ends_with("end")).await;
    let pieces: Vec<_> = log.lines().into_iter().map(|line| line.message).collect();
    assert_eq!(pieces.concat(), sent);
    assert!(pieces.iter().all(|piece| piece.len() <= 16 << 10));
}

#[tokio::test]
async fn wasi_logging_keeps_level_and_context() {
    for guest in KITCHENS {
        let log = LogCapture::of("test/log-levels");
        let workload = workload("log-levels").component(guest).start().await;
        for (level, expected) in [
            ("trace", Level::TRACE),
            ("debug", Level::DEBUG),
            ("info", Level::INFO),
            ("warn", Level::WARN),
            ("error", Level::ERROR),
            ("critical", Level::ERROR),
        ] {
            text(&workload, &format!("/log?{level}&a+{level}+message")).await;
            let message = format!("a {level} message");
            let line = log.wait_for(|line| line.message == message).await;
            assert_eq!(line.level, expected, "{guest}");
            assert_eq!(line.field("context"), "kitchen");
            let critical = if level == "critical" { "true" } else { "" };
            assert_eq!(line.field("critical"), critical);
        }
    }
}

#[tokio::test]
async fn lines_beyond_the_limit_are_dropped_and_counted() {
    let log = LogCapture::of("test/log-limit");
    let engine = engine_with(EngineConfig {
        log_lines_per_second: 10,
        ..EngineConfig::default()
    });
    let workload = workload("log-limit").component("http_kitchen");
    let workload = workload.start_on(&engine).await;
    text(&workload, "/printmany?1000").await;
    drop(workload);
    let report = log.wait_for(|line| line.level == Level::WARN).await;
    let dropped: usize = report.field("dropped").parse().unwrap();
    assert!(report.message.contains("more than 10 lines a second"));
    assert_eq!(report.field("component"), "http-kitchen");
    let logged = log.guest_lines().len();
    assert!((10..100).contains(&logged), "{logged} lines");
    assert!(
        dropped > 0 && logged + dropped <= 1000,
        "{logged} + {dropped}"
    );
}

#[tokio::test]
async fn one_component_over_the_limit_does_not_silence_another() {
    let log = LogCapture::of("test/log-neighbour");
    let engine = engine_with(EngineConfig {
        log_lines_per_second: 5,
        ..EngineConfig::default()
    });
    let workload = workload("log-neighbour")
        .component("http_middleware")
        .component("http_kitchen")
        .start_on(&engine)
        .await;
    text(&workload, "/printmany?100").await;
    let line = log.wait_for_message("middleware: /printmany?100").await;
    assert_eq!(line.field("component"), "http-middleware");
}

//! Sizes and times as people write them, and defaults that are those of the host.

use std::time::Duration;

use clap::Parser;
use weft_host::{EngineConfig, Limits};

use super::{
    Clients, Guests, address, at_least_one, drain, header_size, memory_size, size, some_time, time,
};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    guests: Guests,
    #[command(flatten)]
    clients: Clients,
}

fn parse(flags: &[&str]) -> Result<(EngineConfig, Limits), clap::Error> {
    let flags = Flags::try_parse_from(["weft"].iter().chain(flags))?;
    let mut engine = EngineConfig {
        max_handles: 1,
        ..EngineConfig::default()
    };
    let mut limits = Limits {
        max_connections: 1,
        ..Limits::default()
    };
    flags.guests.apply(&mut engine);
    flags.clients.apply(&mut limits);
    Ok((engine, limits))
}

#[test]
fn without_flags_the_host_keeps_its_defaults() {
    let (engine, limits) = parse(&[]).unwrap();
    assert_eq!(
        format!("{engine:?}"),
        format!("{:?}", EngineConfig::default())
    );
    assert_eq!(limits, Limits::default());
}

#[test]
fn every_flag_of_guests_changes_its_number() {
    let flags = "--memory 4GiB --tenant-memory 1GiB --instances 12 --max-handles 13 --max-tasks 14 \
                 --tenant-max-in-flight 15 --tenant-max-queue 16 --tenant-queue-wait 17s --instance-memory 18MiB \
                 --request-timeout 19s --max-in-flight 20 --max-queue 0 --queue-wait 21ms";
    let (engine, _) = parse(&flags.split_whitespace().collect::<Vec<_>>()).unwrap();
    assert_eq!(
        (engine.memory, engine.tenant_memory, engine.instances),
        (Some(4 << 30), Some(1 << 30), Some(12))
    );
    assert_eq!((engine.max_handles, engine.max_tasks), (13, 14));
    let tenant = engine.tenant_requests;
    assert_eq!((tenant.max_in_flight, tenant.max_queue), (15, 16));
    assert_eq!(tenant.queue_wait, Duration::from_secs(17));
    let limits = engine.limits;
    assert_eq!(
        (limits.memory, limits.request_timeout),
        (18 << 20, Duration::from_secs(19))
    );
    let requests = limits.requests;
    assert_eq!((requests.max_in_flight, requests.max_queue), (20, 0));
    assert_eq!(requests.queue_wait, Duration::from_millis(21));
}

#[test]
fn every_flag_of_clients_changes_its_number() {
    let flags = "--max-connections 2 --max-connections-per-peer 3 --max-header-bytes 16KiB --max-request-body 5 \
                 --header-timeout 6s --idle-timeout 7s --body-idle-timeout 8s --write-timeout 9s";
    let (_, limits) = parse(&flags.split_whitespace().collect::<Vec<_>>()).unwrap();
    let expected = Limits {
        max_connections: 2,
        max_connections_per_peer: 3,
        max_header_bytes: 16 << 10,
        max_request_body: 5,
        header_read_timeout: Duration::from_secs(6),
        idle_timeout: Duration::from_secs(7),
        body_idle_timeout: Duration::from_secs(8),
        write_stall_timeout: Duration::from_secs(9),
        ..Limits::default()
    };
    assert_eq!(limits, expected);
}

#[test]
fn limits_that_would_let_nothing_through_are_refused() {
    for flags in [
        ["--instances", "0"],
        ["--max-handles", "0"],
        ["--max-connections", "0"],
        ["--max-in-flight", "0"],
        ["--tenant-max-in-flight", "0"],
        ["--request-timeout", "0s"],
        ["--header-timeout", "0ms"],
        ["--max-header-bytes", "1KiB"],
    ] {
        assert!(parse(&flags).is_err(), "{flags:?}");
    }
}

#[test]
fn sizes_are_bytes_or_powers_of_1024() {
    let sizes = ["4096", "64k", "512MiB", "1GiB", "2gb"].map(|text| size(text).expect("a size"));
    assert_eq!(sizes, [4096, 64 << 10, 512 << 20, 1 << 30, 2 << 30]);
}

#[test]
fn a_size_that_means_nothing_is_refused() {
    for text in ["", "much", "1XiB", "-1", "99999999999TiB"] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[test]
fn a_head_has_room_for_one_page_at_least_and_not_for_all_memory() {
    assert_eq!(header_size("8KiB"), Ok(8192));
    for text in ["8191", "17MiB", "1TiB"] {
        assert!(header_size(text).is_err(), "{text}");
    }
}

#[test]
fn times_have_a_unit_and_an_end() {
    assert_eq!(time("1m 30s"), Ok(Duration::from_secs(90)));
    assert_eq!(time("0s"), Ok(Duration::ZERO));
    for text in ["30", "25h", "-1s", "soon"] {
        assert!(time(text).is_err(), "{text}");
    }
    assert!(some_time("0s").is_err());
}

#[test]
fn memory_has_room_for_one_page_of_webassembly_at_least() {
    assert_eq!(memory_size("64KiB"), Ok(64 << 10));
    let refused = memory_size("10").expect_err("no guest could start");
    assert!(refused.contains("64KiB"), "{refused}");
}

#[test]
fn a_drain_is_a_time_or_a_number_of_seconds() {
    assert_eq!(drain("30"), drain("30s"));
    assert_eq!(drain("500ms"), Ok(Duration::from_millis(500)));
    assert_eq!(drain("0"), Ok(Duration::ZERO));
    for text in ["", "-1", "soon", "25h", "99999999999999999999"] {
        assert!(drain(text).is_err(), "{text}");
    }
}

#[test]
fn an_address_that_is_none_is_refused_with_one_that_is() {
    assert!(address("[::1]:8000").is_ok());
    for text in ["8001", "localhost:8001", "127.0.0.1", ""] {
        let refused = address(text).expect_err(text);
        assert!(refused.contains("127.0.0.1:8000"), "{refused}");
    }
}

#[test]
fn counts_begin_at_one() {
    assert_eq!(at_least_one("7"), Ok(7));
    for text in ["0", "-1", "1.5", ""] {
        assert!(at_least_one(text).is_err(), "{text}");
    }
}

#[test]
fn flags_take_as_many_requests_as_manifests_do() {
    for flag in [
        "--max-in-flight",
        "--max-queue",
        "--tenant-max-in-flight",
        "--tenant-max-queue",
    ] {
        assert!(parse(&[flag, "1000000"]).is_ok(), "{flag}");
        let refused = parse(&[flag, "1000001"]).unwrap_err().to_string();
        assert!(refused.contains("1000000"), "{refused}");
    }
}

#[test]
fn a_time_without_a_unit_is_refused_with_one() {
    let refused = parse(&["--queue-wait", "3600"]).err().unwrap().to_string();
    assert!(
        refused.contains("it has no unit; write `3600s`"),
        "{refused}"
    );
}

#[test]
fn an_address_that_no_machine_has_is_refused_with_the_reason() {
    let refused = address("224.0.0.1:80").unwrap_err();
    assert!(
        refused.contains("multicast") && refused.contains("127.0.0.1:80"),
        "{refused}"
    );
    assert!(address("0.0.0.0:80").is_ok());
}

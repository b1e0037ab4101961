//! Commands of both versions: how they end.

use weft_engine::Engine;
use weft_engine::command::CommandLine;
use weft_engine::config::EngineConfig;
use weft_engine::fault::{Fault, FaultKind};
use weft_engine::plan::Purpose;
use weft_testkit::within;

use crate::support::{Draft, engine, engine_with, workload};

const COMMANDS: [&str; 2] = ["cli_echo", "p3_cli"];

async fn run(draft: Draft, args: &[&str]) -> Result<u8, Fault> {
    run_on(&engine(), draft, args).await
}

async fn run_on(engine: &Engine, draft: Draft, args: &[&str]) -> Result<u8, Fault> {
    let linked = match draft.link(engine, Purpose::Command).await {
        Ok(linked) => linked,
        Err(refused) => panic!("{refused}"),
    };
    let line = CommandLine {
        args: ["tool.wasm"]
            .iter()
            .chain(args)
            .map(ToString::to_string)
            .collect(),
        environment: Vec::new(),
    };
    let command = engine.command(linked).unwrap();
    within(command.run(&line)).await
}

#[tokio::test]
async fn a_command_ends_with_its_exit_code() {
    for guest in COMMANDS {
        for code in ["0", "1", "7", "255"] {
            let ended = run(workload("cmd-exit").component(guest), &["exit", code]).await;
            assert_eq!(ended, Ok(code.parse().unwrap()), "{guest}");
        }
        let ended = run(workload("cmd-end").component(guest), &["env", "A"]).await;
        assert_eq!(ended, Ok(0), "{guest}");
    }
}

#[tokio::test]
async fn a_command_that_reports_failure_ends_with_1() {
    let missing = ["read", "/data/missing"];
    for guest in COMMANDS {
        let ended = run(workload("cmd-fail").component(guest), &missing).await;
        assert_eq!(ended, Ok(1), "{guest}");
    }
    let ended = run(workload("cmd-fail").component("p3_cli"), &["fail"]).await;
    assert_eq!(ended, Ok(1));
}

#[tokio::test]
async fn a_command_that_traps_is_a_fault() {
    for guest in COMMANDS {
        let fault = run(workload("cmd-trap").component(guest), &["trap"])
            .await
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::Trap, "{guest}: {fault}");
    }
}

#[tokio::test]
async fn a_command_reads_and_writes_its_volumes() {
    let root = tempfile::tempdir().unwrap();
    let engine = engine_with(EngineConfig {
        host_path_roots: vec![root.path().to_owned()],
        ..EngineConfig::default()
    });
    for guest in COMMANDS {
        let draft = workload("cmd-files").component(guest).mount("/data");
        let draft = draft.host_path("data", root.path());
        let ended = run_on(&engine, draft, &["write", "/data/file", guest]).await;
        assert_eq!(ended, Ok(0), "{guest}");
        let content = std::fs::read_to_string(root.path().join("file")).unwrap();
        assert_eq!(content, guest);
    }
}

#[tokio::test]
async fn everything_that_makes_a_volume_grow_is_limited() {
    let with_limit = |empty_dir_limit| {
        engine_with(EngineConfig {
            empty_dir_limit,
            ..EngineConfig::default()
        })
    };
    // One entry and 1000 bytes fit; what each of these needs does not.
    let (large, small) = (with_limit(1 << 20), with_limit(4096 + 1000));
    let fits: [&[&str]; 2] = [&["mkdir", "/data/d"], &["write", "/data/f", "some text"]];
    let grows: [&[&str]; 2] = [&["resize", "/data/f", "8000"], &["fill", "/data/f", "8000"]];
    let none = with_limit(4000);
    let makes: [&[&str]; 3] = [
        &["mkdir", "/data/d"],
        &["symlink", "there", "/data/l"],
        &["write", "/data/f", ""],
    ];
    let draft = || {
        workload("cmd-limit")
            .component("cli_echo")
            .mount("/data")
            .empty_dir("data")
    };
    for args in fits.iter().chain(&grows).chain(&makes) {
        assert_eq!(run_on(&large, draft(), args).await, Ok(0), "{args:?}");
    }
    for args in fits {
        assert_eq!(run_on(&small, draft(), args).await, Ok(0), "{args:?}");
    }
    for args in grows {
        assert_eq!(run_on(&small, draft(), args).await, Ok(1), "{args:?}");
    }
    for args in makes {
        assert_eq!(run_on(&none, draft(), args).await, Ok(1), "{args:?}");
    }
}

#[tokio::test]
async fn a_handler_is_no_command_and_a_command_no_handler() {
    let refusal = match workload("cmd-none")
        .component("p3_kitchen")
        .link(&engine(), Purpose::Command)
        .await
    {
        Ok(_) => panic!("a handler runs as a command"),
        Err(refused) => refused.to_string(),
    };
    assert!(refusal.contains("exports no `wasi:cli/run`"), "{refusal}");
    let refusal = workload("cmd-serve")
        .component("cli_echo")
        .refused_on(&engine())
        .await;
    assert!(refusal.contains("nothing can be served"), "{refusal}");
}

//! Commands of both versions: how they end.

use weft_engine::command::CommandLine;
use weft_engine::fault::{Fault, FaultKind};
use weft_engine::plan::Purpose;
use weft_testkit::within;

use crate::support::{Draft, engine, workload};

const COMMANDS: [&str; 2] = ["cli_echo", "p3_cli"];

async fn run(draft: Draft, args: &[&str]) -> Result<u8, Fault> {
    let engine = engine();
    let linked = match draft.link(&engine, Purpose::Command).await {
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
    within(engine.command(linked).run(&line)).await
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
    let engine = crate::support::engine_with(weft_engine::config::EngineConfig {
        host_path_roots: vec![root.path().to_owned()],
        ..Default::default()
    });
    for guest in COMMANDS {
        let draft = workload("cmd-files").component(guest).mount("/data");
        let draft = draft.host_path("data", root.path());
        let Ok(linked) = draft.link(&engine, Purpose::Command).await else {
            panic!("{guest} is a command")
        };
        let args = ["tool.wasm", "write", "/data/file", guest].map(str::to_owned);
        let line = CommandLine {
            args: args.to_vec(),
            environment: Vec::new(),
        };
        assert_eq!(
            within(engine.command(linked).run(&line)).await,
            Ok(0),
            "{guest}"
        );
        let content = std::fs::read_to_string(root.path().join("file")).unwrap();
        assert_eq!(content, guest);
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

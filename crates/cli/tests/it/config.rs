//! `weft config`: what the project needs and says, without a secret in any output.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::harness::weft;

const PROJECT: &str = "\
configs:
  web: {inline: {COLOUR: red}, fromEnv: [WEFT_TEST_GREETING]}
secrets:
  app:
    inline: {FIXED: canary-inline}
    fromEnv: [WEFT_TEST_TOKEN, WEFT_TEST_ABSENT]
  unused: {fromEnv: [WEFT_TEST_UNUSED]}
workload:
  environment: {config: {PORT: '1'}, configFrom: [web], secretFrom: [app]}
dev:
  postgres_url: postgres://me:canary-url@db/x
";

fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (file, text) in files {
        fs::write(folder.path().join(file), text).unwrap();
    }
    folder
}

fn config(folder: &Path, args: &[&str]) -> Output {
    weft()
        .arg("config")
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(text).unwrap()
}

fn object(output: &Output) -> Value {
    let line = output.stdout.split(|byte| *byte == b'\n').next().unwrap();
    serde_json::from_slice(line).unwrap_or_else(|_| panic!("{}", text(output)))
}

#[test]
fn check_lists_names_and_origins_and_never_a_value() {
    let folder = project(&[
        ("weft.yaml", PROJECT),
        (".env", "WEFT_TEST_TOKEN=canary-token\n"),
        (
            ".env.example",
            "WEFT_TEST_TOKEN=\nWEFT_TEST_ABSENT=\nSOMETHING=\n",
        ),
    ]);
    let mut command = weft();
    command
        .args(["config", "check"])
        .current_dir(folder.path())
        .env("WEFT_TEST_GREETING", "canary-env");
    let output = command.output().unwrap();
    let shown = text(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for (name, state) in [
        ("COLOUR ", "weft.yaml:2"),
        ("FIXED ", "weft.yaml:5"),
        ("WEFT_TEST_ABSENT ", "missing"),
        ("WEFT_TEST_GREETING ", "the environment"),
        ("WEFT_TEST_TOKEN ", ".env:1"),
    ] {
        let line = shown.lines().find(|line| line.starts_with(name));
        assert!(
            line.is_some_and(|line| line.ends_with(state)),
            "{name}:\n{shown}"
        );
    }
    for part in [
        "`WEFT_TEST_ABSENT` is not set; `secrets.app` takes it from the environment (weft.yaml:6)",
        "`.env.example` has a placeholder for it in line 2",
        "`WEFT_TEST_GREETING` is not in `.env.example`",
        "`.env.example:3` has `SOMETHING`, which no source that is used takes",
    ] {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
    assert!(!shown.contains("canary"), "{shown}");
    assert!(
        !shown.contains("UNUSED"),
        "nothing asks for that source: {shown}"
    );
}

#[test]
fn check_is_content_when_nothing_is_missing() {
    let folder = project(&[
        ("weft.yaml", PROJECT),
        (
            ".env",
            "WEFT_TEST_TOKEN=canary\nWEFT_TEST_ABSENT=canary\nWEFT_TEST_GREETING=canary\n",
        ),
    ]);
    let output = config(folder.path(), &["check", "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let found = object(&output);
    assert_eq!(found["names"].as_array().unwrap().len(), 5);
    assert!(
        found["names"]
            .as_array()
            .unwrap()
            .iter()
            .all(|name| name["set"] == true)
    );
    assert!(!text(&output).contains("canary"));
    let output = config(folder.path(), &["check", "--no-dotenv"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

#[test]
fn show_has_every_value_with_its_place_and_masks_secrets_alike() {
    let folder = project(&[
        ("weft.yaml", PROJECT),
        (
            ".env",
            "WEFT_TEST_TOKEN=canary-token\nWEFT_TEST_GREETING=hi\n",
        ),
    ]);
    let output = config(folder.path(), &["show"]);
    let shown = text(&output);
    // All is shown, and the code says that something is missing.
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for line in [
        "  configs.web.inline.COLOUR = red  (weft.yaml:2)",
        "  secrets.app.inline.FIXED = ********  (weft.yaml:5)",
        "  secrets.app.fromEnv[0] = WEFT_TEST_TOKEN  (weft.yaml:6)",
        "  dev.postgres_url = ********  (weft.yaml:11)",
        "  dev.address = 127.0.0.1:8000  (default)",
        "environment of the workload",
        "  COLOUR = red  (weft.yaml:2)",
        "  PORT = 1  (weft.yaml:9)",
        "  FIXED = ********  (weft.yaml:5)",
        "  WEFT_TEST_GREETING = hi  (.env:2)",
        "  WEFT_TEST_TOKEN = ********  (.env:1)",
    ] {
        assert!(
            shown.lines().any(|shown| shown == line),
            "`{line}` is not in:\n{shown}"
        );
    }
    assert!(shown.contains("`WEFT_TEST_ABSENT` is not set"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");

    let output = config(folder.path(), &["show", "--output", "json"]);
    assert!(!text(&output).contains("canary"));
    let found = object(&output);
    let values = found["environments"][0]["values"].as_array().unwrap();
    let token = values
        .iter()
        .find(|value| value["name"] == "WEFT_TEST_TOKEN")
        .unwrap();
    assert_eq!(
        (&token["secret"], &token["origin"]),
        (&Value::Bool(true), &Value::from(".env:1"))
    );
}

#[test]
fn show_goes_well_when_nothing_is_missing() {
    let complete = [
        ("weft.yaml", PROJECT),
        (
            ".env",
            "WEFT_TEST_TOKEN=a\nWEFT_TEST_GREETING=b\nWEFT_TEST_ABSENT=c\n",
        ),
    ];
    let folder = project(&complete);
    let output = config(folder.path(), &["show"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let output = config(folder.path(), &["show", "--no-dotenv"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let json = config(folder.path(), &["show", "--no-dotenv", "--output", "json"]);
    assert_eq!(json.status.code(), Some(1), "{}", text(&json));
    assert_eq!(object(&json)["missing"].as_array().unwrap().len(), 3);
}

#[test]
fn validate_says_all_problems() {
    let folder = project(&[
        ("weft.yaml", "biuld: {}\ndev: {address: here}\n"),
        ("good.json", "{}"),
    ]);
    let output = config(folder.path(), &["validate"]);
    let shown = text(&output);
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "biuld",
        "weft.yaml:1:1",
        "did you mean `build`",
        "`here` is not an address",
    ] {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
    let output = config(folder.path(), &["validate", "good.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let output = config(folder.path(), &["validate", "weft.ini"]);
    assert!(text(&output).contains("`weft.ini` is no project file"));
}

#[test]
fn schema_is_printed_as_json() {
    let folder = project(&[]);
    let output = config(folder.path(), &["schema"]);
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["title"], "weft project file");
}

#[test]
fn init_writes_what_is_missing_and_overwrites_nothing() {
    let folder = project(&[("Cargo.toml", ""), (".gitignore", "target")]);
    let output = config(folder.path(), &["init"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    assert!(read("weft.yaml").contains("command: cargo build --release --target wasm32-wasip2"));
    assert_eq!(read(".gitignore"), "target\n.env\n");
    for command in ["validate", "check"] {
        let output = config(folder.path(), &[command]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    }
    fs::write(folder.path().join("weft.yaml"), "dev: {}\n").unwrap();
    fs::write(folder.path().join(".env.example"), "MINE=\n").unwrap();
    let output = config(folder.path(), &["init"]);
    assert_eq!(text(&output).matches("is there already").count(), 3);
    assert_eq!(
        (read("weft.yaml").as_str(), read(".env.example").as_str()),
        ("dev: {}\n", "MINE=\n")
    );
    assert_eq!(read(".gitignore"), "target\n.env\n");
}

#[test]
fn what_has_no_end_is_not_read() {
    let folder = project(&[]);
    let pipe = folder.path().join("weft.yaml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let validate = |file: &str| text(&config(folder.path(), &["validate", file]));
    assert!(validate("weft.yaml").contains("it is no regular file"));
    fs::remove_file(&pipe).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &pipe).unwrap();
    assert!(validate("weft.yaml").contains("it is no regular file"));
    let inspected = weft().args(["inspect", "/dev/zero"]).output().unwrap();
    assert!(text(&inspected).contains("it is no regular file"));
    // An example that cannot be read is as good as none.
    let folder = project(&[("weft.yaml", PROJECT), (".env", "WEFT_TEST_TOKEN=x\n")]);
    std::os::unix::fs::symlink("/dev/zero", folder.path().join(".env.example")).unwrap();
    let checked = config(folder.path(), &["check"]);
    assert!(text(&checked).contains("WEFT_TEST_ABSENT"));
}

#[test]
fn a_problem_in_a_line_of_megabytes_is_told_without_the_line() {
    let long = format!("{}: 1\n", "k".repeat(3_000_000));
    let folder = project(&[("weft.yaml", &long)]);
    let told = text(&config(folder.path(), &["validate"]));
    assert!(
        told.contains("weft.yaml:1:3000001: a `:` is not allowed here"),
        "{told:.300}"
    );
    assert!(told.len() < 300_000, "{}", told.len());
}

#[test]
fn names_in_a_project_give_the_terminal_no_orders() {
    let folder = project(&[(
        "weft.yaml",
        "workload:\n  environment:\n    config:\n      \"N\\e[2J\\u202eX\": \"1\"\n",
    )]);
    let shown = config(folder.path(), &["show", "--color", "always"]);
    let told = text(&shown);
    assert!(told.contains("N\\u{1b}[2J\\u{202e}X"), "{told}");
    assert!(
        !told.contains("\u{1b}[2J") && !told.contains('\u{202e}'),
        "{told:?}"
    );
}

#[test]
fn init_writes_through_no_link() {
    let folder = project(&[("precious", "mine\n")]);
    std::os::unix::fs::symlink("precious", folder.path().join(".gitignore")).unwrap();
    let made = config(folder.path(), &["init"]);
    assert!(!made.status.success());
    let precious = fs::read_to_string(folder.path().join("precious")).unwrap();
    assert_eq!(precious, "mine\n");
}

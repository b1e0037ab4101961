//! Values from `.env`, files, folders and the environment reach the component, change while it runs, and are told when
//! they are missing; none of them is printed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::harness::{Folder, kitchen, stderr};

const ASKS: &str = "\
configs:
  web:
    inline: {COLOUR: red}
    fromEnv: [GREETING]
secrets:
  app:
    fromEnv:
      - API_TOKEN
      - DB_PASSWORD
workload:
  environment:
    configFrom: [web]
    secretFrom: [app]
";

impl Folder {
    /// Writes a file that only its owner may read.
    fn write_secret(&self, file: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        // In one step, so that nobody sees it half written; the name is one that is not watched.
        let whole = self.path("whole.tmp");
        fs::write(&whole, text).unwrap();
        fs::set_permissions(&whole, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(&whole, self.path(file)).unwrap();
    }

    /// What `weft dev` says before it ends with an error.
    fn refused(&self, flags: &[&str]) -> String {
        let output = self.output(flags);
        let shown = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{shown}");
        shown
    }
}

fn all_in(shown: &str, parts: &[&str]) {
    for part in parts {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
}

#[tokio::test]
async fn the_way_from_the_example_to_a_running_workload() {
    let folder = Folder::new(&kitchen(ASKS))
        .with(
            ".env.example",
            "# Ask the team.\nAPI_TOKEN=\n\nDB_PASSWORD=\nGREETING=hello\n",
        )
        .with(".gitignore", ".env\n");
    // Everything at once, before anything is built.
    let shown = folder.refused(&[]);
    all_in(
        &shown,
        &[
            "3 settings are missing",
            "`API_TOKEN` is not set; `secrets.app` takes it from the environment (weft.yaml:11)",
            "`DB_PASSWORD` is not set; `secrets.app` takes it from the environment (weft.yaml:12)",
            "`GREETING` is not set; `configs.web` takes it from the environment (weft.yaml:7)",
            "asked for by the workload (weft.yaml:16)",
            "put `API_TOKEN=<value>` in `.env`",
            "`.env.example` has a placeholder for it in line 4",
            "cp .env.example .env",
        ],
    );
    assert!(!shown.contains("building"), "{shown}");

    fs::copy(folder.path(".env.example"), folder.path(".env")).unwrap();
    folder.write(
        ".env",
        "API_TOKEN='canary-one'\nexport DB_PASSWORD=\"canary $GREETING\"\n",
    );
    let shown = folder.refused(&[]);
    all_in(&shown, &["cannot be understood", ".env:2:28: "]);
    assert!(!shown.contains("canary"), "{shown}");

    folder.write(
        ".env",
        "GREETING=hello\nAPI_TOKEN='canary-one'\nexport DB_PASSWORD=\"canary ${GREETING}\"\n",
    );
    let mut dev = folder.serving();
    for (path, expected) in [
        ("/env?API_TOKEN", "canary-one"),
        ("/env?DB_PASSWORD", "canary hello"),
        ("/config?API_TOKEN", "canary-one"),
        ("/env?COLOUR", "red"),
    ] {
        assert_eq!(dev.get(path).await, expected, "{path}");
    }

    folder.write(
        ".env",
        "GREETING=hello\nAPI_TOKEN='canary-two'\nDB_PASSWORD=canary\n",
    );
    dev.wait_for("changed: .env");
    dev.wait_for("swapped to version 2");
    assert_eq!(dev.get("/env?API_TOKEN").await, "canary-two");

    folder.write(".env", "GREETING=hello\n");
    dev.wait_for("2 settings are missing");
    dev.wait_for("version 2 keeps serving");
    assert_eq!(dev.get("/env?API_TOKEN").await, "canary-two");
    assert!(dev.seen("canary").is_empty(), "{:?}", dev.seen("canary"));
}

#[tokio::test]
async fn files_and_folders_are_read_and_read_again() {
    let more = "\
configs:
  web: {inline: {A: inline, B: inline}, file: web.env, dir: web}
secrets:
  keys: {file: ./keys/app.env, dir: ./keys/more}
workload: {environment: {configFrom: [web], secretFrom: [keys]}}
";
    let folder = Folder::new(&kitchen(more))
        .with("web.env", "B=file\nC=file\nSELF=${B}-${NOTHING:-x}\n")
        .with("web/C", "dir");
    folder.write_secret("keys/app.env", "TOKEN=one\n");
    folder.write_secret("keys/more/LARGE", "x".repeat(1 << 20));
    let mut dev = folder.serving();
    for (path, expected) in [
        ("/env?A", "inline"),
        ("/env?B", "file"),
        ("/env?C", "dir"),
        ("/env?SELF", "file-x"),
        ("/env?TOKEN", "one"),
    ] {
        assert_eq!(dev.get(path).await, expected, "{path}");
    }
    assert_eq!(dev.get("/env?LARGE").await.len(), 1 << 20);

    folder.write_secret("keys/app.env", "TOKEN=two\n");
    dev.wait_for("swapped to version 2");
    assert_eq!(dev.get("/env?TOKEN").await, "two");
    folder.write("web/C", "other");
    dev.wait_for("swapped to version 3");
    assert_eq!(dev.get("/env?C").await, "other");
}

#[test]
fn what_must_not_be_read_is_refused_at_once_and_without_its_values() {
    let more = "\
secrets:
  open: {file: open.env}
  up: {file: ../outside.env}
  link: {file: link.env}
  out: {dir: out}
  binary: {dir: binary}
  broken: {file: broken.env}
workload: {environment: {secretFrom: [open, up, link, out, binary, broken]}}
";
    let folder = Folder::new(&kitchen(more))
        .with("open.env", "A=canary\n")
        .with("out/.keep", "");
    fs::set_permissions(folder.path("open.env"), fs::Permissions::from_mode(0o644)).unwrap();
    folder.write_secret("real.env", "A=canary\n");
    symlink("real.env", folder.path("link.env")).unwrap();
    symlink("../real.env", folder.path("out/A")).unwrap();
    folder.write_secret("binary/RAW", b"canary\xff\0");
    folder.write_secret("broken.env", "A=${B}\nB=${A}\ncanary\nC=1\n");
    let shown = folder.refused(&["--no-watch"]);
    all_in(
        &shown,
        &[
            "6 settings are missing",
            "the secret file `open.env` has mode 0644, but 0600 or 0400 is required",
            "chmod 600 open.env",
            "`../outside.env` leads out of the project's folder",
            "`link.env` is or leads over a symbolic link",
            "`out/A` leads out of its folder",
            "the value of `RAW` is not UTF-8 text",
            "broken.env:1:3: the values refer to each other in a circle: A -> B -> A",
            "broken.env:3:1: the line is not `NAME=VALUE`",
        ],
    );
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn names_that_the_example_of_a_file_documents_have_to_be_in_the_file() {
    let more = "secrets: {db: {file: db.env}}\nworkload: {environment: {secretFrom: [db]}}\n";
    let folder = Folder::new(&kitchen(more)).with("db.env.example", "USER=\nPASSWORD=\n");
    let shown = folder.refused(&["--no-watch"]);
    all_in(
        &shown,
        &[
            "2 settings are missing",
            "`PASSWORD` is not set; `secrets.db` takes it from the file `db.env` (weft.yaml:4), which is not there",
            "`db.env.example` has a placeholder for it in line 2; to start with it: cp db.env.example db.env && chmod 600 db.env",
        ],
    );
    folder.write_secret("db.env", "USER=me\n");
    let shown = folder.refused(&["--no-watch"]);
    all_in(&shown, &["a setting is missing", "`PASSWORD` is not set"]);
}

#[tokio::test]
async fn the_build_gets_what_dotenv_has_and_the_environment_wins_everywhere() {
    let wasm = weft_testkit::guest("http_kitchen");
    let text = format!(
        "build:\n  command: echo \"$ONE $TWO $THREE\" > seen.txt && cp '{}' out.wasm\n  component_path: out.wasm\n  \
         env: {{THREE: project}}\nconfigs: {{all: {{fromEnv: [ONE, TWO]}}}}\n\
         workload: {{environment: {{configFrom: [all]}}}}\n",
        wasm.display()
    );
    let folder = Folder::new(&text)
        .with(".env", "ONE=file\nTWO=file\nTHREE=file\n")
        .with(".gitignore", "seen.txt\n");
    let mut dev = folder.dev_in(&[("TWO", "environment")]);
    dev.wait_for("serving on");
    assert_eq!(folder.read("seen.txt").trim(), "file environment project");
    assert_eq!(dev.get("/env?ONE").await, "file");
    assert_eq!(dev.get("/env?TWO").await, "environment");

    let shown = folder.refused(&["--no-dotenv"]);
    all_in(
        &shown,
        &[
            "2 settings are missing",
            "without --no-dotenv, `.env` counts, too",
        ],
    );
}

#[tokio::test]
async fn the_store_of_configuration_has_the_entry_below_the_config_below_the_environment() {
    let more = "\
workload:
  environment: {config: {C: environment}}
  config: {B: config, C: config}
dev:
  host_interfaces:
    - {namespace: wasi, package: config, interfaces: [store], config: {A: entry, B: entry, C: entry}}
";
    let folder = Folder::new(&kitchen(more));
    let dev = folder.serving();
    for (name, expected) in [("A", "entry"), ("B", "config"), ("C", "environment")] {
        assert_eq!(dev.get(&format!("/config?{name}")).await, expected);
    }
    assert_eq!(dev.get("/env?B").await, "B is not set");
}

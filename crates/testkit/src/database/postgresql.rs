//! How PostgreSQL is made, started and asked.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Database, PASSWORD, finish, give_away, not_as_root, program};

/// Makes the data of a new server.
pub(super) fn create(folder: &Path) {
    let mut install = not_as_root(program("initdb"));
    install
        .arg("--pgdata")
        .arg(folder.join("data"))
        .args(["--username=postgres", "--auth=trust", "--no-sync"])
        .args(["--encoding=UTF8", "--locale=C"]);
    finish(install);
    // Who comes by the network comes by TLS and with a password; the administrator comes by the socket.
    let rules = folder.join("rules");
    fs::write(
        &rules,
        "local all postgres trust\nhostssl all weft 127.0.0.1/32 scram-sha-256\n",
    )
    .expect("the folder can be written to");
    give_away(super::Kind::PostgreSql, folder);
}

/// A server in the foreground.
pub(super) fn server(database: &Database) -> Command {
    let mut server = not_as_root(program("postgres"));
    let set = |name: &str, value: &str| format!("--{name}={value}");
    let file = |name: &str, file: &str| set(name, &database.path(file).display().to_string());
    server
        .arg("-D")
        .arg(database.path("data"))
        .arg(set("listen_addresses", "127.0.0.1"))
        .arg(set("port", &database.addr.port().to_string()))
        .arg(file("unix_socket_directories", ""))
        .arg(file("hba_file", "rules"))
        .arg(set("ssl", "on"))
        .arg(file("ssl_cert_file", "server.pem"))
        .arg(file("ssl_key_file", "server.key"))
        .args([
            "--fsync=off",
            "--max_connections=300",
            "--shared_buffers=32MB",
        ]);
    server
}

/// The administrator's client; statements follow.
pub(super) fn client(database: &Database) -> Command {
    let mut client = program("psql");
    let port = database.addr.port().to_string();
    client
        .arg("--host")
        .arg(database.folder.path())
        .args(["--port", &port, "--username=postgres"]);
    client.args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet"]);
    let name = if database.path("has-app").exists() {
        "app"
    } else {
        "postgres"
    };
    client.args(["--dbname", name, "--command"]);
    client
}

/// Whether it answers a statement.
pub(super) fn is_ready(database: &Database) -> bool {
    let mut client = client(database);
    client.arg("SELECT 1").stdin(Stdio::null());
    client.output().is_ok_and(|output| output.status.success())
}

/// The user and the database of tests.
pub(super) fn add_user(database: &Database) {
    database.sql(&format!("CREATE USER weft PASSWORD '{PASSWORD}'"));
    database.sql("CREATE DATABASE app OWNER weft");
    fs::write(database.path("has-app"), "").expect("the folder can be written to");
}

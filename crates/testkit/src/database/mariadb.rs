//! How MariaDB is made, started and asked.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Database, PASSWORD, base, finish, is_root, program};

/// Makes the data of a new server.
pub(super) fn create(folder: &Path) {
    let mut install = program("mariadb-install-db");
    install.arg("--no-defaults");
    if let Some(base) = base() {
        install.arg(format!("--basedir={}", base.display()));
    }
    install
        .arg(format!("--datadir={}", folder.join("data").display()))
        // A server deletes what others have left in its folder for temporary tables.
        .arg(format!("--tmpdir={}", folder.display()))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
        .args(as_root(folder))
        .args(SMALL);
    finish(install);
}

/// A server in the foreground.
pub(super) fn server(database: &Database) -> Command {
    let mut server = program("mariadbd");
    server.arg("--no-defaults");
    if let Some(base) = base() {
        let share = base.join("share/mysql");
        server
            .arg(format!("--lc-messages-dir={}", share.display()))
            .arg(format!(
                "--character-sets-dir={}",
                share.join("charsets").display()
            ));
    }
    let file = |option: &str, name: &str| format!("--{option}={}", database.path(name).display());
    server
        .arg(format!("--tmpdir={}", database.folder.path().display()))
        .arg(file("datadir", "data"))
        .arg(file("socket", "socket"))
        .arg(file("pid-file", "pid"))
        .arg(file("ssl-ca", "authority.pem"))
        .arg(file("ssl-cert", "server.pem"))
        .arg(file("ssl-key", "server.key"))
        .arg("--bind-address=127.0.0.1")
        .arg(format!("--port={}", database.addr.port()))
        .args(["--skip-name-resolve", "--max-connections=300"])
        .args(as_root(database.folder.path()))
        .args(SMALL);
    server
}

/// The administrator's client; statements follow.
pub(super) fn client(database: &Database) -> Command {
    let mut client = program("mariadb");
    let socket = format!("--socket={}", database.path("socket").display());
    client.args(["--no-defaults", &socket, "--user=root"]);
    client.args(["--batch", "--skip-column-names", "--execute"]);
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
    database.sql(&format!(
        "CREATE DATABASE app CHARACTER SET utf8mb4; \
         CREATE USER weft@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL; \
         GRANT ALL ON app.* TO weft@'%'"
    ));
}

/// Small and quick; what is lost when the machine loses power does not matter here.
const SMALL: [&str; 4] = [
    "--innodb-log-file-size=8M",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=2",
    "--skip-innodb-doublewrite",
];

fn as_root(folder: &Path) -> Option<&'static str> {
    is_root(folder).then_some("--user=root")
}

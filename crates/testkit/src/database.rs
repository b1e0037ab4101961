//! Real database servers: MariaDB and PostgreSQL, each on a free port, in a folder of its own, with TLS and a
//! certificate. `cargo xtask setup` gets the programs. A server is stopped when it is dropped, and can be stopped and
//! started again on the same port before.
//!
//! There is one user, `weft`, who has a password, must use TLS and owns the database `app`.

mod certificates;
mod mariadb;
mod postgresql;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::PATIENCE;
use crate::guests::repository;
use certificates::Certificates;

/// The password of the user `weft`; nothing but the service that dials the database may show it.
pub const PASSWORD: &str = "only-the-service-knows-this";

/// PostgreSQL refuses to run as root; this is the user `nobody` everywhere.
const NOBODY: u32 = 65534;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// MariaDB, which speaks the protocol of MySQL.
    MariaDb,
    /// PostgreSQL.
    PostgreSql,
}

/// A running server.
pub struct Database {
    /// Which one it is.
    pub kind: Kind,
    /// Where it listens.
    pub addr: SocketAddr,
    certificates: Certificates,
    folder: TempDir,
    child: Option<Child>,
}

impl Database {
    /// Makes a new server and starts it. Takes some seconds, and blocks the thread.
    pub fn start(kind: Kind) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("weft-db-")
            .tempdir()
            .expect("a folder can be made");
        let certificates = Certificates::make(folder.path());
        give_away(kind, folder.path());
        match kind {
            Kind::MariaDb => mariadb::create(folder.path()),
            Kind::PostgreSql => postgresql::create(folder.path()),
        }
        let mut database = Self {
            kind,
            addr: free_port(),
            certificates,
            folder,
            child: None,
        };
        database.start_again();
        match kind {
            Kind::MariaDb => mariadb::add_user(&database),
            Kind::PostgreSql => postgresql::add_user(&database),
        }
        database
    }

    /// A server that the tests of one process share for as long as one of them has it. Tests that stop it need one of
    /// their own.
    pub fn shared(kind: Kind) -> Arc<Self> {
        static SHARED: Mutex<[Weak<Database>; 2]> = Mutex::new([Weak::new(), Weak::new()]);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let [mariadb, postgresql] = &mut *shared;
        let known = match kind {
            Kind::MariaDb => mariadb,
            Kind::PostgreSql => postgresql,
        };
        known.upgrade().unwrap_or_else(|| {
            let database = Arc::new(Self::start(kind));
            *known = Arc::downgrade(&database);
            database
        })
    }

    /// Where `weft` finds the database `app`, with the password.
    pub fn url(&self) -> String {
        let scheme = match self.kind {
            Kind::MariaDb => "mysql",
            Kind::PostgreSql => "postgres",
        };
        format!("{scheme}://weft:{PASSWORD}@{}/app", self.addr)
    }

    /// The certificate of the authority that signed the server's, as PEM.
    pub fn authority(&self) -> &str {
        &self.certificates.authority
    }

    /// The certificate of another authority, which has signed nothing.
    pub fn stranger(&self) -> &str {
        &self.certificates.stranger
    }

    /// Runs statements as the server's administrator and answers what the server's own client prints: one line for a
    /// row, fields separated by tabs or `|`.
    pub fn sql(&self, statements: &str) -> String {
        let mut client = match self.kind {
            Kind::MariaDb => mariadb::client(self),
            Kind::PostgreSql => postgresql::client(self),
        };
        let output = client
            .arg(statements)
            .stdin(Stdio::null())
            .output()
            .expect("the database's client runs");
        assert!(
            output.status.success(),
            "`{statements}`: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Stops the server at once, as a crash of its machine would: connections break.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let signal = match self.kind {
            Kind::MariaDb => Signal::KILL,
            Kind::PostgreSql => Signal::QUIT, // its word for that; KILL would leave its children
        };
        if let Some(pid) = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0)) {
            let _ = kill_process(pid, signal); // it may have ended already
        }
        drop(child.wait());
    }

    /// Starts the server that was stopped, with its data and on its port.
    pub fn start_again(&mut self) {
        let mut server = match self.kind {
            Kind::MariaDb => mariadb::server(self),
            Kind::PostgreSql => postgresql::server(self),
        };
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log can be made");
        let errors = log.try_clone().expect("a log can be shared");
        let child = server
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn();
        self.child = Some(child.expect("the database server runs"));
        self.wait_until_it_accepts();
    }

    fn wait_until_it_accepts(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let ready = |database: &Self| match database.kind {
            Kind::MariaDb => mariadb::is_ready(database),
            Kind::PostgreSql => postgresql::is_ready(database),
        };
        while !(TcpStream::connect(self.addr).is_ok() && ready(self)) {
            let ended = self.child.as_mut().map(Child::try_wait);
            let ended = matches!(ended, Some(Ok(Some(_))));
            assert!(
                !ended && Instant::now() < deadline,
                "the database does not start:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20)); // a server announces this nowhere but in its log
        }
    }

    /// What the server has logged since it was started last.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One of the programs that `cargo xtask setup` got, else the system's own.
fn program(name: &str) -> Command {
    let programs = repository().join("target/programs").join(name);
    match programs.canonicalize() {
        Ok(script) => Command::new(script),
        Err(_) => Command::new(name),
    }
}

/// The folder that MariaDB's programs and messages lie in; `None` = where the system has them.
fn base() -> Option<PathBuf> {
    let programs = repository().join("target/programs/usr");
    programs.canonicalize().ok()
}

/// A port that nobody listens on. Another process may take it; then the server says so and the test fails.
fn free_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("this machine has a port");
    listener.local_addr().expect("a listener has an address")
}

fn is_root(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|data| data.uid() == 0)
}

/// Makes `nobody` the owner of a folder and all in it, where that is who the server runs as.
fn give_away(kind: Kind, folder: &Path) {
    if kind == Kind::PostgreSql && is_root(folder) {
        let files = std::fs::read_dir(folder).expect("the folder is there");
        let paths = files
            .flatten()
            .map(|entry| entry.path())
            .chain([folder.to_owned()]);
        for path in paths {
            std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).expect("root may");
        }
    }
}

/// Runs `command` as `nobody` if this is root.
fn not_as_root(mut command: Command) -> Command {
    if is_root(Path::new("/proc/self")) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Runs a command to its end.
fn finish(mut command: Command) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; run `cargo xtask setup` first"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

//! One hostile workload alone on a host, and the words for what it gets.

use http::{HeaderMap, Request};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use weft_testkit::client::{Body, Reply, get};
use weft_testkit::guest;
use weft_testkit::log::{LogCapture, LogLine};

use crate::manifest::Manifest;
use crate::stage::Stage;
use weft_testkit::visitor::{OutOfPatience, Visitor};

/// The limit of time that most tests set. Long enough for an honest request on a machine that is busy.
pub(crate) const SOON: &str = "500ms";

/// A host with one workload of the tenant `mallory`.
pub(crate) struct Hostile {
    pub(crate) stage: Stage,
    own: Runtime,
    host: String,
    log: LogCapture,
}

/// A problem document.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) reason: String,
    pub(crate) headers: HeaderMap,
}

/// A workload of one test guest. Its name has to be its own: the log is told apart by it.
pub(crate) fn workload(name: &str, guest_name: &str) -> Manifest {
    Manifest::new("mallory", name, &guest(guest_name))
}

impl Hostile {
    /// Starts a workload on a host of its own.
    pub(crate) fn start(manifest: &Manifest) -> Self {
        let log = LogCapture::of(&manifest.full_name());
        let mut stage = Stage::new();
        stage.start(manifest);
        let own = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime for the client");
        Self {
            stage,
            own,
            host: manifest.host(),
            log,
        }
    }

    /// Runs the client's side of a test.
    pub(crate) fn block_on<F: Future>(&self, client: F) -> F::Output {
        self.own.block_on(client)
    }

    /// A new client.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::new(self.stage.addr(), &self.host)
    }

    /// A request that is answered, whatever the answer.
    pub(crate) fn ask(&self, request: Request<Body>) -> Reply {
        let target = request.uri().to_string();
        self.block_on(self.visitor().ask(request))
            .unwrap_or_else(|error| panic!("{target}: {error:?}"))
    }

    /// The text that a GET answers with status 200.
    pub(crate) fn text(&self, path: &str) -> String {
        let reply = self.ask(get(path));
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.text
    }

    /// The number that a GET answers.
    pub(crate) fn number(&self, path: &str) -> u64 {
        let text = self.text(path);
        text.parse().unwrap_or_else(|_| panic!("{path}: {text}"))
    }

    /// The problem that a GET ends in.
    pub(crate) fn problem(&self, path: &str) -> Problem {
        Problem::of(self.ask(get(path)))
    }

    /// How the body of an answer broke off whose head was good; the answer itself if it did not.
    pub(crate) fn broken(&self, path: &str) -> Result<String, Box<Reply>> {
        match self.block_on(self.visitor().get(path)) {
            Ok(reply) => Err(Box::new(reply)),
            Err(error) if error.is::<OutOfPatience>() => panic!("{path}: {error}"),
            Err(error) => Ok(error.to_string()),
        }
    }

    /// The log line of the request for `path`.
    pub(crate) fn logged(&self, path: &str) -> LogLine {
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        let wanted = |line: &LogLine| line.message == "request" && line.field("path") == path;
        self.block_on(self.log.wait_for(wanted))
    }

    /// How many clients have left before their request for `path` was answered.
    pub(crate) fn lost(&self, path: &str) -> usize {
        let lines = self.log.lines();
        let lost = |line: &&LogLine| line.field("path") == path && line.field("status") == "499";
        lines.iter().filter(lost).count()
    }

    /// All log lines so far.
    pub(crate) fn log(&self) -> &LogCapture {
        &self.log
    }

    /// A good request is answered, and nothing of the bad ones is left on the host.
    pub(crate) fn is_well(&self) {
        assert_eq!(self.text("/hello"), "hello");
        self.is_rid_of_it();
    }

    /// Nothing of the bad requests is left on the host.
    pub(crate) fn is_rid_of_it(&self) {
        self.block_on(self.stage.settled());
    }
}

impl Problem {
    pub(crate) fn of(reply: Reply) -> Self {
        let document: Value = serde_json::from_str(&reply.text)
            .unwrap_or_else(|_| panic!("{} is no problem: {}", reply.status, reply.text));
        let member = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        Self {
            status: reply.status,
            code: member("code"),
            reason: member("reason"),
            headers: reply.headers,
        }
    }

    /// Status, code and reason.
    pub(crate) fn is(&self, status: u16, code: &str, reason: &str) {
        assert_eq!(
            (self.status, self.code.as_str(), self.reason.as_str()),
            (status, code, reason)
        );
    }
}

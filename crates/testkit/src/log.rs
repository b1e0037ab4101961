//! The log of one workload: what it and its host wrote about it.
//!
//! Tests of one binary run side by side in one process, and the engine's events come from any thread. So there is one
//! subscriber for the process, and each test listens to the events that bear the name of its own workload.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError};

use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::within;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How serious it is.
    pub level: Level,
    /// `guest` for what a guest wrote, else the module.
    pub target: String,
    /// The message.
    pub message: String,
    /// All other fields.
    pub fields: BTreeMap<String, String>,
}

/// The events of one workload since this was made.
pub struct LogCapture(Arc<Capture>);

struct Capture {
    workload: String,
    lines: Mutex<Vec<LogLine>>,
    more: Notify,
}

static CAPTURES: LazyLock<Mutex<Vec<Arc<Capture>>>> = LazyLock::new(Mutex::default);

impl LogCapture {
    /// Listens to the events that have a field with the value `tenant/name`, alone or with `/component` behind it.
    pub fn of(workload: &str) -> Self {
        install();
        let capture = Arc::new(Capture {
            workload: workload.to_owned(),
            lines: Mutex::default(),
            more: Notify::new(),
        });
        captures().push(Arc::clone(&capture));
        Self(capture)
    }

    /// All events so far.
    pub fn lines(&self) -> Vec<LogLine> {
        self.0
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What the guests wrote so far, as `component stream: message`; for `wasi:logging`, the context is the stream.
    pub fn guest_lines(&self) -> Vec<String> {
        let lines = self.lines();
        lines.iter().filter_map(LogLine::of_guest).collect()
    }

    /// Waits for an event, which may have happened already.
    pub async fn wait_for(&self, wanted: impl Fn(&LogLine) -> bool) -> LogLine {
        within(async {
            loop {
                let more = self.0.more.notified();
                if let Some(line) = self.lines().into_iter().find(&wanted) {
                    return line;
                }
                more.await;
            }
        })
        .await
    }

    /// Waits for an event whose message contains this.
    pub async fn wait_for_message(&self, part: &str) -> LogLine {
        self.wait_for(|line| line.message.contains(part)).await
    }
}

impl Drop for LogCapture {
    fn drop(&mut self) {
        captures().retain(|capture| !Arc::ptr_eq(capture, &self.0));
    }
}

impl LogLine {
    /// A field, empty if it is not there.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn of_guest(&self) -> Option<String> {
        let stream = match self.field("stream") {
            "" => self.field("context"),
            stream => stream,
        };
        (self.target == "guest")
            .then(|| format!("{} {stream}: {}", self.field("component"), self.message))
    }
}

fn captures() -> std::sync::MutexGuard<'static, Vec<Arc<Capture>>> {
    CAPTURES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ours =
            filter_fn(|event| event.target() == "guest" || event.target().starts_with("weft"));
        let subscriber = tracing_subscriber::registry().with(Catcher.with_filter(ours));
        tracing::subscriber::set_global_default(subscriber)
            .expect("no other subscriber is installed in a test");
    });
}

struct Catcher;

impl<S: Subscriber> Layer<S> for Catcher {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        for capture in captures().iter().filter(|capture| capture.wants(&fields)) {
            let mut others = fields.0.clone();
            let message = others.remove("message").unwrap_or_default();
            capture
                .lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(LogLine {
                    level: *event.metadata().level(),
                    target: event.metadata().target().to_owned(),
                    message,
                    fields: others,
                });
            capture.more.notify_waiters();
        }
    }
}

impl Capture {
    fn wants(&self, fields: &Fields) -> bool {
        fields.0.values().any(|value| {
            value
                .strip_prefix(&self.workload)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

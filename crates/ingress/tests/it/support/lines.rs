//! Catches the log lines of requests, by request id, so that tests that run side by side do not see each other's.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::{LazyLock, Mutex, Once};

use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The fields of one line.
pub(crate) type Line = BTreeMap<String, String>;

static WANTED: LazyLock<Mutex<HashMap<String, mpsc::UnboundedSender<Line>>>> =
    LazyLock::new(Mutex::default);

/// Installs the catcher for this process, once.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber =
            tracing_subscriber::registry().with(Catcher.with_filter(LevelFilter::INFO));
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// The lines of one request, which must carry this id.
pub(crate) struct Lines(mpsc::UnboundedReceiver<Line>);

/// Listens for the lines of a request to come.
pub(crate) fn of(request_id: &str) -> Lines {
    install();
    let (sender, receiver) = mpsc::unbounded_channel();
    WANTED.lock().unwrap().insert(request_id.to_owned(), sender);
    Lines(receiver)
}

impl Lines {
    /// The next line.
    pub(crate) async fn next(&mut self) -> Line {
        super::within(self.0.recv()).await.unwrap()
    }

    /// True if another line is already there.
    pub(crate) fn has_more(&mut self) -> bool {
        self.0.try_recv().is_ok()
    }
}

struct Catcher;

impl<S: Subscriber> Layer<S> for Catcher {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(Line::new());
        event.record(&mut fields);
        let level: &Level = event.metadata().level();
        fields.0.insert("level".to_owned(), level.to_string());
        let Some(id) = fields.0.get("request_id") else {
            return;
        };
        if let Some(sender) = WANTED.lock().unwrap().get(id) {
            let _ = sender.send(fields.0);
        }
    }
}

struct Fields(Line);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

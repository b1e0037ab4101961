//! What was saved: watches a project's files on a thread of its own and reports changes once they have settled.
//!
//! A change is a difference in content: files that a build writes again as they were are none.

mod ignored;
mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use self::tree::Tree;

/// How long nothing must happen before a change is reported: editors and version control write in several steps.
const SETTLE: Duration = Duration::from_millis(100);
/// How long a change is held back at most when something keeps writing.
const SETTLE_MAX: Duration = Duration::from_secs(2);

/// What is looked at. Paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Watched {
    /// The folder whose files are sources.
    pub(super) root: PathBuf,
    /// Where a project file may be.
    pub(super) project_files: Vec<PathBuf>,
    /// Files of components, wherever they are.
    pub(super) components: Vec<PathBuf>,
    /// Files and folders that settings come from, wherever they are.
    pub(super) values: Vec<PathBuf>,
    /// Folders that hold no sources.
    pub(super) outside: Vec<PathBuf>,
}

/// What is different from before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// The project file.
    pub(super) project: bool,
    /// A component's file was written; whether it is different is for the receiver to say.
    pub(super) components: bool,
    /// Files and folders of settings, in order.
    pub(super) values: Vec<PathBuf>,
    /// Source files, in order.
    pub(super) sources: Vec<PathBuf>,
}

/// A running watch. Dropping it ends it.
pub(super) struct Watch {
    changes: UnboundedReceiver<Change>,
    messages: mpsc::Sender<Message>,
}

enum Message {
    Event(notify::Result<notify::Event>),
    PointAt(Watched),
    Stop,
}

impl Watch {
    /// Starts to watch. When this returns, every later change is seen.
    pub(super) async fn start(watched: Watched) -> anyhow::Result<Self> {
        let (messages, inbox) = mpsc::channel();
        let events = messages.clone();
        let watcher = notify::recommended_watcher(move |event| {
            // The receiver is gone only when the session has ended.
            let _ = events.send(Message::Event(event));
        })?;
        let (sender, changes) = unbounded_channel();
        let (ready, is_ready) = oneshot::channel();
        let thread = std::thread::Builder::new().name("weft-watch".to_owned());
        thread.spawn(move || {
            let mut watching = Watching::new(watched, watcher, sender);
            let _ = ready.send(());
            watching.run(&inbox);
        })?;
        is_ready.await?;
        Ok(Self { changes, messages })
    }

    /// The next change. Nothing is lost when this is dropped while it waits.
    pub(super) async fn next(&mut self) -> Change {
        match self.changes.recv().await {
            Some(change) => change,
            None => std::future::pending().await,
        }
    }

    /// Replaces what is looked at.
    pub(super) fn point_at(&self, watched: Watched) {
        let _ = self.messages.send(Message::PointAt(watched));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::Stop);
    }
}

/// The state of the thread.
struct Watching {
    watched: Watched,
    tree: Tree,
    watcher: RecommendedWatcher,
    changes: UnboundedSender<Change>,
    /// Paths with events that were not looked at yet.
    pending: BTreeSet<PathBuf>,
    /// When the first and the last of them came.
    since: Option<(Instant, Instant)>,
}

impl Watching {
    fn new(
        watched: Watched,
        watcher: RecommendedWatcher,
        changes: UnboundedSender<Change>,
    ) -> Self {
        let tree = Tree::new(&watched.root, outside(&watched));
        let mut watching = Self {
            tree,
            watched: resolved(watched),
            watcher,
            changes,
            pending: BTreeSet::new(),
            since: None,
        };
        // The first look only records what there is.
        let _ = watching.look_at(&watching.watched.root.clone());
        let watched = &watching.watched;
        for file in &watched.project_files {
            let _ = watching.tree.compare(file);
        }
        for path in &watched.values {
            let _ = watching.tree.compare_values(path);
        }
        watching.watch_parents();
        watching
    }

    fn run(&mut self, inbox: &mpsc::Receiver<Message>) {
        loop {
            match self.receive(inbox) {
                Ok(Message::Event(Ok(event))) => self.take_event(event),
                Ok(Message::Event(Err(error))) => {
                    tracing::warn!(%error, "a change may have been missed")
                }
                Ok(Message::PointAt(watched)) => self.point_at(watched),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    let change = self.settle();
                    if change != Change::default() && self.changes.send(change).is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn receive(&self, inbox: &mpsc::Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        let Some((first, last)) = self.since else {
            return inbox.recv().map_err(|_| RecvTimeoutError::Disconnected);
        };
        let due = (last + SETTLE).min(first + SETTLE_MAX);
        inbox.recv_timeout(due.saturating_duration_since(Instant::now()))
    }

    fn take_event(&mut self, event: notify::Event) {
        // Reading is no change, and builds read everything.
        if matches!(event.kind, EventKind::Access(_)) {
            return;
        }
        if event.need_rescan() {
            self.note(self.watched.root.clone());
        }
        for path in event.paths {
            // A file in a folder of settings is a part of that folder.
            let parent = path.parent();
            let values = self.watched.values.iter();
            if let Some(folder) = values
                .into_iter()
                .find(|folder| Some(folder.as_path()) == parent)
            {
                self.note(folder.clone());
            } else if self.is_named(&path) || self.tree.holds(&path) {
                self.note(path);
            }
        }
    }

    fn note(&mut self, path: PathBuf) {
        let now = Instant::now();
        self.since = Some((self.since.map_or(now, |(first, _)| first), now));
        self.pending.insert(path);
    }

    /// Whether a path is looked at by name, wherever it is.
    fn is_named(&self, path: &Path) -> bool {
        self.watched.named().any(|file| file == path)
    }

    /// Compares what had events with what is known of it.
    fn settle(&mut self) -> Change {
        self.since = None;
        let mut change = Change::default();
        for path in std::mem::take(&mut self.pending) {
            if self.watched.project_files.contains(&path) {
                change.project |= self.tree.compare(&path);
            } else if self.watched.values.contains(&path) {
                if self.tree.compare_values(&path) {
                    change.values.push(path);
                }
            } else if self.watched.components.contains(&path) {
                change.components = true;
            } else {
                change.sources.extend(self.look_at(&path));
            }
        }
        // A folder that appeared may be the one that a component or a project file is in.
        self.watch_parents();
        change
    }

    /// Looks at a file or folder; watches folders that are new. Returns the files that are different.
    fn look_at(&mut self, path: &Path) -> Vec<PathBuf> {
        let named: Vec<PathBuf> = self.watched.named().cloned().collect();
        let watcher = &mut self.watcher;
        let mut different = self
            .tree
            .look_at(path, &mut |folder| watch_folder(watcher, folder));
        different.retain(|path| !named.contains(path));
        different
    }

    fn point_at(&mut self, watched: Watched) {
        let watched = resolved(watched);
        if watched != self.watched {
            self.tree.leave_out(outside(&watched));
            for new in watched
                .values
                .iter()
                .filter(|path| !self.watched.values.contains(path))
            {
                let _ = self.tree.compare_values(new);
            }
            self.watched = watched;
        }
        self.watch_parents();
    }

    /// Watches the folders of the files that are looked at by name: they may be outside the tree or ignored in it.
    fn watch_parents(&mut self) {
        let parents = self.watched.named().filter_map(|file| file.parent());
        // Of a folder of settings, what is in it matters.
        let folders = self.watched.values.iter().map(PathBuf::as_path);
        let parents: BTreeSet<PathBuf> = parents
            .chain(folders)
            .filter(|parent| parent.is_dir())
            .map(Path::to_owned)
            .collect();
        for parent in parents {
            watch_folder(&mut self.watcher, &parent);
        }
    }
}

impl Watched {
    /// What is looked at by name.
    fn named(&self) -> impl Iterator<Item = &PathBuf> {
        self.project_files
            .iter()
            .chain(&self.components)
            .chain(&self.values)
    }
}

/// Folders that hold no sources, without those that hold the whole project.
fn outside(watched: &Watched) -> Vec<PathBuf> {
    let outside = watched
        .outside
        .iter()
        .map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
    outside
        .filter(|path| !watched.root.starts_with(path))
        .collect()
}

/// Events name files by their real folder, so that `..` and symbolic links are taken out of the names given.
fn resolved(mut watched: Watched) -> Watched {
    for file in watched.components.iter_mut().chain(&mut watched.values) {
        if let (Some(parent), Some(name)) = (
            file.parent().and_then(|parent| parent.canonicalize().ok()),
            file.file_name(),
        ) {
            *file = parent.join(name);
        }
    }
    watched.components.sort();
    watched.components.dedup();
    watched.values.sort();
    watched.values.dedup();
    watched
}

fn watch_folder(watcher: &mut RecommendedWatcher, folder: &Path) {
    let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) else {
        return;
    };
    let hint = match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "; the system's limit is reached: raise fs.inotify.max_user_watches, or list large folders in .gitignore"
        }
        _ => "",
    };
    tracing::warn!(
        "changes in `{}` are not seen: {error}{hint}",
        folder.display()
    );
}

#[cfg(test)]
mod tests;

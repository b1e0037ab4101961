//! Compile step: from the bytes of a component to code, once for each content.
//!
//! Code in use is shared through weak references; code that nobody uses any more leaves memory by itself and comes
//! back from disk by a map. Compiles run on blocking threads, as many at once as there are cores.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::{DiskCache, Found, Key};
use crate::usage::CodeUsage;

/// Compiled code that is in use.
pub struct Code {
    /// The component, ready to be linked.
    pub component: Component,
    /// Whether it comes back from disk when it is dropped.
    cached: bool,
}

impl Code {
    /// Whether it comes back from disk, without a compiler, when it is dropped.
    pub fn is_cached(&self) -> bool {
        self.cached
    }
}

/// Why bytes could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    #[error("the component is not valid: {reason}; build it again with current tools")]
    Invalid { reason: String },
    #[error("the compiler gave up: {reason}")]
    Crashed { reason: String },
    #[error("the component is gone from the code cache and has to be started again: {source}")]
    Lost { source: std::io::Error },
}

/// Where the bytes of a component can be had again when its code has to be made anew.
#[derive(Clone)]
pub struct Source {
    key: Key,
    bytes: Bytes,
}

#[derive(Clone)]
enum Bytes {
    /// In memory: there is no cache on disk.
    Here(Arc<[u8]>),
    /// In the cache, beside the code.
    OnDisk,
}

impl Source {
    /// Whether both are the same component.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether nothing of the component has to stay in memory.
    pub fn on_disk(&self) -> bool {
        matches!(self.bytes, Bytes::OnDisk)
    }
}

/// Compiles, and remembers.
pub struct Compiler {
    engine: Engine,
    disk: Option<DiskCache>,
    in_use: Mutex<InUse>,
    at_once: Arc<Semaphore>,
    in_memory: AtomicU64,
    on_disk: AtomicU64,
    compiled: AtomicU64,
}

/// So many contents are not worth a look.
const FEW: usize = 32;

/// Contents that somebody holds, and some that nobody holds any more.
#[derive(Default)]
struct InUse {
    slots: HashMap<Key, Arc<Slot>>,
    /// How many were left when those that nobody holds were forgotten last.
    kept: usize,
}

/// One content: the lock makes the second of two simultaneous requests wait for the first instead of compiling too.
#[derive(Default)]
struct Slot(tokio::sync::Mutex<Weak<Code>>);

impl Compiler {
    /// A compiler for an engine, with a cache on disk or without.
    pub fn new(engine: &Engine, disk: Option<DiskCache>) -> Arc<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Arc::new(Self {
            engine: engine.clone(),
            disk,
            in_use: Mutex::default(),
            at_once: Arc::new(Semaphore::new(cores)),
            in_memory: AtomicU64::new(0),
            on_disk: AtomicU64::new(0),
            compiled: AtomicU64::new(0),
        })
    }

    /// Takes a component in: its bytes move to disk if there is a cache, so that they need no memory.
    pub fn keep(&self, bytes: Arc<[u8]>) -> Source {
        let key = Key::new(&self.engine, &bytes);
        let kept = self.disk.as_ref().is_some_and(|disk| match disk.store_source(key, &bytes) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "the code cache cannot be written; components stay in memory");
                false
            }
        });
        Source {
            key,
            bytes: if kept {
                Bytes::OnDisk
            } else {
                Bytes::Here(bytes)
            },
        }
    }

    /// Code for a component: from memory, from disk, or compiled now. `label` names the component in the log.
    pub async fn code(
        self: &Arc<Self>,
        source: &Source,
        label: &str,
    ) -> Result<Arc<Code>, CompileError> {
        let slot = self.slot(source.key);
        let mut known = slot.0.lock().await;
        if let Some(code) = known.upgrade() {
            self.in_memory.fetch_add(1, Ordering::Relaxed);
            return Ok(code);
        }
        let permit = Arc::clone(&self.at_once).acquire_owned().await;
        let this = Arc::clone(self);
        let (source, name) = (source.clone(), label.to_owned());
        let code = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            this.load_or_compile(&source, &name)
        })
        .await
        .map_err(|error| CompileError::Crashed {
            reason: error.to_string(),
        })??;
        let code = Arc::new(code);
        *known = Arc::downgrade(&code);
        Ok(code)
    }

    /// Where code was found so far.
    pub(crate) fn usage(&self) -> CodeUsage {
        CodeUsage {
            in_memory: self.in_memory.load(Ordering::Relaxed),
            on_disk: self.on_disk.load(Ordering::Relaxed),
            compiled: self.compiled.load(Ordering::Relaxed),
        }
    }

    fn load_or_compile(&self, source: &Source, label: &str) -> Result<Code, CompileError> {
        let key = source.key;
        match self
            .disk
            .as_ref()
            .map_or(Found::Nothing, |disk| disk.load(&self.engine, key))
        {
            Found::Code(component) => {
                self.on_disk.fetch_add(1, Ordering::Relaxed);
                return Ok(Code {
                    component,
                    cached: true,
                });
            }
            Found::Corrupt(why) => {
                tracing::warn!(
                    component = label,
                    why,
                    "cached code is corrupt; it is compiled again and replaced"
                );
            }
            Found::Nothing => {}
        }
        let started = std::time::Instant::now();
        let bytes = match (&source.bytes, &self.disk) {
            (Bytes::Here(bytes), _) => Arc::clone(bytes),
            (Bytes::OnDisk, Some(disk)) => disk
                .load_source(&self.engine, key)
                .map_err(|source| CompileError::Lost { source })?,
            (Bytes::OnDisk, None) => {
                return Err(CompileError::Lost {
                    source: std::io::ErrorKind::NotFound.into(),
                });
            }
        };
        let component = Component::from_binary(&self.engine, &bytes).map_err(|error| {
            CompileError::Invalid {
                reason: format!("{error:#}"),
            }
        })?;
        self.compiled.fetch_add(1, Ordering::Relaxed);
        tracing::info!(
            component = label,
            bytes = bytes.len(),
            ms = started.elapsed().as_millis(),
            "compiled"
        );
        let cached = self.disk.as_ref().is_some_and(|disk| {
            let stored = disk.store(key, &component);
            if let Err(error) = &stored {
                tracing::warn!(component = label, %error, "compiled code could not be kept for the next start");
            }
            stored.is_ok()
        });
        Ok(Code { component, cached })
    }

    fn slot(&self, key: Key) -> Arc<Slot> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        // Forget contents that nobody holds, so that the map is about as small as what runs; not each time, since that
        // looks at all of them.
        if in_use.slots.len() > 2 * in_use.kept.max(FEW) {
            in_use
                .slots
                .retain(|_, slot| Arc::strong_count(slot) > 1 || slot.is_in_use());
            in_use.kept = in_use.slots.len();
        }
        Arc::clone(in_use.slots.entry(key).or_default())
    }
}

impl Slot {
    fn is_in_use(&self) -> bool {
        self.0
            .try_lock()
            .map_or(true, |code| code.strong_count() > 0)
    }
}

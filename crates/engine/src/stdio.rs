//! Guest output as log lines: each line of stdout and stderr becomes one event labelled with its component.
//!
//! Lines and messages are cut at [`MAX_LINE`] bytes, and a component that prints more lines per second than it may
//! loses the rest, which is counted and reported with the next line after that second, or when the component stops.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::sync::watch;
use tracing::field::display;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use weft_caps::logging::{Level, Sink};
use weft_telemetry::context::SpanContext;

use crate::traces::Current;

/// Bytes of one line at most; a longer one is logged in pieces.
pub const MAX_LINE: usize = 16 << 10;

/// A line of standard output by which a service says that it is ready, as programs tell systemd.
pub const READY: &[u8] = b"READY=1";

/// Where the output of one component goes. Shared by all its instances.
pub struct GuestLog {
    workload: String,
    component: String,
    per_second: u32,
    rate: Mutex<Rate>,
    announced: watch::Sender<u64>,
}

struct Rate {
    second: Instant,
    lines: u32,
    dropped: u64,
}

/// Which stream a line came from.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl GuestLog {
    /// A log for one component of a workload.
    pub fn new(workload: String, component: String, per_second: u32) -> Arc<Self> {
        let rate = Mutex::new(Rate {
            second: Instant::now(),
            lines: 0,
            dropped: 0,
        });
        Arc::new(Self {
            workload,
            component,
            per_second,
            rate,
            announced: watch::Sender::new(0),
        })
    }

    /// Counts the lines of standard output that say [`READY`].
    pub fn announced(&self) -> watch::Receiver<u64> {
        self.announced.subscribe()
    }

    /// The guest's standard output or error. `current` says in which trace a line is written.
    pub(crate) fn stream(
        self: &Arc<Self>,
        stream: Stream,
        current: Option<&Arc<Current>>,
    ) -> GuestOutput {
        GuestOutput {
            log: Arc::clone(self),
            stream,
            current: current.cloned(),
        }
    }

    /// The same log, for messages of an instance that knows in which trace they are written.
    pub(crate) fn told_by(self: &Arc<Self>, current: &Arc<Current>) -> TracedLog {
        TracedLog {
            log: Arc::clone(self),
            current: Arc::clone(current),
        }
    }

    fn line(&self, stream: Stream, line: &[u8], place: Option<&SpanContext>) {
        if matches!(stream, Stream::Stdout) && line.trim_ascii_end() == READY {
            self.announced
                .send_modify(|times| *times = times.wrapping_add(1));
        }
        if !self.admit() {
            return;
        }
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\r', '\n']);
        let (workload, component) = (self.workload.as_str(), self.component.as_str());
        let trace_id = place.map(|place| display(place.trace));
        let span_id = place.map(|place| display(place.span));
        match stream {
            Stream::Stdout => {
                tracing::info!(target: "guest", workload, component, stream = "stdout", trace_id, span_id, "{text}")
            }
            Stream::Stderr => {
                tracing::info!(target: "guest", workload, component, stream = "stderr", trace_id, span_id, "{text}")
            }
        }
    }

    /// Logs one piece of a message; false if the component has logged enough for this second.
    fn message(
        &self,
        level: Level,
        context: &str,
        text: &str,
        place: Option<&SpanContext>,
    ) -> bool {
        if !self.admit() {
            return false;
        }
        let (workload, component) = (self.workload.as_str(), self.component.as_str());
        let trace_id = place.map(|place| display(place.trace));
        let span_id = place.map(|place| display(place.span));
        match level {
            Level::Trace => {
                tracing::trace!(target: "guest", workload, component, context, trace_id, span_id, "{text}")
            }
            Level::Debug => {
                tracing::debug!(target: "guest", workload, component, context, trace_id, span_id, "{text}")
            }
            Level::Info => {
                tracing::info!(target: "guest", workload, component, context, trace_id, span_id, "{text}")
            }
            Level::Warn => {
                tracing::warn!(target: "guest", workload, component, context, trace_id, span_id, "{text}")
            }
            Level::Error => {
                tracing::error!(target: "guest", workload, component, context, trace_id, span_id, "{text}")
            }
            Level::Critical => {
                tracing::error!(target: "guest", workload, component, context, critical = true, trace_id, span_id, "{text}");
            }
        }
        true
    }

    fn admit(&self) -> bool {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        if rate.second.elapsed().as_secs() >= 1 {
            self.report(rate.dropped);
            *rate = Rate {
                second: Instant::now(),
                lines: 0,
                dropped: 0,
            };
        }
        let admitted = rate.lines < self.per_second;
        if admitted {
            rate.lines = rate.lines.saturating_add(1);
        } else {
            rate.dropped = rate.dropped.saturating_add(1);
        }
        admitted
    }

    fn report(&self, dropped: u64) {
        if dropped > 0 {
            tracing::warn!(
                workload = self.workload,
                component = self.component,
                dropped,
                "the component printed more than {} lines a second; the rest was dropped",
                self.per_second
            );
        }
    }
}

impl Drop for GuestLog {
    fn drop(&mut self) {
        let rate = self.rate.get_mut().unwrap_or_else(PoisonError::into_inner);
        let dropped = rate.dropped;
        self.report(dropped);
    }
}

impl GuestLog {
    fn told(&self, level: Level, context: &str, message: &str, place: Option<&SpanContext>) {
        let (context, _) = cut(context);
        let (mut piece, mut rest) = cut(message);
        while self.message(level, context, piece, place) && !rest.is_empty() {
            (piece, rest) = cut(rest);
        }
    }
}

impl Sink for GuestLog {
    fn log(&self, level: Level, context: &str, message: &str) {
        self.told(level, context, message, None);
    }
}

/// The log of a component, told by one instance of it.
pub(crate) struct TracedLog {
    log: Arc<GuestLog>,
    current: Arc<Current>,
}

impl Sink for TracedLog {
    fn log(&self, level: Level, context: &str, message: &str) {
        let place = self.current.recorded();
        self.log.told(level, context, message, place.as_ref());
    }
}

/// As much of a text as fits a line, and what is left of it.
fn cut(text: &str) -> (&str, &str) {
    text.split_at(text.floor_char_boundary(MAX_LINE))
}

/// One standard stream of a component, as wasmtime asks for it.
pub struct GuestOutput {
    log: Arc<GuestLog>,
    stream: Stream,
    current: Option<Arc<Current>>,
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.lines())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.lines())
    }
}

impl GuestOutput {
    fn lines(&self) -> Lines {
        Lines {
            log: Arc::clone(&self.log),
            stream: self.stream,
            current: self.current.clone(),
            partial: Vec::new(),
        }
    }
}

/// Cuts what is written into lines; what is left when it is dropped is a line too.
struct Lines {
    log: Arc<GuestLog>,
    stream: Stream,
    current: Option<Arc<Current>>,
    partial: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for piece in piece.chunks(MAX_LINE) {
                if self.partial.len().saturating_add(piece.len()) > MAX_LINE {
                    self.flush_line();
                }
                self.partial.extend_from_slice(piece);
                if piece.ends_with(b"\n") {
                    self.flush_line();
                }
            }
        }
    }

    fn flush_line(&mut self) {
        if !self.partial.is_empty() {
            let place = self.current.as_ref().and_then(|current| current.recorded());
            self.log.line(self.stream, &self.partial, place.as_ref());
            self.partial.clear();
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.flush_line();
    }
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(1 << 20)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Lines {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

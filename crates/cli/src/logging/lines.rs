//! Log lines on their way to standard error. A thread of its own writes them, so that whoever logs never waits for the
//! one who reads: a terminal that is stopped, or a pipe that is full, costs lines and not requests.
//!
//! The first line goes out at once. Those that come while it is written, or within `PAUSE` after, go out together: a
//! busy host writes a thousand times a second at most, however many lines there are.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Bytes that may wait to be written. Whole lines beyond that are lost.
const ROOM: usize = 4 << 20;

/// Between two writes.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the end of the process waits for what is still to be written.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Where lines are put down. Clones share one queue.
#[derive(Clone)]
pub(super) struct Lines(Arc<Queue>);

/// Writes what waits when it is dropped, as far as somebody reads it.
pub(crate) struct Flush(Lines);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    /// There is something to write, or nothing more will come.
    wanted: Condvar,
    /// Everything is written.
    written: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Lines that found no room since the last write.
    lost: u64,
    /// What the thread took is not written yet.
    writing: bool,
    closed: bool,
}

impl Lines {
    /// Lines for `to`, and what has to be kept until the end of the process.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(super) fn start(to: impl Write + Send + 'static) -> io::Result<(Self, Flush)> {
        let lines = Self(Arc::default());
        let queue = Arc::clone(&lines.0);
        thread::Builder::new()
            .name("weft-log".to_owned())
            .spawn(move || queue.write(to))?;
        Ok((lines.clone(), Flush(lines)))
    }
}

impl Queue {
    fn put(&self, line: &[u8]) {
        let mut state = self.state();
        if state.waiting.len().saturating_add(line.len()) > ROOM {
            state.lost = state.lost.saturating_add(1);
            return;
        }
        let first = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if first {
            self.wanted.notify_one();
        }
    }

    /// Writes until nothing more will come.
    fn write(&self, mut to: impl Write) {
        let mut taken = Vec::new();
        while let Some(lost) = self.take(&mut taken) {
            // Nobody is left to tell of an error, and later lines may do better.
            let _ = to.write_all(&taken);
            if lost > 0 {
                let _ = writeln!(
                    to,
                    "weft: {lost} log lines are lost: nobody read them in time"
                );
            }
            let _ = to.flush();
            taken.clear();
            self.state().writing = false;
            self.written.notify_all();
            thread::sleep(PAUSE);
        }
    }

    /// Waits for lines and takes them all. How many were lost; nothing at the end.
    fn take(&self, into: &mut Vec<u8>) -> Option<u64> {
        let state = self.state();
        let idle = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let woken = self.wanted.wait_while(state, idle);
        let mut state = woken.unwrap_or_else(PoisonError::into_inner);
        if state.waiting.is_empty() {
            return None;
        }
        std::mem::swap(&mut state.waiting, into);
        state.writing = true;
        Some(std::mem::take(&mut state.lost))
    }

    /// Lines are whole at any time: poison is used on.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &Lines {
    /// Takes a whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        let queue = &self.0.0;
        let mut state = queue.state();
        state.closed = true;
        queue.wanted.notify_one();
        let unwritten = |state: &mut State| state.writing || !state.waiting.is_empty();
        drop(
            queue
                .written
                .wait_timeout_while(state, LAST_WAIT, unwritten),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// A reader that takes what is written piece by piece, when it likes.
    struct Slow(SyncSender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
            self.0.send(bytes.to_vec()).map_err(gone)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn start() -> (Lines, Flush, Receiver<Vec<u8>>) {
        let (sender, receiver) = sync_channel(0);
        let (lines, flush) = Lines::start(Slow(sender)).unwrap();
        (lines, flush, receiver)
    }

    fn put(lines: &Lines, text: &str) {
        let mut writer: &Lines = lines;
        writer.write_all(text.as_bytes()).unwrap();
    }

    fn read(receiver: &Receiver<Vec<u8>>) -> String {
        let piece = receiver.recv_timeout(Duration::from_secs(60)).unwrap();
        String::from_utf8(piece).unwrap()
    }

    #[test]
    fn a_line_goes_out_at_once() {
        let (lines, _flush, reader) = start();
        put(&lines, "one\n");
        assert_eq!(read(&reader), "one\n");
    }

    #[test]
    fn lines_that_come_while_one_is_written_go_out_together_and_in_order() {
        let (lines, _flush, reader) = start();
        put(&lines, "one\n");
        // Taken, and not read yet.
        while !lines.0.state().writing {
            thread::yield_now();
        }
        put(&lines, "two\n");
        put(&lines, "three\n");
        assert_eq!(read(&reader), "one\n");
        assert_eq!(read(&reader), "two\nthree\n");
    }

    #[test]
    fn who_logs_does_not_wait_for_who_reads_and_what_is_lost_is_said() {
        let (lines, _flush, reader) = start();
        put(&lines, "one\n");
        while !lines.0.state().writing {
            thread::yield_now();
        }
        let line = format!("{}\n", "x".repeat(ROOM / 2));
        for _ in 0..4 {
            put(&lines, &line);
        }
        assert_eq!(read(&reader), "one\n");
        assert_eq!(read(&reader), line);
        let mut told = String::new();
        while !told.ends_with('\n') {
            told += &read(&reader);
        }
        assert!(told.starts_with("weft: 3 log lines are lost"), "{told}");
    }

    #[test]
    fn the_end_of_the_process_waits_for_the_last_lines() {
        let (lines, flush, reader) = start();
        put(&lines, "last\n");
        let reads = thread::spawn(move || read(&reader));
        drop(flush);
        let state = lines.0.state();
        assert!(state.waiting.is_empty() && !state.writing);
        drop(state);
        assert_eq!(reads.join().unwrap(), "last\n");
    }

    #[test]
    fn the_end_of_the_process_does_not_wait_for_ever() {
        let (lines, flush, _reader) = start();
        put(&lines, "last\n");
        drop(flush);
    }
}

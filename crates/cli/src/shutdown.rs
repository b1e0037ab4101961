//! SIGTERM, Ctrl-C and a closed terminal: the first asks for an orderly end, the second for an end at once. They are
//! heard on the control runtime, so that they are also heard when guests keep every other thread busy.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use weft_host::Control;

/// What SIGHUP means.
pub(crate) enum Hangup {
    /// The terminal was closed: an end like the others.
    Stop,
    /// Read again what may be read again.
    Reload(Box<dyn Fn() + Send + Sync>),
}

/// The two requests to stop, cancelled as they arrive.
pub(crate) fn signals(
    control: &Control,
    hangup: Hangup,
) -> std::io::Result<(CancellationToken, CancellationToken)> {
    let (first, second) = (CancellationToken::new(), CancellationToken::new());
    let _entered = control.enter();
    let mut heard = Heard {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        hangup: listened_to(&hangup)
            .then(|| signal(SignalKind::hangup()))
            .transpose()?,
    };
    let tokens = (first.clone(), second.clone());
    control.spawn(async move {
        for token in [first, second] {
            heard.stop(&hangup).await;
            token.cancel();
        }
    });
    Ok(tokens)
}

/// What is said when a drain did not wait for every request.
pub(crate) fn cut(requests: usize) -> String {
    let were = if requests == 1 {
        "request was"
    } else {
        "requests were"
    };
    format!("{requests} {were} cut; --drain gives more time")
}

struct Heard {
    terminate: Signal,
    interrupt: Signal,
    /// None if it is ignored.
    hangup: Option<Signal>,
}

impl Heard {
    /// Waits for the next signal that asks for an end.
    async fn stop(&mut self, meaning: &Hangup) {
        loop {
            let hung_up = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = hung_up => match meaning {
                    Hangup::Stop => return,
                    Hangup::Reload(reload) => reload(),
                },
            }
        }
    }
}

/// `nohup` asks to go on when the terminal closes, by having the signal ignored; listening would undo that. Whoever
/// wants things read again sends it on purpose.
fn listened_to(hangup: &Hangup) -> bool {
    matches!(hangup, Hangup::Reload(_)) || !hangup_is_ignored()
}

/// Whether this process was started with SIGHUP ignored; no where that cannot be told.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signal 1 is the lowest bit.
    mask.is_some_and(|mask| mask & 1 == 1)
}

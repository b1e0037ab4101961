//! SIGTERM and Ctrl-C: the first asks for an orderly end, the second for an end at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The two requests to stop, cancelled as they arrive.
pub(crate) fn signals() -> std::io::Result<(CancellationToken, CancellationToken)> {
    let (first, second) = (CancellationToken::new(), CancellationToken::new());
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let tokens = (first.clone(), second.clone());
    tokio::spawn(async move {
        for token in [first, second] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            token.cancel();
        }
    });
    Ok(tokens)
}

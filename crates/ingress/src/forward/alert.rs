//! What a client is told that is turned away before there is anything to encrypt with: one record of TLS, which all
//! versions read alike (RFC 8446, section 6).

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Why, in the numbers of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alert {
    /// Something here is wrong.
    InternalError = 80,
    /// The client has to ask for a name.
    MissingExtension = 109,
    /// Nobody has the name.
    UnrecognizedName = 112,
}

/// How long a client may take to read an alert, and what it may send meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);
const CHUNK: usize = 1024;
const CHUNKS_MAX: usize = 64;

/// Sends an alert, and ends the connection.
pub(super) async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, alert: Alert) {
    // Type alert, version 1.2 as in every record, two bytes: fatal, and the number.
    let record = [21, 3, 3, 0, 2, 2, alert as u8];
    let said = async {
        stream.write_all(&record).await?;
        part(&mut stream).await
    };
    // Whoever does not listen need not be told.
    let _ = timeout(PATIENCE, said).await;
}

/// Ends a connection whose client was told why. What it still sends is read first: the kernel would answer bytes that
/// nobody read with a reset, which can overtake the alert.
pub(super) async fn part<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> std::io::Result<()> {
    stream.shutdown().await?;
    let mut unread = [0; CHUNK];
    for _ in 0..CHUNKS_MAX {
        let read = timeout(PATIENCE, stream.read(&mut unread)).await;
        if !matches!(read, Ok(Ok(1..))) {
            break;
        }
    }
    Ok(())
}

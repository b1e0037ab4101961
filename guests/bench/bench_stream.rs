//! Streams a body over `wasi:http` 0.2, piece by piece, each as large as the host takes at once. The target says how
//! many bytes: `/?1048576`.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use wasip2::io::streams::{OutputStream, StreamError};
use weft_guests::{answer, number, split_target};

wasip2::http::proxy::export!(Streamer);

struct Streamer;

/// The largest piece.
const PIECE: [u8; 64 << 10] = [b'x'; 64 << 10];

impl Guest for Streamer {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (_, query) = split_target(&target);
        let bytes = number(query, 0) as usize;
        answer::write(out, 200, |body| {
            // The client may have gone; nobody is left to tell.
            let _ = stream(body, bytes);
        });
    }
}

fn stream(body: &OutputStream, mut left: usize) -> Result<(), StreamError> {
    let ready = body.subscribe();
    while left > 0 {
        let room = usize::try_from(body.check_write()?).unwrap_or(usize::MAX);
        let piece = left.min(room).min(PIECE.len());
        if piece == 0 {
            ready.block();
            continue;
        }
        body.write(&PIECE[..piece])?;
        left -= piece;
    }
    Ok(())
}

//! The body of a request, read piece by piece. What can be known to be useless is not read on.

use wasip3::http::types::Request;
use wasip3::wit_bindgen::{StreamReader, StreamResult};
use wasip3::wit_future;

use crate::answer::Refusal;
use crate::decode;

/// Bytes of a file.
pub const MOST: usize = 32 << 20;

const PIECE: usize = 64 << 10;

/// The file that a request brings.
pub async fn read(request: Request) -> Result<Vec<u8>, Refusal> {
    let said = request.get_headers().get("content-length");
    let said = said.first().and_then(|text| std::str::from_utf8(text).ok());
    if said.and_then(|text| text.trim().parse().ok()) > Some(MOST) {
        return Err(too_long());
    }
    let mut body = open(request);
    let mut file = Vec::new();
    let mut looked = false;
    loop {
        let (state, piece) = body.read(Vec::with_capacity(PIECE)).await;
        file.extend_from_slice(&piece);
        if file.len() > MOST {
            return Err(too_long());
        }
        // A picture that is too large is refused by its head.
        if !looked && file.len() >= decode::HEAD {
            decode::look(&file)?;
            looked = true;
        }
        if !matches!(state, StreamResult::Complete(_)) {
            return Ok(file);
        }
    }
}

/// The body; its trailers and its success are of no interest here: a file that was cut off is no picture.
fn open(request: Request) -> StreamReader<u8> {
    let (done, wanted) = wit_future::new(|| Ok(()));
    let (body, _trailers) = Request::consume_body(request, wanted);
    drop(done);
    body
}

fn too_long() -> Refusal {
    Refusal::long(format_args!("a file has {} MiB at most", MOST >> 20))
}

//! One component that asks: questions come one after the other, each is answered before the next is read.

use std::rc::Rc;

use gpu_options_protocol::{Request, Response, encode, take};
use wasip3::sockets::types::TcpSocket;
use wasip3::wit_stream;
use wit_bindgen::StreamResult;

use crate::warm::Warm;

/// Bytes that are read at once.
const PIECE: usize = 4 << 10;

pub(crate) async fn serve(warm: Rc<Warm>, socket: TcpSocket) {
    let (mut received, _) = socket.receive();
    let (mut sender, reader) = wit_stream::new();
    let _sent = socket.send(reader);
    let mut bytes = Vec::new();
    loop {
        let answer = match take::<Request>(&mut bytes) {
            Ok(None) => {
                let (result, piece) = received.read(Vec::with_capacity(PIECE)).await;
                bytes.extend(piece);
                if matches!(result, StreamResult::Complete(_)) {
                    continue;
                }
                return;
            }
            Ok(Some(request)) => warm.answer(request).await,
            Err(why) => {
                // What follows cannot be told apart any more.
                let refused = Response::Failed(format!("this is no question: {why}"));
                if let Ok(refused) = encode(&refused) {
                    sender.write_all(refused).await;
                }
                return;
            }
        };
        let Ok(answer) = encode(&answer) else {
            return;
        };
        if !sender.write_all(answer).await.is_empty() {
            return;
        }
    }
}

//! A question to the service of this workload.

use gpu_options_protocol::{PORT, Request, Response, encode, take};
use wasip3::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket,
};
use wasip3::wit_stream;
use wit_bindgen::StreamResult;

/// Bytes that are read at once.
const PIECE: usize = 4 << 10;

/// Asks, on a connection of its own: between two components of a workload it costs next to nothing.
pub(crate) async fn ask(request: &Request) -> Result<Response, String> {
    let message = encode(request)?;
    let away = |code: ErrorCode| format!("the service cannot be reached: {code:?}");
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(away)?;
    let service = IpSocketAddress::Ipv4(Ipv4SocketAddress {
        port: PORT,
        address: (127, 0, 0, 1),
    });
    socket.connect(service).await.map_err(away)?;
    let (mut received, _) = socket.receive();
    let (mut sender, reader) = wit_stream::new();
    let _sent = socket.send(reader);
    sender.write_all(message).await;
    let mut bytes = Vec::new();
    loop {
        if let Some(response) = take(&mut bytes)? {
            return Ok(response);
        }
        let (result, piece) = received.read(Vec::with_capacity(PIECE)).await;
        bytes.extend(piece);
        if !matches!(result, StreamResult::Complete(_)) {
            return Err("the service went away before it answered".to_owned());
        }
    }
}

//! The service of this workload: a device with its shaders compiled, and whoever connects to port 77 asks it for prices.

mod connection;
mod warm;

use std::rc::Rc;

use gpu_options_protocol::PORT;
use warm::Warm;
use wasip3::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket,
};
use wit_bindgen::spawn_local;

wasip3::cli::command::export!(Service);

struct Service;

impl wasip3::exports::cli::run::Guest for Service {
    async fn run() -> Result<(), ()> {
        serve()
            .await
            .map_err(|code| eprintln!("cannot listen on 127.0.0.1:{PORT}: {code:?}"))
    }
}

/// Listens until the host stops the service.
async fn serve() -> Result<(), ErrorCode> {
    let socket = TcpSocket::create(IpAddressFamily::Ipv4)?;
    socket.bind(IpSocketAddress::Ipv4(Ipv4SocketAddress {
        port: PORT,
        address: (127, 0, 0, 1),
    }))?;
    let mut accepted = socket.listen()?;
    let warm = Rc::<Warm>::default();
    // The first price need not wait for the device.
    match warm.pricer().await {
        Ok(pricer) => println!("prices by a {}", pricer.adapter()),
        Err(why) => eprintln!("no prices yet: {why}"),
    }
    while let Some(connection) = accepted.next().await {
        spawn_local(connection::serve(Rc::clone(&warm), connection));
    }
    Ok(())
}

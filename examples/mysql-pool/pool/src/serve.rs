//! The listener that components connect to.

use crate::backend::Backend;
use crate::lender::Lender;
use crate::listener::Listener;
use crate::session;
use crate::settings::Settings;
use sql_pool_protocol::{Fault, Reply, encode};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::net::TcpStream;

/// Listens until the host stops the service, which closes its sockets.
pub(crate) async fn serve<B: Backend>(settings: Settings) -> Result<(), String> {
    let mut listener = Listener::bind(&settings.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
    let lender = Arc::new(Lender::<B>::new(settings)?);
    println!("the pool listens on {}", lender.settings.listen);
    tokio::task::spawn_local(Arc::clone(&lender).watch());
    tokio::task::spawn_local(Arc::clone(&lender).tend());
    while let Some(accepted) = listener.accept().await {
        match accepted {
            Ok(socket) => {
                admit(&lender, socket);
                tokio::task::yield_now().await; // those that are connected go on while others come
            }
            Err(error) => {
                eprintln!("a component could not connect: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await; // what is short now may be there then
            }
        }
    }
    Err("the listener was closed".to_owned())
}

/// Serves a component, or turns it away when there are too many.
fn admit<B: Backend>(lender: &Arc<Lender<B>>, mut socket: std::net::TcpStream) {
    if lender.gauges.clients.load(Relaxed) < lender.settings.clients {
        if let Ok(socket) = TcpStream::from_std(socket) {
            drop(socket.set_nodelay(true)); // answers are small and somebody waits for them
            tokio::task::spawn_local(session::serve(Arc::clone(lender), socket));
        }
        return;
    }
    lender.gauges.refused.fetch_add(1, Relaxed);
    let reply = Reply::Error(Fault {
        code: "53300".to_owned(),
        message: "too many components are connected to the pool".to_owned(),
    });
    let mut bytes = Vec::new();
    if encode(&reply, &mut bytes).is_ok() {
        let _ = socket.write(&bytes); // there is room for it in a new socket
    }
}

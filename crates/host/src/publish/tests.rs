//! Published ports from the outside: real sockets of this machine, and a service on a virtual network.

mod address;
mod allowed;
mod datagrams;
mod names;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weft_net::loopback::{Error, Family, Limits, Role, TcpSocket};
use weft_testkit::within;

use super::*;

/// A workload `tenant/db` whose service has these ports, each a line of YAML.
fn spec(tenant: &str, ports: &[&str]) -> WorkloadSpec {
    let ports: String = ports
        .iter()
        .map(|port| format!("      - {{{port}}}\n"))
        .collect();
    let text = format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata: {{name: db, namespace: {tenant}}}\nspec:\n  \
         service:\n    image: file:./db.wasm\n    ports:\n{ports}"
    );
    let specs = weft_api::manifest::parse("db.yaml", Path::new("/"), &text);
    specs.unwrap().remove(0)
}

fn network() -> Arc<Network> {
    Arc::new(Network::new(Limits::default()))
}

/// What a host has that allows all addresses.
fn allowing() -> PublishConfig {
    PublishConfig {
        addresses: true,
        ..PublishConfig::default()
    }
}

fn publisher(config: PublishConfig) -> Publisher {
    with_limits(config, ForwardLimits::default())
}

fn with_limits(config: PublishConfig, limits: ForwardLimits) -> Publisher {
    Publisher::new(config, limits, Routes::new(), Arc::default())
}

/// A port of this machine that is published, and the network behind it.
struct Open {
    publisher: Publisher,
    network: Arc<Network>,
    published: Published,
    addr: SocketAddr,
}

impl Open {
    fn new(port: &str) -> Self {
        Self::limited(port, PublishConfig::default(), ForwardLimits::default())
    }

    fn limited(port: &str, config: PublishConfig, limits: ForwardLimits) -> Self {
        let config = PublishConfig {
            addresses: true,
            ..config
        };
        let (publisher, network) = (with_limits(config, limits), network());
        let (published, notes) = publisher.publish(&spec("t", &[port]), &network).unwrap();
        assert_eq!(notes, [""; 0]);
        let Place::Address(addr) = published.ports()[0].place else {
            panic!("an address")
        };
        Self {
            publisher,
            network,
            published,
            addr,
        }
    }

    async fn connect(&self) -> TcpStream {
        within(TcpStream::connect(self.addr)).await.unwrap()
    }

    /// A client and the service's end of its connection.
    async fn joined(&self, listener: &TcpSocket) -> (TcpStream, TcpSocket) {
        let near = self.connect().await;
        (near, within(listener.accept()).await.unwrap())
    }
}

/// The service listens.
fn listens(network: &Network, address: &str) -> TcpSocket {
    let address: SocketAddr = address.parse().unwrap();
    let socket = network
        .tcp(Family::of(address.ip()), Role::Service)
        .unwrap();
    socket.bind(address).unwrap();
    socket.listen().unwrap();
    socket
}

/// Reads so much from the service's end.
async fn read(socket: &TcpSocket, length: usize) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    let mut buffer = [0; 1 << 12];
    while all.len() < length {
        match within(socket.read(&mut buffer)).await? {
            0 => break,
            read => all.extend_from_slice(&buffer[..read]),
        }
    }
    Ok(all)
}

async fn write(socket: &TcpSocket, mut data: &[u8]) {
    while !data.is_empty() {
        let written = within(socket.write(data)).await.unwrap();
        data = &data[written..];
    }
}

/// What a connection ends with.
async fn end<S: tokio::io::AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    within(stream.read_to_end(&mut bytes)).await?;
    Ok(bytes)
}

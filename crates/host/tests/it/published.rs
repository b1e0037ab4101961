//! Ports of services on a whole host: in the list of workloads, and in its orderly end.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weft_api::spec::{Image, Protocol, Publish, Resources, ServicePort, ServiceSpec};
use weft_host::{HostConfig, Place, PublishConfig, Running};
use weft_net::loopback::{Family, Limits, Network, Role, TcpSocket};
use weft_testkit::{guest, until, within};

use crate::manifest::Manifest;
use crate::operated::Operated;

/// A host that allows addresses.
async fn allowing() -> Operated {
    let config = HostConfig {
        publish: PublishConfig {
            addresses: true,
            ..PublishConfig::default()
        },
        ..HostConfig::default()
    };
    Operated::with(config).await
}

/// A workload that is said to have a service on port 77, whose part the test plays.
async fn with_service(operated: &Operated) -> (Running, Arc<Network>, TcpSocket) {
    let manifest = Manifest::new("t", "db", &guest("http_kitchen"));
    let mut running = operated.start(&manifest).await;
    running.spec.service = Some(ServiceSpec {
        image: Image::Registry(String::new()),
        max_restarts: 0,
        ports: vec![ServicePort {
            name: "db".to_owned(),
            port: 77.try_into().unwrap(),
            protocol: Protocol::Tcp,
            publish: Some(Publish::Address("127.0.0.1:0".parse().unwrap())),
        }],
        resources: Resources::default(),
    });
    let network = Arc::new(Network::new(Limits::default()));
    let listener = network.tcp(Family::V4, Role::Service).unwrap();
    listener.bind("0.0.0.0:77".parse().unwrap()).unwrap();
    listener.listen().unwrap();
    let host = &operated.host;
    host.publish_ports(&mut running, &network).await.unwrap();
    assert!(running.notes.is_empty(), "{:?}", running.notes);
    (running, network, listener)
}

fn address(running: &Running) -> SocketAddr {
    match running.ports()[0].place {
        Place::Address(address) => address,
        Place::ServerName { .. } => panic!("an address"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_port_is_on_the_list_of_workloads_with_its_connections() {
    let operated = allowing().await;
    let (running, _network, listener) = with_service(&operated).await;
    let address = address(&running);
    let _near = TcpStream::connect(address).await.unwrap();
    let _far = within(listener.accept()).await.unwrap();
    let list = operated.workloads("").await;
    let expected = json!([{
        "name": "db", "port": 77, "protocol": "TCP", "address": address.to_string(), "connections": 1,
    }]);
    assert_eq!(list[0]["ports"], expected);
    drop(running);
    until(|| std::net::TcpStream::connect(address).is_err()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_stops_closes_silent_connections_and_lets_others_finish() {
    let operated = allowing().await;
    let (running, _network, listener) = with_service(&operated).await;
    let mut near = TcpStream::connect(address(&running)).await.unwrap();
    let far = within(listener.accept()).await.unwrap();
    near.write_all(b"question").await.unwrap();
    operated.stop.cancel();
    let mut buffer = [0; 8];
    assert_eq!(within(far.read(&mut buffer)).await, Ok(8));
    far.try_write(b"answer").unwrap();
    let mut answer = Vec::new();
    within(near.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, b"answer");
    assert_eq!(operated.stopped().await.cut_connections, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_ports_are_counted_in_the_metrics() {
    let operated = allowing().await;
    let (running, _network, listener) = with_service(&operated).await;
    let mut near = TcpStream::connect(address(&running)).await.unwrap();
    let far = within(listener.accept()).await.unwrap();
    near.write_all(b"question").await.unwrap();
    let mut buffer = [0; 8];
    assert_eq!(within(far.read(&mut buffer)).await, Ok(8));
    far.try_write(b"a longer answer").unwrap();
    let mut answer = [0; 15];
    within(near.read_exact(&mut answer)).await.unwrap();
    let page = operated
        .metrics_once(|page| page.get("weft_forwarded_sent_bytes_total", &[]) == 15.0)
        .await;
    assert_eq!(page.get("weft_forwarded_connections_open", &[]), 1.0);
    assert_eq!(page.get("weft_forwarded_received_bytes_total", &[]), 8.0);
    drop((near, far));
    let page = operated
        .metrics_once(|page| page.get("weft_forwarded_connections_open", &[]) == 0.0)
        .await;
    assert_eq!(
        page.get("weft_forwarded_connections_accepted_total", &[]),
        1.0
    );
    let refused = "weft_forwarded_connections_refused_total";
    assert_eq!(page.get(refused, &[("cause", "tenant-limit")]), 0.0);
}

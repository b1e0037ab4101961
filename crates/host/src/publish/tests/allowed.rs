//! What a host allows, and what it says of the rest.

use serde_json::json;

use super::*;

const TCP: &str = "name: db, port: 77, publish: '127.0.0.1:0'";
const TCP_2: &str = "name: db2, port: 77, publish: '127.0.0.1:0'";
const INSIDE: &str = "name: inside, port: 78";
const NAME: &str = "name: sni, port: 77, publish: {serverName: db.example}";

fn chosen(workload: Option<&str>, port: &str) -> PublishConfig {
    PublishConfig {
        chosen: vec![ChosenAddress {
            workload: workload.map(str::to_owned),
            port: port.to_owned(),
            address: "127.0.0.1:0".parse().unwrap(),
        }],
        ..PublishConfig::default()
    }
}

#[tokio::test]
async fn without_flags_nothing_is_opened_and_each_port_says_which_flag_would() {
    let publisher = publisher(PublishConfig::default());
    let spec = spec("t", &[TCP, INSIDE, NAME]);
    let (published, notes) = publisher.publish(&spec, &network()).unwrap();
    assert!(published.ports().is_empty());
    assert_eq!(
        notes,
        [
            "its port `db` is not published at 127.0.0.1:0; give the flag --publish to allow it",
            "its port `sni` is not published at tls://db.example; give an address with --tls-forward to allow it",
        ]
    );
}

#[tokio::test]
async fn a_port_that_the_manifest_keeps_inside_is_opened_by_choice_alone() {
    let publisher = publisher(chosen(None, "inside"));
    let spec = spec("t", &[TCP, INSIDE]);
    let (published, notes) = publisher.publish(&spec, &network()).unwrap();
    let names: Vec<_> = published
        .ports()
        .iter()
        .map(|port| port.name.as_str())
        .collect();
    assert_eq!((names, notes.len()), (vec!["inside"], 1));
}

#[tokio::test]
async fn a_choice_takes_the_place_of_what_the_manifest_says() {
    let publisher = publisher(PublishConfig {
        addresses: true,
        ..chosen(Some("t/db"), "sni")
    });
    let (published, notes) = publisher.publish(&spec("t", &[NAME]), &network()).unwrap();
    assert!(matches!(published.ports()[0].place, Place::Address(_)));
    assert!(notes.is_empty());
    let (others, _) = publisher.publish(&spec("u", &[NAME]), &network()).unwrap();
    assert!(others.ports().is_empty(), "it was for another workload");
}

#[test]
fn a_choice_for_no_port_or_for_two_is_wrong() {
    let (one, other, without) = (spec("t", &[TCP]), spec("u", &[TCP]), spec("v", &[INSIDE]));
    let wrong = |config: PublishConfig, specs: &[&WorkloadSpec]| config.wrong_choice(specs);
    assert_eq!(wrong(chosen(None, "db"), &[&one, &without]), None);
    assert_eq!(wrong(chosen(Some("u/db"), "db"), &[&one, &other]), None);
    let two = wrong(chosen(None, "db"), &[&one, &other]).unwrap();
    assert!(
        two.contains("both `t/db` and `u/db`") && two.contains("--publish=t/db/db="),
        "{two}"
    );
    let none = wrong(chosen(None, "dbb"), &[&one]).unwrap();
    assert!(none.contains("no service has a port `dbb`"), "{none}");
    let elsewhere = wrong(chosen(Some("v/db"), "db"), &[&one, &without]).unwrap();
    assert!(elsewhere.contains("workload `v/db`"), "{elsewhere}");
}

#[tokio::test]
async fn an_address_in_use_fails_with_what_to_do_and_leaves_nothing_open() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let second = format!("name: web, port: 80, publish: '{address}'");
    let publisher = publisher(allowing());
    let error = publisher
        .publish(&spec("t", &[TCP, &second]), &network())
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains(&format!(
            "port `web` of workload `t/db` cannot be published at {address}"
        )),
        "{error}"
    );
    assert!(error.contains("--publish=web=ADDRESS"), "{error}");
    publisher.stop();
    within(publisher.finished()).await;

    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = format!(
        "name: dns, port: 53, protocol: UDP, publish: '{}'",
        udp.local_addr().unwrap()
    );
    assert!(publisher.publish(&spec("t", &[&port]), &network()).is_err());
}

#[tokio::test]
async fn a_published_port_is_shown_to_people_and_programs() {
    let publisher = publisher(allowing());
    publisher
        .open_names("127.0.0.1:0".parse().unwrap())
        .unwrap();
    let spec = spec("t", &[TCP, NAME]);
    let (published, _) = publisher.publish(&spec, &network()).unwrap();
    let Place::Address(address) = published.ports()[0].place else {
        panic!("an address")
    };
    let texts: Vec<_> = published.ports().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            format!("db (TCP 77) at {address}"),
            "sni (TCP 77) at tls://db.example".to_owned()
        ]
    );
    assert_eq!(
        serde_json::to_value(published.ports()).unwrap(),
        json!([
            {"name": "db", "port": 77, "protocol": "TCP", "address": address.to_string(), "connections": 0},
            {"name": "sni", "port": 77, "protocol": "TCP", "serverName": "db.example", "tls": "passthrough", "connections": 0},
        ])
    );
}

#[tokio::test]
async fn a_host_has_one_listener_for_names() {
    let publisher = publisher(PublishConfig::default());
    let address = publisher
        .open_names("127.0.0.1:0".parse().unwrap())
        .unwrap();
    let again = publisher.open_names("127.0.0.1:0".parse().unwrap());
    assert!(matches!(again, Err(PublishError::NamesTwice)));
    let taken = publisher.open_names(address).unwrap_err().to_string();
    assert!(taken.contains("--tls-forward"), "{taken}");
}

#[tokio::test]
async fn a_flood_at_the_ports_of_one_tenant_leaves_room_for_another() {
    let publisher = publisher(PublishConfig {
        max_connections: 8,
        ..allowing()
    });
    let (theirs, ours) = (network(), network());
    let (flooded, _) = publisher
        .publish(&spec("mallory", &[TCP, TCP_2]), &theirs)
        .unwrap();
    let (calm, _) = publisher.publish(&spec("alice", &[TCP]), &ours).unwrap();
    let at = |port: &PublishedPort| match port.place {
        Place::Address(address) => address,
        Place::ServerName { .. } => panic!("an address"),
    };
    let listener = listens(&theirs, "127.0.0.1:77");
    listener.set_backlog(100).unwrap();
    let mut flood = Vec::new();
    for _ in 0..20 {
        for port in flooded.ports() {
            flood.push(within(TcpStream::connect(at(port))).await.unwrap());
        }
    }
    let stats = publisher.stats();
    weft_testkit::until(|| stats.open() == 4).await;
    let listener = listens(&ours, "127.0.0.1:77");
    let mut held = Vec::new();
    for _ in 0..4 {
        let near = within(TcpStream::connect(at(&calm.ports()[0])))
            .await
            .unwrap();
        held.push((near, within(listener.accept()).await.unwrap()));
    }
    assert_eq!((stats.open(), stats.accepted()), (8, 8));
}

//! Against a name server on loopback that answers with fixed bytes.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use tokio::net::UdpSocket;

use super::{LookupBounds, SystemResolver};
use crate::firewall::host::Name;
use crate::firewall::resolve::{ResolveError, Resolver};

/// The records of one answer: addresses and their time to live, or the code of an error.
type Zone = fn(&str, u16) -> Result<Vec<([u8; 4], u32)>, u8>;

/// A resolver that asks a server with this zone.
async fn resolver(zone: Zone, bounds: LookupBounds) -> SystemResolver {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a socket");
    let port = socket.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query).await {
            let _ = socket.send_to(&reply(&query[..length], zone), from).await;
        }
    });
    let mut udp = ConnectionConfig::udp();
    udp.port = port;
    let server = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), true, vec![udp]);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut options = ResolverOpts::default();
    options.use_hosts_file = ResolveHosts::Never;
    options.attempts = 0;
    SystemResolver::with(config, options, bounds).expect("a resolver")
}

/// The answer to a query, in the format of RFC 1035.
fn reply(query: &[u8], zone: Zone) -> Vec<u8> {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_lowercase());
        at = end;
    }
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let name = labels.join(".");
    let (code, records) = match zone(&name, kind) {
        Ok(records) => (0, records),
        Err(code) => (code, Vec::new()),
    };
    if name.starts_with("alias.") {
        return alias(query, at, kind);
    }
    let mut reply = query[..2].to_vec();
    reply.extend([0x81, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    reply.extend(&query[12..at + 5]);
    for (address, ttl) in records {
        reply.extend([0xc0, 12, 0, 1, 0, 1]);
        reply.extend(ttl.to_be_bytes());
        reply.extend([0, 4]);
        reply.extend(address);
    }
    reply
}

/// An answer with an alias for `inner.test`, and the address of that.
fn alias(query: &[u8], at: usize, kind: u16) -> Vec<u8> {
    let mut reply = query[..2].to_vec();
    let records = if kind == 1 { 2 } else { 1 };
    reply.extend([0x81, 0x80, 0, 1, 0, records, 0, 0, 0, 0]);
    reply.extend(&query[12..at + 5]);
    let inner = b"\x05inner\x04test\0";
    reply.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, inner.len() as u8]);
    reply.extend(inner);
    if kind == 1 {
        reply.extend(inner);
        reply.extend([0, 1, 0, 1, 0, 0, 0, 7, 0, 4, 10, 0, 0, 1]);
    }
    reply
}

async fn ask(
    resolver: &SystemResolver,
    name: &str,
) -> Result<crate::firewall::resolve::Answer, ResolveError> {
    resolver.resolve(&Name::parse(name).expect("a name")).await
}

#[tokio::test]
async fn an_answer_has_the_addresses_and_the_time_to_live_of_the_server() {
    let zone: Zone = |_, kind| {
        Ok(if kind == 1 {
            vec![([1, 1, 1, 1], 42), ([2, 2, 2, 2], 42)]
        } else {
            vec![]
        })
    };
    let resolver = resolver(zone, LookupBounds::default()).await;
    let answer = ask(&resolver, "db.example.com").await.expect("an answer");
    let mut addresses = answer.addresses.to_vec();
    addresses.sort();
    assert_eq!(
        addresses,
        [IpAddr::from([1, 1, 1, 1]), IpAddr::from([2, 2, 2, 2])]
    );
    assert!(
        answer.ttl <= Duration::from_secs(42) && answer.ttl > Duration::from_secs(30),
        "{:?}",
        answer.ttl
    );
}

#[tokio::test]
async fn names_with_underscores_are_asked_for() {
    let resolver = resolver(
        |name, kind| {
            Ok(if kind == 1 && name == "my_db.test" {
                vec![([1, 1, 1, 1], 9)]
            } else {
                vec![]
            })
        },
        LookupBounds::default(),
    )
    .await;
    assert!(ask(&resolver, "my_db.test").await.is_ok());
}

/// So an alias of a public name for a private address is refused like any other: the address is what is checked.
#[tokio::test]
async fn an_alias_is_followed_to_its_address_for_the_shortest_time_of_the_two() {
    let resolver = resolver(|_, _| Ok(Vec::new()), LookupBounds::default()).await;
    let answer = ask(&resolver, "alias.test").await.expect("an answer");
    assert_eq!(answer.addresses.to_vec(), [IpAddr::from([10, 0, 0, 1])]);
    assert!(answer.ttl <= Duration::from_secs(7), "{:?}", answer.ttl);
}

#[tokio::test]
async fn a_server_that_refuses_is_told_from_one_that_fails() {
    for (zone, refused) in [
        ((|_, _| Err(1)) as Zone, Some("FORMERR")),
        (|_, _| Err(2), None),
        (|_, _| Err(4), Some("NOTIMP")),
        (|_, _| Err(5), Some("REFUSED")),
    ] {
        let resolver = resolver(zone, LookupBounds::default()).await;
        match (ask(&resolver, "db.test").await.unwrap_err(), refused) {
            (ResolveError::Refused(code), Some(expected)) => assert_eq!(code, expected),
            (ResolveError::Failed(_), None) => {}
            (error, expected) => panic!("{error}, not {expected:?}"),
        }
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_not_found() {
    let resolver = resolver(|_, _| Err(3), LookupBounds::default()).await;
    assert_eq!(
        ask(&resolver, "gone.test").await,
        Err(ResolveError::NotFound)
    );
}

#[tokio::test]
async fn a_server_that_is_silent_costs_no_more_than_the_limit() {
    let bounds = LookupBounds {
        limit: Duration::from_millis(50),
        ..LookupBounds::default()
    };
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a socket");
    let mut udp = ConnectionConfig::udp();
    udp.port = silent.local_addr().expect("an address").port();
    let server = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), true, vec![udp]);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let resolver =
        SystemResolver::with(config, ResolverOpts::default(), bounds).expect("a resolver");
    assert_eq!(
        ask(&resolver, "db.test").await,
        Err(ResolveError::TimedOut(bounds.limit))
    );
}

//! Who counts as one peer, and that places come back.

use std::net::IpAddr;

use proptest::prelude::*;

use super::Peers;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_peer_gets_as_many_places_as_it_may_have_and_others_are_not_affected() {
    let peers = Peers::new(2);
    let first = peers.enter(ip("192.0.2.1")).unwrap();
    let _second = peers.enter(ip("192.0.2.1")).unwrap();
    assert!(peers.enter(ip("192.0.2.1")).is_none());
    assert!(peers.enter(ip("192.0.2.2")).is_some());
    drop(first);
    assert!(peers.enter(ip("192.0.2.1")).is_some());
}

#[test]
fn addresses_of_one_ipv6_network_are_one_peer() {
    let peers = Peers::new(1);
    let _place = peers.enter(ip("2001:db8:1:2::1")).unwrap();
    assert!(
        peers
            .enter(ip("2001:db8:1:2:ffff:ffff:ffff:ffff"))
            .is_none()
    );
    assert!(peers.enter(ip("2001:db8:1:3::1")).is_some());
}

#[test]
fn an_ipv4_address_is_the_same_peer_in_its_ipv6_form() {
    let peers = Peers::new(1);
    let _place = peers.enter(ip("192.0.2.1")).unwrap();
    assert!(peers.enter(ip("::ffff:192.0.2.1")).is_none());
    assert!(peers.enter(ip("::ffff:192.0.2.2")).is_some());
}

#[test]
fn a_limit_of_zero_still_lets_one_in() {
    assert!(Peers::new(0).enter(ip("192.0.2.1")).is_some());
}

#[test]
fn memory_of_many_peers_is_given_back() {
    let peers = Peers::new(1);
    let places: Vec<_> = (0..100_000_u32)
        .map(|n| peers.enter(IpAddr::V4(n.into())).unwrap())
        .collect();
    drop(places);
    assert!(peers.counts().capacity() <= 1024);
}

proptest! {
    /// Whatever comes and goes, a peer is let in exactly when it has fewer than its share.
    #[test]
    fn counts_equal_a_naive_model(steps in proptest::collection::vec((0_u8..4, any::<bool>()), 0..200)) {
        let peers = Peers::new(3);
        let mut held: [Vec<_>; 4] = Default::default();
        for (peer, come) in steps {
            let address = IpAddr::V4([192, 0, 2, peer].into());
            let places = &mut held[usize::from(peer)];
            if come {
                let place = peers.enter(address);
                prop_assert_eq!(place.is_some(), places.len() < 3);
                places.extend(place);
            } else {
                places.pop();
            }
        }
        let open = held.iter().filter(|places| !places.is_empty()).count();
        prop_assert_eq!(peers.counts().len(), open);
    }
}

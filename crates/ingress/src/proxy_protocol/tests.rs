//! Headers as balancers send them, and everything else.

use std::io;
use std::net::{IpAddr, SocketAddr};

use futures::FutureExt;
use proptest::prelude::*;

use super::{HeaderError, SIGNATURE, read};

const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;

fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&SIGNATURE[..], &[command, family], &length, rest].concat()
}

/// Source and destination as the header has them.
fn addresses(source: SocketAddr, destination: SocketAddr) -> (u8, Vec<u8>) {
    let octets = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let ports = [
        source.port().to_be_bytes(),
        destination.port().to_be_bytes(),
    ];
    let family = if source.is_ipv4() { 0x11 } else { 0x21 };
    let bytes = [octets(source), octets(destination), ports.concat()];
    (family, bytes.concat())
}

/// Reads a header out of bytes that are all there. Returns what is left as well.
fn parse(mut bytes: &[u8]) -> (Result<Option<SocketAddr>, HeaderError>, &[u8]) {
    let result = read(&mut bytes)
        .now_or_never()
        .expect("nothing to wait for");
    (result, bytes)
}

fn named(bytes: &[u8]) -> Option<SocketAddr> {
    parse(bytes).0.unwrap()
}

fn error(bytes: &[u8]) -> String {
    parse(bytes).0.unwrap_err().to_string()
}

#[test]
fn the_source_is_the_peer() {
    let v4 = b"\xc0\x00\x02\x01\x0a\x00\x00\x01\x30\x39\x01\xbb";
    let peer = named(&header(PROXY, 0x11, v4));
    assert_eq!(peer, Some("192.0.2.1:12345".parse().unwrap()));
    let peer: SocketAddr = "[2001:db8::7]:443".parse().unwrap();
    let (family, bytes) = addresses(peer, "[::1]:80".parse().unwrap());
    assert_eq!(named(&header(PROXY, family, &bytes)), Some(peer));
}

#[test]
fn facts_behind_the_addresses_are_skipped() {
    let mut rest = b"\xc0\x00\x02\x01\x0a\x00\x00\x01\x30\x39\x01\xbb".to_vec();
    rest.extend(b"\x01\x00\x02h2\x04\x00\x03\0\0\0");
    let bytes = [header(PROXY, 0x11, &rest), b"GET /".to_vec()].concat();
    let (peer, left) = parse(&bytes);
    assert_eq!(peer.unwrap(), Some("192.0.2.1:12345".parse().unwrap()));
    assert_eq!(left, b"GET /");
}

#[test]
fn a_connection_of_the_balancer_itself_or_without_an_address_keeps_that_of_its_socket() {
    let v4 = b"\xc0\x00\x02\x01\x0a\x00\x00\x01\x30\x39\x01\xbb";
    for bytes in [
        header(LOCAL, 0x00, b""),
        header(LOCAL, 0x11, v4),
        header(LOCAL, 0xff, b"anything"),
        header(PROXY, 0x00, b""),
        header(PROXY, 0x00, b"\x04\x00\x01\0"),
        header(PROXY, 0x31, &[0; 216]),
    ] {
        assert_eq!(named(&bytes), None, "{bytes:?}");
    }
}

#[test]
fn what_is_no_header_is_told_at_its_first_wrong_byte() {
    let missing = "the connection does not begin with a PROXY header of version 2; turn it on at the balancer, or off \
                   here";
    assert_eq!(error(b"GET / HTTP/1.1\r\n"), missing);
    assert_eq!(error(b"\x16\x03\x01"), missing);
    assert_eq!(error(b"\r\n\r\n\0\r\nQUIT\r"), missing);
    let version_1 = "the balancer sends version 1 of the PROXY protocol; set it to version 2";
    assert_eq!(error(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), version_1);
    assert_eq!(error(b"PROXY UNKNOWN\r\n"), version_1);
}

#[test]
fn headers_that_break_the_rules_are_refused() {
    let v4 = b"\xc0\x00\x02\x01\x0a\x00\x00\x01\x30\x39\x01\xbb";
    for (bytes, text) in [
        (header(0x22, 0x11, v4), "unknown version and command 0x22"),
        (header(0x11, 0x11, v4), "unknown version and command 0x11"),
        (header(PROXY, 0x12, v4), "address family and protocol 0x12"),
        (header(PROXY, 0x41, v4), "address family and protocol 0x41"),
        (header(PROXY, 0x11, &v4[1..]), "announces 11 bytes, too few"),
        (header(PROXY, 0x21, v4), "announces 12 bytes, too few"),
        (header(PROXY, 0x31, v4), "announces 12 bytes, too few"),
        (
            header(PROXY, 0x11, &[0; 4097]),
            "announces 4097 bytes, of at most 4096",
        ),
    ] {
        let error = error(&bytes);
        assert!(error.contains(text), "{error}");
    }
}

proptest! {
    /// A header says what was written into it, and not a byte behind it is touched.
    #[test]
    fn what_is_written_is_read(
        source: SocketAddr,
        destination_port: u16,
        facts in proptest::collection::vec(any::<u8>(), 0..200),
        after in proptest::collection::vec(any::<u8>(), 0..50),
    ) {
        let destination = SocketAddr::new(source.ip(), destination_port);
        let (family, mut rest) = addresses(source, destination);
        rest.extend(facts);
        let bytes = [header(PROXY, family, &rest), after.clone()].concat();
        let (peer, left) = parse(&bytes);
        let peer = peer.unwrap().unwrap();
        prop_assert_eq!((peer.ip(), peer.port()), (source.ip(), source.port()));
        prop_assert_eq!(left, &after[..]);
    }

    /// A header that is cut short is incomplete, wherever the cut is.
    #[test]
    fn a_cut_header_is_incomplete(source: SocketAddr, cut: prop::sample::Index) {
        let (family, rest) = addresses(source, source);
        let bytes = header(PROXY, family, &rest);
        let cut = cut.index(bytes.len());
        let (result, _) = parse(&bytes[..cut]);
        let told = match result {
            Err(HeaderError::Nothing) => cut == 0,
            Err(HeaderError::Incomplete(error)) => error.kind() == io::ErrorKind::UnexpectedEof,
            _ => false,
        };
        prop_assert!(told, "cut at {}", cut);
    }

    /// Whatever comes, there is an answer.
    #[test]
    fn any_bytes_are_answered(
        start in 0..=SIGNATURE.len(),
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [&SIGNATURE[..start], &bytes].concat();
        let _ = parse(&bytes);
    }
}

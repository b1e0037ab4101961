//! What a network is charged, and what becomes of it when there is no more to be had.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;

use proptest::prelude::*;

use super::super::limits::{SOCKET, Usage};
use super::super::{Error, Family, Limits, Network, Role, TcpSocket, UdpSocket};
use super::*;

const GRAIN: usize = super::GRAIN as usize;
const KEPT: usize = super::KEPT as usize;

/// A tenant that has so much.
#[derive(Debug)]
struct Tenant {
    limit: u64,
    used: AtomicU64,
    asked: AtomicUsize,
}

impl Tenant {
    fn with(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit: limit as u64,
            used: AtomicU64::new(0),
            asked: AtomicUsize::new(0),
        })
    }

    fn used(&self) -> usize {
        usize::try_from(self.used.load(Ordering::Relaxed)).unwrap()
    }

    fn network(self: &Arc<Self>) -> Network {
        Network::charged(Limits::default(), Arc::clone(self) as Arc<dyn Ledger>)
    }

    fn memory(self: &Arc<Self>) -> Memory {
        Memory::of(Arc::clone(self) as Arc<dyn Ledger>)
    }
}

impl Ledger for Tenant {
    fn take(&self, bytes: u64) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let more = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let before = self.used.fetch_sub(bytes, Ordering::Relaxed);
        assert!(before >= bytes, "more is given back than was taken");
    }
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn listener(network: &Network) -> TcpSocket {
    let socket = network.tcp(Family::V4, Role::Service).unwrap();
    socket.bind(at("127.0.0.1:77")).unwrap();
    socket.listen().unwrap();
    socket.set_backlog(4096).unwrap();
    socket
}

fn connect(network: &Network) -> Result<TcpSocket, Error> {
    let socket = network.tcp(Family::V4, Role::Component)?;
    socket.start_connect(at("127.0.0.1:77"))?;
    socket.try_connected()?;
    Ok(socket)
}

fn bound(network: &Network, port: u16) -> UdpSocket {
    let socket = network.udp(Family::V4, Role::Service).unwrap();
    socket
        .bind(SocketAddr::from(([127, 0, 0, 1], port)))
        .unwrap();
    socket
}

#[test]
fn a_network_without_sockets_is_charged_nothing() {
    let tenant = Tenant::with(usize::MAX);
    let network = tenant.network();
    assert_eq!((tenant.used(), network.usage().charged), (0, 0));
    drop(listener(&network));
    assert_eq!((tenant.used(), network.usage().charged), (0, 0));
}

#[test]
fn what_connections_hold_is_charged_and_given_back() {
    let tenant = Tenant::with(usize::MAX);
    let network = tenant.network();
    let service = listener(&network);
    let start = tenant.used();
    let mut ends = Vec::new();
    for _ in 0..100 {
        let near = connect(&network).unwrap();
        while near.try_write(&[7; 64 << 10]).is_ok() {}
        ends.push((near, service.try_accept().unwrap()));
    }
    let Usage {
        buffered, charged, ..
    } = network.usage();
    assert!(buffered >= 100 * (128 << 10), "{buffered}");
    assert!(charged >= buffered, "{charged} of {buffered}");
    assert!(charged <= buffered + 201 * SOCKET + GRAIN, "{charged}");
    assert_eq!(tenant.used(), charged);
    drop(ends);
    assert_eq!(tenant.used(), start);
    drop(service);
    assert_eq!(tenant.used(), 0);
}

#[test]
fn connections_that_nobody_accepted_are_given_back_with_their_listener() {
    let tenant = Tenant::with(usize::MAX);
    let network = tenant.network();
    let service = listener(&network);
    let near: Vec<_> = (0..50).map(|_| connect(&network).unwrap()).collect();
    near[0].try_write(&[7; 10_000]).unwrap();
    drop(service);
    let left = (50 * SOCKET).next_multiple_of(GRAIN);
    assert_eq!(tenant.used(), left);
    drop(near);
    assert_eq!(tenant.used(), 0);
}

#[test]
fn a_network_that_is_closed_is_charged_for_the_sockets_that_are_still_held() {
    let tenant = Tenant::with(usize::MAX);
    let network = tenant.network();
    let service = listener(&network);
    let (near, waits) = (connect(&network).unwrap(), connect(&network).unwrap());
    let far = service.try_accept().unwrap();
    near.try_write(&[7; 100_000]).unwrap();
    waits.try_write(&[7; 100_000]).unwrap();
    let (one, two) = (bound(&network, 1), bound(&network, 2));
    one.send(&[7; 60_000], Some(at("127.0.0.1:2"))).unwrap();
    network.close();
    // The far end of the one that nobody accepted is gone.
    assert_eq!(tenant.used(), (6 * SOCKET).next_multiple_of(GRAIN));
    drop((near, far, service, waits, one, two));
    assert_eq!(tenant.used(), 0);
}

#[test]
fn without_memory_there_are_no_more_sockets_and_those_that_are_there_go_on() {
    let tenant = Tenant::with(21 * SOCKET);
    let network = tenant.network();
    let service = listener(&network);
    let near: Vec<_> = (0..10).map(|_| connect(&network).unwrap()).collect();
    assert_eq!(connect(&network).unwrap_err(), Error::OutOfMemory);
    assert_eq!(
        network.udp(Family::V4, Role::Component).err(),
        Some(Error::OutOfMemory)
    );
    let far: Vec<_> = (0..10).map(|_| service.try_accept().unwrap()).collect();
    for (near, far) in near.iter().zip(&far) {
        let mut moved = 0;
        while moved < 1 << 16 {
            // A small piece for each end, and no more than that.
            let written = near.try_write(&[7; 64 << 10]).unwrap();
            assert_eq!(written, 1 << 10);
            assert_eq!(near.try_write(&[7]), Err(Error::WouldBlock));
            let mut buffer = [0; 4096];
            assert_eq!(far.try_read(&mut buffer), Ok(written));
            moved += written;
        }
    }
    drop((near, far, service));
    assert_eq!(tenant.used(), 0);
}

/// What one network has taken is not there for another, and is when it is given back.
#[test]
fn a_writer_goes_on_when_its_reader_reads_though_others_took_the_memory() {
    let tenant = Tenant::with(1 << 20);
    let network = tenant.network();
    let service = listener(&network);
    let near = connect(&network).unwrap();
    let far = service.try_accept().unwrap();
    let others = tenant.memory();
    while others.take(1 << 10) {}
    while near.try_write(&[7; 64 << 10]).is_ok() {}
    let cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(near.poll_writable(&cx).is_pending());
    let mut buffer = vec![0; 1 << 20];
    let there = far.try_read(&mut buffer).unwrap();
    assert!(there >= 1 << 10, "{there}");
    assert!(near.poll_writable(&cx).is_ready());
    drop(others);
    assert_eq!(near.try_write(&[7; 64 << 10]), Ok(64 << 10));
}

#[test]
fn datagrams_are_lost_when_there_is_no_memory_for_them() {
    let tenant = Tenant::with(2 * SOCKET + (40 << 10));
    let network = tenant.network();
    let (one, two) = (bound(&network, 1), bound(&network, 2));
    for _ in 0..10 {
        one.send(&[7; 30_000], Some(at("127.0.0.1:2"))).unwrap();
    }
    assert_eq!(two.try_receive().unwrap().0.len(), 30_000);
    assert_eq!(two.try_receive().unwrap_err(), Error::WouldBlock);
    one.send(&[7; 30_000], Some(at("127.0.0.1:2"))).unwrap();
    drop((one, two));
    assert_eq!(tenant.used(), 0);
}

#[test]
fn large_pieces_are_charged_while_they_are_held() {
    let tenant = Tenant::with(3 * super::super::LARGE);
    let network = tenant.network();
    let places: Vec<_> = (0..3).map(|_| network.pieces().take().unwrap()).collect();
    assert!(network.pieces().take().is_none());
    assert_eq!(tenant.used(), 3 * super::super::LARGE);
    drop(places);
    assert_eq!(tenant.used(), 0);
    assert_eq!(network.pieces().free(), 256);
}

#[test]
fn what_is_asked_of_the_ledger_is_far_less_than_what_happens() {
    let tenant = Tenant::with(usize::MAX);
    let network = tenant.network();
    let service = listener(&network);
    let near = connect(&network).unwrap();
    let far = service.try_accept().unwrap();
    let mut buffer = vec![0; 1 << 20];
    for size in [100, 5_000, 64 << 10] {
        let asked = tenant.asked.load(Ordering::Relaxed);
        for _ in 0..1000 {
            let place = network.pieces().take();
            assert_eq!(near.try_write(&buffer[..size]), Ok(size));
            drop(place);
            assert_eq!(far.try_read(&mut buffer), Ok(size));
        }
        let asked = tenant.asked.load(Ordering::Relaxed) - asked;
        assert!(asked < 20, "{asked} times for messages of {size} bytes");
    }
}

fn take_and_give_back(memory: &Memory, seed: usize) {
    for step in 1..=20_000 {
        let bytes = (seed * 7919 * step) % 100_000;
        if memory.take(bytes) {
            memory.give_back(bytes);
        }
    }
}

#[test]
fn threads_take_and_give_back_the_same_memory() {
    let tenant = Tenant::with(1 << 20);
    let memory = tenant.memory();
    std::thread::scope(|scope| {
        for seed in 1..=4_usize {
            let memory = memory.clone();
            scope.spawn(move || take_and_give_back(&memory, seed));
        }
    });
    assert!(tenant.used() <= KEPT);
    memory.trim();
    assert_eq!(tenant.used(), 0);
}

proptest! {
    #[test]
    fn what_is_taken_covers_what_is_used_and_no_more_than_is_kept(
        steps in prop::collection::vec((any::<bool>(), 0_usize..200_000), 1..80),
        limit in 0_usize..2_000_000,
    ) {
        let tenant = Tenant::with(limit);
        let memory = tenant.memory();
        let (mut used, mut held) = (0, Vec::new());
        for (take, bytes) in steps {
            if take {
                if memory.take(bytes) {
                    used += bytes;
                    held.push(bytes);
                } else {
                    prop_assert!(used + bytes > limit);
                }
            } else if let Some(bytes) = held.pop() {
                memory.give_back(bytes);
                used -= bytes;
            }
            prop_assert_eq!(memory.taken(), tenant.used());
            prop_assert!(tenant.used() >= used && tenant.used() <= limit);
            prop_assert!(tenant.used() <= used + KEPT + GRAIN);
        }
        memory.trim();
        prop_assert!(tenant.used() < used + GRAIN);
        drop(memory);
        prop_assert_eq!(tenant.used(), 0);
    }
}

//! Who may grow, and what is given back.

use wasmtime::ResourceLimiter as _;

use super::*;

const KIB: u64 = 1 << 10;

fn host(total: u64, per_tenant: u64) -> HostMemory {
    HostMemory::new(total, per_tenant)
}

fn store(memory: &HostMemory, tenant: &str, limit: u64) -> StoreMemory {
    StoreMemory::new(limit, memory.shares(tenant))
}

fn grow(store: &mut StoreMemory, from: u64, to: u64) -> bool {
    store.memory_growing(usize(from), usize(to), None).unwrap()
}

fn usize(bytes: u64) -> usize {
    bytes.try_into().unwrap()
}

#[test]
fn all_memories_of_a_store_count_together() {
    let memory = host(u64::MAX, u64::MAX);
    let mut store = store(&memory, "a", 128 * KIB);
    assert!(grow(&mut store, 0, 64 * KIB));
    assert!(grow(&mut store, 0, 64 * KIB));
    assert!(!grow(&mut store, 0, KIB));
    assert_eq!(store.refused(), Some(Refusal::Store(128 * KIB)));
}

#[test]
fn tables_count_as_memory() {
    let memory = host(u64::MAX, u64::MAX);
    let mut store = store(&memory, "a", 80);
    assert!(store.table_growing(0, 10, None).unwrap());
    assert!(!store.table_growing(10, 11, None).unwrap());
}

#[test]
fn a_refused_growth_takes_nothing() {
    let memory = host(u64::MAX, u64::MAX);
    let mut store = store(&memory, "a", 100);
    assert!(!grow(&mut store, 0, 101));
    assert_eq!(memory.host().used(), 0);
    assert!(grow(&mut store, 0, 100));
}

#[test]
fn a_growth_that_fails_after_it_was_allowed_is_given_back() {
    let memory = host(u64::MAX, u64::MAX);
    let mut store = store(&memory, "a", 100);
    assert!(grow(&mut store, 0, 60));
    store
        .memory_grow_failed(wasmtime::format_err!("no memory"))
        .unwrap();
    assert_eq!(memory.host().used(), 0);
    // Told twice, it gives back once.
    store
        .memory_grow_failed(wasmtime::format_err!("no memory"))
        .unwrap();
    assert_eq!(memory.host().used(), 0);
}

#[test]
fn a_store_gives_everything_back_when_it_is_dropped() {
    let memory = host(1000, 1000);
    let shares = memory.shares("a");
    let mut store = StoreMemory::new(u64::MAX, shares.clone());
    assert!(grow(&mut store, 0, 700));
    assert_eq!((memory.host().used(), shares.used()), (700, 700));
    drop(store);
    assert_eq!((memory.host().used(), shares.used()), (0, 0));
}

#[test]
fn a_tenant_cannot_take_more_than_its_part_of_the_host() {
    let memory = host(1000, 600);
    let mut greedy = [
        store(&memory, "mallory", u64::MAX),
        store(&memory, "mallory", u64::MAX),
    ];
    assert!(grow(&mut greedy[0], 0, 500));
    assert!(!grow(&mut greedy[1], 0, 101));
    assert_eq!(greedy[1].refused(), Some(Refusal::Tenant(600)));
    let mut neighbour = store(&memory, "alice", u64::MAX);
    assert!(grow(&mut neighbour, 0, 400));
}

#[test]
fn the_host_has_a_limit_too_and_a_refusal_by_it_costs_the_tenant_nothing() {
    let memory = host(1000, 800);
    let mut first = store(&memory, "a", u64::MAX);
    assert!(grow(&mut first, 0, 800));
    let shares = memory.shares("b");
    let mut second = StoreMemory::new(u64::MAX, shares.clone());
    assert!(!grow(&mut second, 0, 300));
    assert_eq!(second.refused(), Some(Refusal::Host(1000)));
    assert_eq!(shares.tenant.used(), 0);
}

#[test]
fn a_memory_at_its_own_maximum_is_refused_by_itself() {
    let memory = host(u64::MAX, u64::MAX);
    let mut store = store(&memory, "a", u64::MAX);
    assert!(!store.memory_growing(64, 129, Some(128)).unwrap());
    assert_eq!(store.refused(), Some(Refusal::Own(128)));
}

#[test]
fn a_tenant_without_workloads_is_forgotten() {
    let memory = host(1000, 1000);
    drop(memory.shares("a"));
    let _held = memory.shares("b");
    assert_eq!(memory.tenants.lock().unwrap().len(), 1);
}

#[test]
fn sizes_are_written_in_the_largest_unit_with_one_decimal_at_most() {
    let written: Vec<_> = [
        256 << 20,
        1 << 30,
        64 << 10,
        1000,
        (3 << 30) + 1,
        1536 << 20,
    ]
    .map(|bytes| Size(bytes).to_string())
    .into();
    assert_eq!(
        written,
        [
            "256 MiB",
            "1 GiB",
            "64 KiB",
            "1000 bytes",
            "3.0 GiB",
            "1.5 GiB"
        ]
    );
}

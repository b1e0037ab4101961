//! What is billed is billed to everybody above, and memory by the time it is held.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Bill, Billed, Occupied, Statement};
use crate::ledger::{Account, Caps, Charged};

#[test]
fn what_a_workload_is_billed_its_tenant_and_the_adapter_are() {
    let adapter = Account::new("the adapter", Caps::NONE, None);
    let tenant = Account::new("the tenant", Caps::NONE, Some(Arc::clone(&adapter)));
    let workloads = [10, 32].map(|nanos| {
        let workload = Account::new("a workload", Caps::NONE, Some(Arc::clone(&tenant)));
        workload.bill(Billed::GpuTime, nanos);
        workload
    });
    let sum: Duration = workloads
        .iter()
        .map(|workload| workload.statement().gpu_time)
        .sum();
    assert_eq!(sum, Duration::from_nanos(42));
    assert_eq!(tenant.statement().gpu_time, sum);
    assert_eq!(adapter.statement().gpu_time, sum);
}

#[test]
fn memory_is_billed_by_the_time_it_is_held() {
    let start = Instant::now();
    let mut occupied = Occupied {
        now: 1000,
        since: start,
        total: 0,
    };
    occupied.settle(start + Duration::from_secs(2));
    occupied.now = 10;
    occupied.settle(start + Duration::from_secs(3));
    assert_eq!(occupied.total, 2_010_000_000_000);
}

#[test]
fn memory_that_was_given_back_costs_nothing_more() {
    let account = Account::new("a workload", Caps::NONE, None);
    drop(account.charge(Charged::Memory, 1 << 30).unwrap());
    let after = account.statement();
    assert!(after.byte_seconds > 0.0);
    assert_eq!(account.statement().byte_seconds, after.byte_seconds);
}

#[test]
fn a_refused_charge_holds_no_memory() {
    let account = Account::new("a workload", Caps::NONE.with(Charged::Memory, 10), None);
    account.charge(Charged::Memory, 11).unwrap_err();
    assert_eq!(account.statement().byte_seconds, 0.0);
}

#[test]
fn a_statement_tells_what_came_since_an_earlier_one() {
    let bill = Bill::default();
    bill.add(Billed::Dispatches, 3);
    let earlier = bill.read();
    bill.add(Billed::Dispatches, 4);
    bill.add(Billed::Uploaded, 5);
    let since = bill.read().since(&earlier);
    assert_eq!((since.dispatches, since.uploaded), (4, 5));
    assert_eq!(
        earlier.plus(&since),
        Statement {
            byte_seconds: 0.0,
            ..bill.read()
        }
    );
}

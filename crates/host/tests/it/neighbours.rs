//! Every attack beside a well-behaved workload of another tenant: the neighbour's requests all succeed, in time.
//!
//! The exact ratios are for `cargo xtask bench neighbours`; here the bounds are wide enough for a machine that does
//! something else as well.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::attacks;
use crate::beside::{Measured, beside, percentile};

/// Requests of the neighbour, alone and beside the attack.
const REQUESTS: usize = 100;

/// A latency that nobody complains about, whatever it is without the attack.
const UNNOTICED: Duration = Duration::from_millis(50);

/// Rounds at most: whatever else the machine does may spoil one.
const ROUNDS: usize = 3;

/// Held while an attack goes on: two at a time would be measured as one.
static ALONE: Mutex<()> = Mutex::new(());

fn survives(name: &str) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, attack) = attacks::ALL
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap();
    let mut slow = Vec::new();
    for _ in 0..ROUNDS {
        let measured = beside(attack, REQUESTS);
        assert!(
            measured.failures.is_empty(),
            "beside {}: {:#?}",
            attack.name,
            measured.failures
        );
        match too_slow(&measured) {
            None => return,
            Some(how) => slow.push(how),
        }
    }
    panic!("beside {}, in every round: {slow:#?}", attack.name);
}

fn too_slow(measured: &Measured) -> Option<String> {
    let solo = percentile(&measured.solo, 99);
    let bound = UNNOTICED.max(3 * solo);
    let (attacked, control) = (
        percentile(&measured.attacked, 99),
        percentile(&measured.control, 99),
    );
    (attacked > bound || control > bound).then(|| {
        format!(
            "p99 {attacked:?} instead of {solo:?}, and {control:?} for the admin listener, over {} requests and {} \
             hostile ones",
            measured.attacked.len(),
            measured.hostile_requests
        )
    })
}

/// One test for each attack, under its name.
macro_rules! neighbours {
    ($($name:ident)*) => {
        $(#[test] fn $name() { survives(stringify!($name)) })*

        #[test]
        fn every_attack_is_tried_beside_a_neighbour() {
            let tried = [$(stringify!($name)),*];
            let known: Vec<&str> = attacks::ALL.iter().map(|(name, _)| *name).collect();
            assert_eq!(tried[..], known[..]);
        }
    };
}

neighbours! {
    endless_loop
    endless_loop_p3
    endless_loop_in_a_body
    endless_loop_in_a_body_p3
    endless_loop_afterwards
    endless_loop_afterwards_p3
    endless_loop_in_init
    endless_loop_in_start
    host_calls_without_a_pause
    waits_for_nothing
    yields_without_end
    bulk_memory
    deep_recursion
    deep_recursion_in_init
    memory_grow_storm
    memory_touched
    out_of_memory
    memory_in_init
    many_memories
    table_growth
    endless_response
    endless_response_unread
    endless_response_unread_p3
    endless_upload
    endless_upload_p3
    endless_upload_kept
    upload_never_read
    upload_never_read_p3
    header_flood
    header_flood_p3
    response_never_finished
    response_never_finished_p3
    response_never_begun
    response_never_begun_p3
    panics
    panics_p3
    panics_in_a_body
    panics_afterwards
    panics_in_init
    exits
    clients_that_leave
    clients_that_leave_p3
    handles
    handles_full
    handles_in_init
    pollables
    timers
    tasks
    tasks_pending
    tasks_left_behind
    streams
    requests_never_finished
    requests_never_finished_p3
    log_flood
    log_flood_in_one_line
    log_flood_by_logging
    log_flood_in_init
    large_arguments
    many_good_requests
}

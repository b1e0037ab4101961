//! What is taken, what is dropped, and what is counted.

use super::*;
use crate::resource::Resource;
use crate::signal::Scope;

fn queue(items: usize, bytes: usize, batch: usize) -> (Queue, Arc<Stats>) {
    let stats = Arc::<Stats>::default();
    let room = Room {
        items,
        bytes,
        batch,
    };
    (
        Queue::new(SignalKind::Logs, room, Arc::clone(&stats)),
        stats,
    )
}

fn item(resource: &Resource, size: usize) -> Item {
    Item {
        resource: resource.clone(),
        scope: Scope::Weft,
        record: Vec::with_capacity(size),
    }
}

fn lost(stats: &Stats, why: Loss) -> u64 {
    stats.of(SignalKind::Logs).lost(why)
}

#[test]
fn what_finds_no_room_is_dropped_and_counted() {
    let (queue, stats) = queue(10, 1 << 20, 10);
    let host = Resource::new([("a", "1")]);
    for _ in 0..25 {
        queue.push(item(&host, 1), false);
    }
    assert_eq!(lost(&stats, Loss::QueueFull), 15);
    assert_eq!(stats.of(SignalKind::Logs).waiting(), 10);
    assert_eq!(queue.take().0.len(), 10);
    queue.push(item(&host, 1), false);
    assert_eq!(lost(&stats, Loss::QueueFull), 15);
}

#[test]
fn large_things_take_more_of_the_room() {
    let (queue, stats) = queue(10, 1000 + 4 * size_of::<Item>(), 10);
    let host = Resource::new([("a", "1")]);
    for _ in 0..4 {
        queue.push(item(&host, 300), false);
    }
    assert_eq!(lost(&stats, Loss::QueueFull), 1);
    queue.push(item(&host, 100), false);
    assert_eq!(lost(&stats, Loss::QueueFull), 1);
}

#[test]
fn one_workload_leaves_room_for_the_others() {
    let (queue, stats) = queue(100, 1 << 20, 100);
    let (greedy, modest) = (Resource::new([("a", "1")]), Resource::new([("a", "2")]));
    for _ in 0..1_000 {
        queue.push(item(&greedy, 1), true);
    }
    assert_eq!(lost(&stats, Loss::Share), 975);
    queue.push(item(&modest, 1), true);
    assert_eq!(stats.of(SignalKind::Logs).waiting(), 26);
    // What was taken out makes room again.
    assert_eq!(queue.take().0.len(), 26);
    assert_eq!(greedy.waiting(), 0);
    queue.push(item(&greedy, 1), true);
    assert_eq!(lost(&stats, Loss::Share), 975);
}

#[test]
fn a_batch_is_bounded_in_number_and_in_bytes() {
    let (queue, _) = queue(100, 100 << 20, 10);
    let host = Resource::new([("a", "1")]);
    for _ in 0..25 {
        queue.push(item(&host, 1), false);
    }
    let sizes: Vec<_> = std::iter::repeat_with(|| queue.take())
        .map(|(batch, more)| (batch.len(), more))
        .take(4)
        .collect();
    assert_eq!(sizes, [(10, true), (10, false), (5, false), (0, false)]);
    for _ in 0..3 {
        queue.push(item(&host, BATCH_BYTES), false);
    }
    assert_eq!(queue.take().0.len(), 1);
}

#[tokio::test]
async fn a_whole_batch_wakes_who_sends() {
    let (queue, _) = queue(100, 1 << 20, 3);
    let host = Resource::new([("a", "1")]);
    let waits = queue.full();
    for _ in 0..3 {
        queue.push(item(&host, 1), false);
    }
    weft_testkit::within(waits).await;
}

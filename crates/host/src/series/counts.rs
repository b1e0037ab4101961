//! Counters by a label whose values are not known beforehand, for any thread and without a lock.
//!
//! There is room for so many values. A value that comes when all room is taken is counted with others of its kind, so
//! that whoever chooses the values cannot make the host hold more.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters for up to `N` values of a label.
#[derive(Debug)]
pub(crate) struct Counts<K, const N: usize> {
    slots: [Slot<K>; N],
    /// What found no slot.
    rest: AtomicU64,
}

#[derive(Debug)]
struct Slot<K> {
    label: OnceLock<K>,
    count: AtomicU64,
}

impl<K: Copy + Eq, const N: usize> Counts<K, N> {
    /// Counts one. The first to come with a label takes the next slot; slots are never given up.
    pub(crate) fn add(&self, label: K) {
        let slot = self
            .slots
            .iter()
            .find(|slot| *slot.label.get_or_init(|| label) == label);
        let count = slot.map_or(&self.rest, |slot| &slot.count);
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted by label, in no order; what found no slot counts as `rest`.
    pub(crate) fn read(&self, rest: K) -> impl Iterator<Item = (K, u64)> {
        let labelled = self
            .slots
            .iter()
            .map_while(|slot| Some((*slot.label.get()?, slot.count.load(Ordering::Relaxed))));
        let others = match self.rest.load(Ordering::Relaxed) {
            0 => None,
            others => Some((rest, others)),
        };
        labelled.chain(others)
    }

    /// Whether nothing was counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.slots
            .first()
            .is_none_or(|slot| slot.label.get().is_none())
            && self.rest.load(Ordering::Relaxed) == 0
    }
}

impl<K, const N: usize> Default for Counts<K, N> {
    fn default() -> Self {
        Self {
            slots: std::array::from_fn(|_| Slot {
                label: OnceLock::new(),
                count: AtomicU64::new(0),
            }),
            rest: AtomicU64::new(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Counts;

    fn read<const N: usize>(counts: &Counts<&'static str, N>) -> BTreeMap<&'static str, u64> {
        counts.read("other").collect()
    }

    #[test]
    fn each_label_has_its_own_count() {
        let counts = Counts::<_, 4>::default();
        assert!(counts.is_empty());
        for label in ["ok", "trap", "ok", "ok"] {
            counts.add(label);
        }
        assert!(!counts.is_empty());
        assert_eq!(read(&counts), BTreeMap::from([("ok", 3), ("trap", 1)]));
    }

    #[test]
    fn labels_without_room_are_counted_together() {
        let counts = Counts::<_, 2>::default();
        for label in ["a", "b", "c", "d", "a"] {
            counts.add(label);
        }
        assert_eq!(
            read(&counts),
            BTreeMap::from([("a", 2), ("b", 1), ("other", 2)])
        );
    }

    #[test]
    fn threads_that_bring_the_same_label_at_once_share_its_slot() {
        const LABELS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let counts = Counts::<_, 8>::default();
        std::thread::scope(|scope| {
            for shift in 0..LABELS.len() {
                let counts = &counts;
                let labels = LABELS.into_iter().cycle().skip(shift).take(8_000);
                scope.spawn(move || labels.for_each(|label| counts.add(label)));
            }
        });
        assert_eq!(
            read(&counts),
            LABELS.iter().map(|label| (*label, 8_000)).collect()
        );
    }
}

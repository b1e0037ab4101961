//! When the limit of a directory bites, and when space comes back.

use super::{ENTRY, Full, Quota};

fn volume(limit: u64) -> (tempfile::TempDir, std::sync::Arc<Quota>) {
    let dir = tempfile::tempdir().expect("a directory");
    let quota = Quota::new(dir.path().to_owned(), limit);
    (dir, quota)
}

#[test]
fn what_is_written_counts_until_the_limit() {
    let (dir, quota) = volume(3 * ENTRY);
    assert_eq!(quota.charge(2 * ENTRY), Ok(()));
    std::fs::write(dir.path().join("a"), vec![0; 2 * ENTRY as usize]).expect("written");
    assert_eq!(quota.charge(ENTRY + 1), Err(Full));
}

#[test]
fn space_that_was_deleted_comes_back() {
    let (dir, quota) = volume(3 * ENTRY);
    assert_eq!(quota.charge(3 * ENTRY), Ok(()));
    let file = dir.path().join("a");
    std::fs::write(&file, vec![0; 2 * ENTRY as usize]).expect("written");
    std::fs::remove_file(&file).expect("removed");
    assert_eq!(quota.charge(2 * ENTRY), Ok(()));
}

#[test]
fn each_entry_costs_something_so_that_empty_files_are_bounded_too() {
    let (dir, quota) = volume(2 * ENTRY);
    for name in ["a", "b"] {
        assert_eq!(quota.charge(ENTRY), Ok(()));
        std::fs::write(dir.path().join(name), b"").expect("written");
    }
    assert_eq!(quota.charge(ENTRY), Err(Full));
}

#[test]
fn a_full_volume_is_not_measured_again_for_every_write() {
    let (_dir, quota) = volume(0);
    assert_eq!(quota.charge(1), Err(Full));
    assert!(
        quota
            .state
            .lock()
            .expect("not poisoned")
            .not_before
            .is_some()
    );
}

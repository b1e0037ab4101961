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

#[test]
fn space_that_is_used_again_quickly_is_not_mistaken_for_a_full_volume() {
    let (dir, quota) = volume(16 * ENTRY);
    let file = dir.path().join("a");
    for _ in 0..100 {
        assert_eq!(quota.charge(8 * ENTRY), Ok(()));
        std::fs::write(&file, vec![0; 7 * ENTRY as usize]).expect("written");
        std::fs::remove_file(&file).expect("removed");
    }
}

#[test]
fn an_unlinked_file_takes_its_space_until_it_is_closed() {
    let (dir, quota) = volume(4 * ENTRY);
    let path = dir.path().join("a");
    let file = std::sync::Arc::new(std::fs::File::create(&path).expect("created"));
    quota.opened(&file);
    assert_eq!(quota.charge(4 * ENTRY), Ok(()));
    file.set_len(3 * ENTRY).expect("written");
    std::fs::remove_file(&path).expect("removed");
    assert_eq!(quota.charge(2 * ENTRY), Err(Full));
    drop(file);
    let (again, deadline) = (
        || quota.charge(2 * ENTRY),
        std::time::Duration::from_secs(10),
    );
    let started = std::time::Instant::now();
    while again().is_err() {
        assert!(started.elapsed() < deadline, "space never comes back");
    }
}

#[test]
fn files_that_are_closed_are_forgotten() {
    let (dir, quota) = volume(4 * ENTRY);
    for _ in 0..1000 {
        let file = std::fs::File::create(dir.path().join("a")).expect("created");
        quota.opened(&std::sync::Arc::new(file));
    }
    assert!(quota.state.lock().expect("not poisoned").open.len() <= 64);
}

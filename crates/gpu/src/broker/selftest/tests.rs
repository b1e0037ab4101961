//! What the self-test finds, and what becomes of an answer that does not come.

use super::*;

#[test]
fn the_backend_without_a_driver_copies_buffers() {
    let health = start(Backend::Noop, 0).within(Duration::from_secs(60));
    assert_eq!(health, Health::Healthy);
}

#[test]
fn an_adapter_that_is_gone_fails() {
    let health = start(Backend::Noop, 7).within(Duration::from_secs(60));
    let Health::Unusable(problem) = health else {
        panic!("it is healthy");
    };
    assert_eq!(problem.code, Code::SelfTestFailed);
    assert_eq!(problem.reason, "the driver does not show it any more");
}

#[test]
fn a_driver_that_hangs_is_waited_for_a_bounded_time() {
    let (release, held) = mpsc::channel::<()>();
    let hangs = begin("test-hangs", move || {
        let _ = held.recv();
        Ok(())
    });
    // The time is over at once: nothing here depends on how fast the machine is.
    let Health::Unusable(problem) = Running(hangs).within(Duration::ZERO) else {
        panic!("it answered");
    };
    assert_eq!(problem.code, Code::NoAnswer);
    assert!(problem.remedy.contains("Xid"), "{problem:?}");
    let seconds = health(Err(NoAnswer::Late), Duration::from_secs(10));
    assert!(format!("{seconds:?}").contains("did not answer within 10 s"));
    drop(release);
}

#[test]
fn a_test_that_panics_fails() {
    let panics = begin("test-panics", || -> Result<(), String> {
        std::panic::resume_unwind(Box::new("as a driver's binding might"))
    });
    let Health::Unusable(problem) = Running(panics).within(Duration::from_secs(60)) else {
        panic!("it is healthy");
    };
    assert_eq!(problem.reason, "the self-test broke off");
}

#[test]
fn one_wrong_value_is_enough() {
    let mut bytes: Vec<u8> = (0..VALUES)
        .flat_map(|at| expected(at).to_le_bytes())
        .collect();
    assert_eq!(check(&bytes, expected), Ok(()));
    bytes[17] ^= 1;
    let reason = check(&bytes, expected).unwrap_err();
    assert!(reason.contains("1 of 256"), "{reason}");
    assert!(check(&[], expected).unwrap_err().contains("256 of 256"));
}

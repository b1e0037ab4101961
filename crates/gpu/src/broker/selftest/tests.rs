//! What the self-test finds, and what becomes of an answer that does not come.

use super::*;

/// An outcome that is waited for, for longer than any machine takes.
fn outcome(running: Running) -> Health {
    let minute = Duration::from_secs(60);
    running.until(Instant::now() + minute, minute)
}

/// What the backend without a driver says about itself.
fn noop() -> wgt::AdapterInfo {
    let shown = vulkan::shown(Backend::Noop);
    shown.into_iter().next().unwrap().info
}

#[test]
fn the_backend_without_a_driver_copies_buffers() {
    let health = outcome(start(Backend::Noop, 0, &noop()));
    assert_eq!(health, Health::Healthy);
}

#[test]
fn an_adapter_that_is_gone_or_another_fails() {
    let mut other = noop();
    other.name = "another".to_owned();
    for (number, info) in [(7, noop()), (0, other)] {
        let Health::Unusable(problem) = outcome(start(Backend::Noop, number, &info)) else {
            panic!("it is healthy");
        };
        assert_eq!(problem.code, Code::SelfTestFailed);
        assert_eq!(problem.reason, "the driver does not show it any more");
    }
}

#[test]
fn a_driver_that_hangs_is_waited_for_a_bounded_time() {
    let (release, held) = mpsc::channel::<()>();
    let hangs = begin("test-hangs", move || {
        let _ = held.recv();
        Ok(())
    });
    // The time is over at once: nothing here depends on how fast the machine is.
    let Health::Unusable(problem) = Running(hangs).until(Instant::now(), Duration::ZERO) else {
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
    let Health::Unusable(problem) = outcome(Running(panics)) else {
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

//! Scopes, listeners, and the loss of a device.

use super::{
    DeviceLostInfo, ErrorKind, Errors, GpuError, LOGGED, LostReason, NoScope, SCOPES, UNCAPTURED,
};

#[test]
fn a_scope_keeps_the_first_error_of_its_kind() {
    let errors = Errors::default();
    errors.push_scope(ErrorKind::Validation);
    errors.push(GpuError::validation("first"));
    errors.push(GpuError::validation("second"));
    assert_eq!(errors.pop_scope(), Ok(Some(GpuError::validation("first"))));
    assert_eq!(errors.pop_scope(), Err(NoScope));
}

#[test]
fn an_error_goes_to_the_innermost_scope_that_wants_its_kind() {
    let errors = Errors::default();
    errors.push_scope(ErrorKind::OutOfMemory);
    errors.push_scope(ErrorKind::Validation);
    errors.push(GpuError::out_of_memory("full"));
    assert_eq!(errors.pop_scope(), Ok(None));
    assert_eq!(
        errors.pop_scope(),
        Ok(Some(GpuError::out_of_memory("full")))
    );
}

#[test]
fn what_no_scope_wants_goes_to_every_listener() {
    let errors = Errors::default();
    let (mut one, mut other) = (errors.uncaptured(), errors.uncaptured());
    errors.push_scope(ErrorKind::OutOfMemory);
    errors.push(GpuError::validation("wrong"));
    for listener in [&mut one, &mut other] {
        assert_eq!(listener.try_recv().unwrap(), GpuError::validation("wrong"));
    }
}

#[test]
fn a_listener_that_does_not_read_costs_a_bounded_number_of_errors() {
    let errors = Errors::default();
    let mut listener = errors.uncaptured();
    for n in 0..10 * UNCAPTURED {
        errors.push(GpuError::validation(n.to_string()));
    }
    let mut kept = 0;
    loop {
        match listener.try_recv() {
            Ok(_) => kept += 1,
            Err(tokio::sync::broadcast::error::TryRecvError::Lagged(_)) => {}
            Err(_) => break,
        }
    }
    assert_eq!(kept, UNCAPTURED);
    assert!(errors.state().logged > LOGGED);
}

#[test]
fn scopes_beyond_the_bound_are_counted_and_keep_nothing() {
    let errors = Errors::default();
    for _ in 0..SCOPES + 10 {
        errors.push_scope(ErrorKind::Validation);
    }
    errors.push(GpuError::validation("wrong"));
    for _ in 0..10 {
        assert_eq!(errors.pop_scope(), Ok(None));
    }
    assert_eq!(errors.pop_scope(), Ok(Some(GpuError::validation("wrong"))));
    for _ in 1..SCOPES {
        assert_eq!(errors.pop_scope(), Ok(None));
    }
    assert_eq!(errors.pop_scope(), Err(NoScope));
}

#[tokio::test]
async fn a_device_is_lost_once_and_everybody_is_told() {
    let errors = Errors::default();
    let before = errors.lost();
    errors.lose(LostReason::Unknown, "the driver gave up");
    errors.lose(LostReason::Destroyed, "later");
    let info = DeviceLostInfo {
        reason: LostReason::Unknown,
        message: "the driver gave up".to_owned(),
    };
    assert_eq!(before.await, info);
    assert_eq!(errors.lost().await, info);
}

#[tokio::test]
async fn who_waits_for_the_loss_of_a_device_that_was_dropped_is_told() {
    let errors = Errors::default();
    let lost = errors.lost();
    drop(errors);
    assert_eq!(lost.await.reason, LostReason::Destroyed);
}

#[test]
fn a_lost_device_has_no_errors() {
    let errors = Errors::default();
    errors.push_scope(ErrorKind::Validation);
    errors.lose(LostReason::Unknown, "gone");
    errors.push(GpuError::validation("wrong"));
    assert_eq!(errors.pop_scope(), Ok(None));
}

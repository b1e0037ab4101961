//! Compiles: their places, their budget and their faults.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::{Compiler, Failure};

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_result_comes_back() {
    let compiler = Arc::new(Compiler::default());
    assert_eq!(compiler.run(LONG, || 7), Ok(7));
}

#[test]
fn a_panic_is_a_failure_and_the_place_is_free_again() {
    let compiler = Arc::new(Compiler::default());
    for _ in 0..3 {
        assert_eq!(
            compiler.run(LONG, || -> u8 { panic!("a test") }),
            Err(Failure::Crashed)
        );
    }
    assert_eq!(compiler.run(LONG, || 1), Ok(1));
}

#[test]
fn who_is_late_keeps_a_place_and_the_other_goes_on() {
    let compiler = Arc::new(Compiler::default());
    let (go, wait) = mpsc::channel::<()>();
    assert_eq!(
        compiler.run(SHORT, move || wait.recv().is_ok()),
        Err(Failure::Late(SHORT))
    );
    assert_eq!(compiler.run(LONG, || 1), Ok(1));
    let (go_too, wait) = mpsc::channel::<()>();
    assert_eq!(
        compiler.run(SHORT, move || wait.recv().is_ok()),
        Err(Failure::Late(SHORT))
    );
    assert_eq!(compiler.run(SHORT, || 1), Err(Failure::Late(SHORT)));
    drop((go, go_too));
    assert_eq!(compiler.run(LONG, || 2), Ok(2));
}

#[tokio::test]
async fn a_started_compile_is_waited_for_without_a_thread() {
    let compiler = Arc::new(Compiler::default());
    let made = compiler.start(LONG, || 3);
    assert_eq!(made.await, Ok(3));
}

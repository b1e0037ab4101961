//! How durations, endings and what goes on are put.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use super::{ending, shown, what_remains};

#[test]
fn durations_are_as_precise_as_anyone_wants() {
    let texts = [0, 84, 999, 1000, 1249, 61_000].map(|millis| shown(Duration::from_millis(millis)));
    assert_eq!(
        texts,
        ["0 ms", "84 ms", "999 ms", "1.0 s", "1.2 s", "61.0 s"]
    );
}

#[test]
fn an_ending_is_a_code_or_a_signal() {
    assert_eq!(ending(ExitStatus::from_raw(7 << 8)), "exit code 7");
    assert_eq!(ending(ExitStatus::from_raw(9)), "killed by signal 9");
}

#[test]
fn what_goes_on_is_a_version_or_nothing() {
    assert_eq!(what_remains(0), "nothing is served until it works");
    assert_eq!(what_remains(3), "version 3 keeps serving");
}

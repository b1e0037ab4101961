//! Commands: what they show, what their errors say, and what a nested cargo does not see.
use super::*;

#[test]
fn an_error_names_the_command_and_holds_its_standard_error() {
    let error = Sh::new("sh")
        .args(["-c", "echo broken >&2; exit 3"])
        .read()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("sh -c echo broken")
            && error.contains("exit status: 3")
            && error.ends_with("broken"),
        "{error}"
    );
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let error = Sh::new("no-such-program-of-weft")
        .run()
        .unwrap_err()
        .to_string();
    assert_eq!(error, "cannot run `no-such-program-of-weft`");
}

#[test]
fn a_command_that_does_not_end_in_time_is_killed() {
    let error = Sh::new("sleep")
        .arg("600")
        .run_within(Duration::from_millis(80))
        .unwrap_err()
        .to_string();
    assert!(error.contains("`sleep 600` did not end"), "{error}");
}

#[test]
fn a_nested_cargo_sees_no_flags_or_toolchain_of_the_outer_one() {
    for name in [
        "RUSTFLAGS",
        "RUSTUP_TOOLCHAIN",
        "CARGO_TARGET_DIR",
        "CARGO",
        "RUSTC_WRAPPER",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        assert!(leaks_from_cargo(name), "{name}");
    }
}

#[test]
fn a_nested_cargo_keeps_the_persons_network_and_home() {
    for name in [
        "CARGO_HOME",
        "CARGO_HTTP_PROXY",
        "CARGO_REGISTRIES_MINE_INDEX",
        "PATH",
        "RUSTUP_HOME",
    ] {
        assert!(!leaks_from_cargo(name), "{name}");
    }
}

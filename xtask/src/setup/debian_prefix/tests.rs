//! The prefix without a network: when it counts as complete, what is unpacked, how the compiler is started.
use super::*;

fn executable(path: &Path, script: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_prefix_without_its_stamp_is_not_complete() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join(WRAPPER), "").unwrap();
    assert_eq!(complete(place.path()), None);
    fs::write(place.path().join(STAMP), "").unwrap();
    assert_eq!(complete(place.path()), Some(place.path().join(WRAPPER)));
}

#[test]
fn the_c_compiler_is_not_unpacked_but_the_libraries_of_rustc_are() {
    assert!(!is_needed("gcc-16-x86-64-linux-gnu_16.2.0-4_amd64.deb"));
    assert!(!is_needed("binutils_2.47_amd64.deb"));
    for needed in [
        "libgcc-s1_16.2.0-4_amd64.deb",
        "libc6_2.43-7_amd64.deb",
        "libstdc++6_16_amd64.deb",
        "libz3-4_4_amd64.deb",
    ] {
        assert!(is_needed(needed), "{needed}");
    }
}

#[test]
fn the_wrapper_starts_rustc_through_the_unpacked_loader_from_wherever_the_prefix_lies() {
    let home = tempfile::tempdir().unwrap();
    let made = home.path().join("made here");
    // A loader that does what the real one does, as far as the wrapper can see.
    let loader =
        "#!/bin/sh\n[ \"$1\" = --library-path ] && [ -d \"$2\" ] || exit 9\nshift 2\nexec \"$@\"\n";
    executable(
        &made.join("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
        loader,
    );
    let rustc = "#!/bin/sh\n[ \"$1\" = --sysroot ] || exit 8\ncase $3 in --print) echo \"$2\";; *) echo rustc 9.9;; esac\n";
    executable(&made.join("usr/bin/rustc"), rustc);
    assert_eq!(write_wrapper(&made).unwrap(), "rustc 9.9\n");
    let moved = home.path().join("moved");
    fs::rename(&made, &moved).unwrap();
    assert_eq!(
        Sh::new(moved.join(WRAPPER)).arg("-vV").read().unwrap(),
        "rustc 9.9\n"
    );
}

#[test]
fn an_unpacked_tree_without_a_loader_is_an_error() {
    let prefix = tempfile::tempdir().unwrap();
    fs::create_dir_all(prefix.path().join("usr/lib/gcc")).unwrap();
    assert!(
        loader(prefix.path())
            .unwrap_err()
            .to_string()
            .contains("no dynamic loader")
    );
}

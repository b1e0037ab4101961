//! Volumes: what is shared, what is removed, what is refused, and the size limit under 0.2 and 0.3.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use weft_engine::Engine;
use weft_engine::config::EngineConfig;

use crate::support::{KITCHENS, engine, engine_with, text, workload};

/// The limit of tests that fill a volume.
const LIMIT: u64 = 1 << 20;

fn limited() -> Engine {
    engine_with(EngineConfig {
        empty_dir_limit: LIMIT,
        ..EngineConfig::default()
    })
}

fn allowing(roots: &[&Path]) -> Engine {
    engine_with(EngineConfig {
        host_path_roots: roots.iter().map(PathBuf::from).collect(),
        ..EngineConfig::default()
    })
}

/// What a full volume is called. Over 0.3 it is the error code; over 0.2, std calls every failed write to a stream an
/// I/O error and does not ask for the code.
fn says_full(answer: &str) -> bool {
    answer.contains("I/O error") || answer.contains("InsufficientSpace")
}

/// Bytes that `wrote N bytes..` names.
fn written(answer: &str) -> u64 {
    let number = answer.strip_prefix("wrote ").unwrap();
    number.split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_one_request_writes_the_next_one_reads() {
    for guest in KITCHENS {
        let workload = workload("vol-write")
            .component(guest)
            .mount("/data")
            .empty_dir("data")
            .start()
            .await;
        assert_eq!(text(&workload, "/write?/data/file&hello").await, "written");
        assert_eq!(
            text(&workload, "/read?/data/file").await,
            "hello",
            "{guest}"
        );
        assert_eq!(text(&workload, "/ls?/data").await, "file\n");
        assert_eq!(text(&workload, "/rm?/data/file").await, "removed");
        assert_eq!(text(&workload, "/ls?/data").await, "");
    }
}

#[tokio::test]
async fn nothing_is_seen_beside_the_mounts() {
    for guest in KITCHENS {
        let workload = workload("vol-none").component(guest).start().await;
        for path in ["/etc/hostname", "/", "../x", "/data/../etc/hostname"] {
            let answer = text(&workload, &format!("/read?{path}")).await;
            assert!(answer.starts_with("error: "), "{guest} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn components_of_a_workload_share_its_volumes_and_other_workloads_do_not() {
    let both = || {
        workload("vol-shared")
            .component("http_middleware")
            .component("http_kitchen")
            .mount("/data")
            .empty_dir("data")
    };
    let (one, two) = (both().start().await, both().start().await);
    text(&one, "/write?/data/file&of+one").await;
    assert_eq!(text(&one, "/read?/data/file").await, "of one");
    assert!(text(&two, "/read?/data/file").await.starts_with("error: "));
}

#[tokio::test]
async fn an_empty_dir_is_removed_with_its_workload() {
    let root = tempfile::tempdir().unwrap();
    let started = workload("vol-removed")
        .component("linked_caller")
        .mount("/data")
        .component("linked_callee")
        .empty_dir("data")
        .start()
        .await;
    drop((started, root));
    let mark = format!("vol-removed-{}", std::process::id());
    let started = workload("vol-removed")
        .component("http_kitchen")
        .mount("/data");
    let started = started.empty_dir("data").start().await;
    text(&started, &format!("/write?/data/{mark}&x")).await;
    let dir = empty_dir_with(&mark).expect("the file is on this machine");
    drop(started);
    assert!(!dir.exists());
}

/// The directory of an emptyDir volume that holds a file of this name.
fn empty_dir_with(file: &str) -> Option<PathBuf> {
    let dirs = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    dirs.map(|dir| dir.path())
        .find(|dir| dir.join(file).exists())
}

#[tokio::test]
async fn a_full_volume_says_so_and_holds_no_more_than_its_limit() {
    let engine = limited();
    for guest in KITCHENS {
        let mark = format!("full-{guest}-{}", std::process::id());
        let workload = workload("vol-full").component(guest).mount("/data");
        let workload = workload.empty_dir("data").start_on(&engine).await;
        let answer = text(&workload, &format!("/fill?/data/{mark}&{}", 10 * LIMIT)).await;
        assert!(says_full(&answer), "{guest}: {answer}");
        let size = written(&answer);
        assert!((LIMIT / 2..=LIMIT).contains(&size), "{guest}: {answer}");

        let file = empty_dir_with(&mark).unwrap().join(&mark);
        assert!(file.metadata().unwrap().len() <= LIMIT, "{guest}");
        let more = text(&workload, "/fill?/data/second&1000000").await;
        assert!(says_full(&more), "{guest}: {more}");
    }
}

#[tokio::test]
async fn space_comes_back_when_files_are_deleted() {
    let engine = limited();
    for guest in KITCHENS {
        let workload = workload("vol-back").component(guest).mount("/data");
        let workload = workload.empty_dir("data").start_on(&engine).await;
        for _ in 0..4 {
            let answer = text(&workload, &format!("/fill?/data/file&{}", LIMIT / 2)).await;
            assert_eq!(answer, format!("wrote {} bytes", LIMIT / 2), "{guest}");
            assert_eq!(text(&workload, "/rm?/data/file").await, "removed");
        }
        assert!(says_full(
            &text(&workload, &format!("/fill?/data/file&{}", 2 * LIMIT)).await
        ));
        assert_eq!(text(&workload, "/rm?/data/file").await, "removed");
        weft_testkit::within(async {
            // The full volume is measured again at most every so often.
            while text(&workload, "/write?/data/file&x").await != "written" {}
        })
        .await;
    }
}

#[tokio::test]
async fn overwriting_a_file_again_and_again_does_not_fill_a_volume() {
    let engine = limited();
    for guest in KITCHENS {
        let workload = workload("vol-overwrite").component(guest).mount("/data");
        let workload = workload.empty_dir("data").start_on(&engine).await;
        for _ in 0..8 {
            let answer = text(&workload, &format!("/fill?/data/file&{}", LIMIT / 4)).await;
            assert_eq!(answer, format!("wrote {} bytes", LIMIT / 4), "{guest}");
        }
    }
}

#[tokio::test]
async fn empty_files_count_too() {
    let engine = limited();
    for guest in KITCHENS {
        let workload = workload("vol-files")
            .component(guest)
            .mount("/data")
            .reuse(1, 0, 1);
        let workload = workload.empty_dir("data").start_on(&engine).await;
        let mut made = 0;
        let refusal = loop {
            let answer = text(&workload, &format!("/write?/data/file-{made}&")).await;
            if answer != "written" {
                break answer;
            }
            made += 1;
            assert!(made <= LIMIT / 4096, "{guest}: files without end");
        };
        assert!(made > 0, "{guest}");
        assert!(
            refusal.contains("No space left") || refusal.contains("InsufficientSpace"),
            "{guest}: {refusal}"
        );
    }
}

#[tokio::test]
async fn appending_over_0_3_is_limited() {
    let workload = workload("vol-append")
        .component("p3_kitchen")
        .mount("/data");
    let workload = workload.empty_dir("data").start_on(&limited()).await;
    text(&workload, &format!("/fill?/data/file&{}", LIMIT - 16384)).await;
    let chunk = "x".repeat(8192);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(text(&workload, &format!("/append?/data/file&{chunk}")).await);
    }
    assert_eq!(answers[0], "appended");
    assert_eq!(answers[3], "error: InsufficientSpace");
}

#[tokio::test]
async fn a_linked_component_is_limited_like_the_entry() {
    let workload = workload("vol-linked")
        .component("http_middleware_p3")
        .component("p3_kitchen")
        .mount("/data")
        .empty_dir("data")
        .start_on(&limited())
        .await;
    let answer = text(&workload, &format!("/fill?/data/file&{}", 4 * LIMIT)).await;
    assert!(says_full(&answer) && written(&answer) <= LIMIT, "{answer}");
}

#[tokio::test]
async fn a_read_only_mount_refuses_writes() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "untouched").unwrap();
    let engine = allowing(&[root.path()]);
    for guest in KITCHENS {
        let workload = workload("vol-ro")
            .component(guest)
            .mount_read_only("/data")
            .host_path("data", root.path())
            .start_on(&engine)
            .await;
        assert_eq!(text(&workload, "/read?/data/file").await, "untouched");
        for path in [
            "/write?/data/file&x",
            "/write?/data/new&x",
            "/rm?/data/file",
            "/fill?/data/file&10",
        ] {
            let answer = text(&workload, path).await;
            assert!(answer.contains("error: "), "{guest} {path}: {answer}");
        }
        assert_eq!(
            std::fs::read_to_string(root.path().join("file")).unwrap(),
            "untouched"
        );
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn a_host_path_is_written_through_to_the_host_and_stays() {
    let root = tempfile::tempdir().unwrap();
    let workload = workload("vol-host")
        .component("http_kitchen")
        .mount("/data");
    let workload = workload.host_path("data", root.path());
    let workload = workload.start_on(&allowing(&[root.path()])).await;
    text(&workload, "/write?/data/file&kept").await;
    drop(workload);
    assert_eq!(
        std::fs::read_to_string(root.path().join("file")).unwrap(),
        "kept"
    );
}

#[tokio::test]
async fn a_host_path_outside_the_roots_is_refused() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for engine in [engine(), allowing(&[root.path()])] {
        let refusal = workload("vol-outside")
            .component("http_kitchen")
            .mount("/data")
            .host_path("data", outside.path())
            .refused_on(&engine)
            .await;
        let path = outside.path().display().to_string();
        assert!(
            refusal.contains(&path) && refusal.contains("not allowed"),
            "{refusal}"
        );
        assert!(refusal.contains("--allow-host-path"), "{refusal}");
    }
}

#[tokio::test]
async fn a_host_path_that_is_a_link_out_of_the_roots_is_refused() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = root.path().join("link");
    symlink(outside.path(), &link).unwrap();
    for path in [link, root.path().join("..")] {
        let refusal = workload("vol-link")
            .component("http_kitchen")
            .mount("/data")
            .host_path("data", &path)
            .refused_on(&allowing(&[root.path()]))
            .await;
        assert!(refusal.contains("not allowed (it leads to"), "{refusal}");
    }
}

#[tokio::test]
async fn a_host_path_that_is_no_directory_is_refused() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "x").unwrap();
    for name in ["file", "missing"] {
        let refusal = workload("vol-file")
            .component("http_kitchen")
            .mount("/data")
            .host_path("data", &root.path().join(name))
            .refused_on(&allowing(&[root.path()]))
            .await;
        assert!(refusal.contains("is not a directory"), "{refusal}");
    }
}

#[tokio::test]
async fn links_inside_a_mount_are_not_followed_out_of_it() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    let outside_path = outside.path();
    symlink(outside_path.join("secret"), root.path().join("file")).unwrap();
    symlink(outside_path, root.path().join("dir")).unwrap();
    symlink(outside_path.join("made"), root.path().join("dangling")).unwrap();
    symlink("..", root.path().join("up")).unwrap();
    let engine = allowing(&[root.path()]);
    for guest in KITCHENS {
        let workload = workload("vol-inside").component(guest).mount("/data");
        let workload = workload
            .host_path("data", root.path())
            .start_on(&engine)
            .await;
        for path in [
            "/read?/data/file",
            "/read?/data/dir/secret",
            "/ls?/data/dir",
            "/ls?/data/up",
            "/write?/data/dangling&x",
            "/write?/data/dir/made&x",
            "/rm?/data/dir/secret",
        ] {
            let answer = text(&workload, path).await;
            assert!(answer.starts_with("error: "), "{guest} {path}: {answer}");
        }
    }
    let left: Vec<_> = std::fs::read_dir(outside_path).unwrap().flatten().collect();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn a_mount_of_an_unknown_volume_is_refused() {
    let refusal = workload("vol-unknown")
        .component("http_kitchen")
        .mount("/data")
        .refused_on(&engine())
        .await;
    assert_eq!(
        refusal,
        "mount `/data` names the volume `data`, which the workload does not have"
    );
}

#[tokio::test]
async fn an_entry_moves_within_its_volume_and_not_into_another() {
    let engine = limited();
    let workload = workload("vol-moves")
        .component("http_kitchen")
        .mount("/a")
        .mount("/b")
        .empty_dir("a")
        .empty_dir("b");
    let workload = workload.start_on(&engine).await;
    assert_eq!(
        text(&workload, "/fill?/a/file&900000").await,
        "wrote 900000 bytes"
    );
    assert_eq!(text(&workload, "/rename?/a/file&/a/moved").await, "renamed");
    for route in ["rename", "link"] {
        let answer = text(&workload, &format!("/{route}?/a/moved&/b/file")).await;
        assert!(answer.contains("ross-device"), "{answer}");
    }
    assert_eq!(text(&workload, "/ls?/b").await, "");
}

#[tokio::test]
async fn a_hard_link_costs_as_much_as_any_entry() {
    let engine = engine_with(EngineConfig {
        empty_dir_limit: 4 * 4096,
        ..EngineConfig::default()
    });
    let workload = workload("vol-links")
        .component("http_kitchen")
        .mount("/data")
        .empty_dir("data");
    let workload = workload.start_on(&engine).await;
    assert_eq!(text(&workload, "/write?/data/file&").await, "written");
    let mut made = 0;
    while text(&workload, &format!("/link?/data/file&/data/link{made}")).await == "linked" {
        made += 1;
    }
    assert_eq!(made, 3);
}

#[tokio::test]
async fn what_does_not_make_a_file_longer_is_free() {
    let engine = limited();
    let workload = workload("vol-rewrite")
        .component("http_kitchen")
        .mount("/data")
        .empty_dir("data");
    let workload = workload.start_on(&engine).await;
    assert_eq!(
        text(&workload, "/fill?/data/file&600000").await,
        "wrote 600000 bytes"
    );
    assert_eq!(
        text(&workload, "/patch?/data/file&590000&new").await,
        "patched"
    );
    assert_eq!(
        text(&workload, "/resize?/data/file&599000").await,
        "resized"
    );
    assert_eq!(
        text(&workload, "/resize?/data/file&600000").await,
        "resized"
    );
    assert!(
        text(&workload, "/resize?/data/file&2000000")
            .await
            .contains("error")
    );
}
